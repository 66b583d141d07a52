"""What was written of each campaign, so that a re-sync merges only the rows that changed.

Merging costs the server some 0.2 ms a row; knowing that a row was merged before, as it is, costs a hundredth of that.
A row's digest says so: joining is idempotent, so any row that was ever merged may be left out, however old what is
remembered is. It is kept in the people's own database: where that is dropped or restored, so is this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from octopus_pipeline.code_version import code_version, digest
from octopus_pipeline.people.database import WRITTEN

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray
    from pymongo.database import Database

    Digests = NDArray[np.uint64]

DIGESTS_A_DOCUMENT = 1_000_000
"""Eight bytes each: a document may have sixteen million."""


def row_digests(engine: DuckDBPyConnection, batch: pa.RecordBatch) -> Digests:
    """A number a row that is another one for other content (of two rows the same by chance: 1 in 10^19)."""
    engine.register("rows_of_batch", batch)
    found: Digests = engine.execute("SELECT hash(rows_of_batch) AS digest FROM rows_of_batch").fetchnumpy()[
        "digest"
    ]
    engine.unregister("rows_of_batch")
    return found


def written_with(matched_at: datetime | None) -> str:
    """What, besides its row, a person's part is made with: since when matches are so, and this code."""
    return digest(f"{code_version('octopus_pipeline.people')} {matched_at}".encode())


def written_digests(database: Database[dict[str, Any]], campaign_id: str, made_with: str) -> Digests:
    """The digests of the campaign's rows that were merged, ascending; none of what was made with anything else."""
    parts = database[WRITTEN].find({"campaign_id": campaign_id, "made_with": made_with})
    found = [np.frombuffer(part["digests"], np.uint64) for part in parts]
    return np.sort(np.concatenate([*found, np.empty(0, np.uint64)]))


def record_written(
    database: Database[dict[str, Any]], campaign_id: str, made_with: str, digests: Digests
) -> None:
    """Remember that the rows with these digests, which are all of the campaign's, were merged."""
    kept: list[str] = []
    for start in range(0, max(len(digests), 1), DIGESTS_A_DOCUMENT):
        part = digests[start : start + DIGESTS_A_DOCUMENT]
        kept.append(f"{campaign_id}/{len(kept)}")
        content = {"campaign_id": campaign_id, "made_with": made_with, "digests": part.tobytes()}
        database[WRITTEN].replace_one({"_id": kept[-1]}, content, upsert=True)
    database[WRITTEN].delete_many({"campaign_id": campaign_id, "_id": {"$nin": kept}})


def is_new(digests: Digests, written: Digests) -> pa.Array:
    """Whether each row was not merged before."""
    if not len(written):
        return pa.array(np.ones(len(digests), bool))
    places = np.minimum(np.searchsorted(written, digests), len(written) - 1)
    return pa.array(written[places] != digests)
