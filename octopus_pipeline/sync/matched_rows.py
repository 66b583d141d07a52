"""A campaign's engagement with the matches of its contacts beside it, as the CSVs need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.exports.match_columns import MATCH_SOURCE_COLUMNS
from octopus_pipeline.matching.source_columns import DEMOGRAPHIC_PREFIX, RESIDENCE_PREFIX
from octopus_pipeline.sync.matches import DEMOGRAPHIC_MATCHES, RESIDENCE_MATCHES
from octopus_pipeline.sync.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octopus_pipeline.store.tables import TableStore

_TABLES = {RESIDENCE_PREFIX: RESIDENCE_MATCHES, DEMOGRAPHIC_PREFIX: DEMOGRAPHIC_MATCHES}


def matched_rows(
    tables: TableStore,
    key: str,
    engagement: str,
    columns: Sequence[str],
    match_columns: pa.Schema = MATCH_SOURCE_COLUMNS,
) -> Iterator[pa.RecordBatch]:
    """Engagement rows with some of their columns and `match_columns`, in the order of the engagement.

    Contacts that were never matched (engagement made anew since, or a campaign synced before there was any matching)
    have empty match columns.
    """
    rows = tables.batches(engagement, key, list(dict.fromkeys(["contact_id", *columns])))
    for prefix, table in _TABLES.items():
        fields = [field for field in match_columns if field.name.startswith(prefix)]
        rows = _beside(rows, tables, key, engagement, table, prefix, fields)
    for batch in rows:
        yield batch.select([*columns, *match_columns.names])


def _beside(
    rows: Iterator[pa.RecordBatch],
    tables: TableStore,
    key: str,
    engagement: str,
    table: str,
    prefix: str,
    fields: Sequence[pa.Field],
) -> Iterator[pa.RecordBatch]:
    """Rows with the columns of a match table added under prefixed names."""
    names = [field.name for field in fields]
    stored = [name.removeprefix(prefix) for name in names]
    if not tables.exists(table, key):
        for batch in rows:
            nothing = [pa.nulls(batch.num_rows, field.type) for field in fields]
            yield _joined(batch, nothing, names)
    elif _same_contacts(tables, key, engagement, table):
        for batch, matches in side_by_side(rows, tables.batches(table, key, stored)):
            yield _joined(batch, matches.columns, names)
    else:
        matches = tables.read(table, key, ["contact_id", *stored])
        contact_ids = matches["contact_id"].combine_chunks()
        for batch in rows:
            found = matches.take(pc.index_in(batch.column("contact_id"), contact_ids))
            yield _joined(batch, [found[name].combine_chunks() for name in stored], names)


def _same_contacts(tables: TableStore, key: str, engagement: str, table: str) -> bool:
    ids = [tables.read(one, key, ["contact_id"])["contact_id"] for one in (engagement, table)]
    return bool(ids[0].equals(ids[1]))


def _joined(batch: pa.RecordBatch, columns: Sequence[pa.Array], names: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], names=[*batch.schema.names, *names])
