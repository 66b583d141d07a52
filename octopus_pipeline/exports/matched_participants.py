"""A campaign's participants for analysts: those whose household is known, and beside them those whose is not, and why.

Name, age and income are those of the demographic record, the year that of the residence. Whether somebody has applied
for assistance is not known to this system yet: `Applied` is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.exports.file_names import FileKind, campaign_file_name, campaign_file_prefix
from octopus_pipeline.exports.match_columns import is_matched
from octopus_pipeline.exports.safe_cells import defused, defused_column
from octopus_pipeline.exports.whole_csv import CsvWriteError, whole_csv
from octopus_pipeline.matching.source_columns import DEMOGRAPHIC_PREFIX, RESIDENCE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from octopus_pipeline.exports.campaign_csv import CampaignHeader

MATCHED_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("Name", "Campaign", "County")),
        *((name, pa.int8()) for name in ("Opened", "Clicked", "Applied")),
        *((name, pa.float64()) for name in ("Age", "Income")),
        ("YearBuilt", pa.int32()),
    ]
)
"""Columns of the matched: flags are 0 or 1, age in years, income in dollars a year."""

UNMATCHED_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("Email", "Campaign", "Address", "City", "ZIP")),
        *((name, pa.int8()) for name in ("Opened", "Clicked")),
        *((name, pa.string()) for name in ("Quality", "Reason")),
    ]
)
"""Columns of the unmatched: quality is `review` or `no_match`, reason why there is no residence."""

MATCHED_SOURCE_COLUMNS = (
    "email_address",
    "first_name",
    "last_name",
    "address",
    "city",
    "zip",
    "opened",
    "clicked",
)
"""The columns of `ENGAGEMENT_SCHEMA` that the files are made of."""


@dataclass(frozen=True, slots=True)
class MatchedFiles:
    """The two files of a campaign and how many participants each has."""

    matched: Path
    unmatched: Path
    matched_rows: int
    unmatched_rows: int


def write_matched_participants(
    folder: Path, campaign: CampaignHeader, batches: Iterable[pa.RecordBatch]
) -> MatchedFiles:
    """Write `matched_participants_{id}_{name}.csv` and, likewise, `unmatched_...`, in place of the former files.

    Args:
        folder: where the files go; made if it is not there.
        campaign: the campaign.
        batches: rows with `MATCHED_SOURCE_COLUMNS` and `MATCH_SOURCE_COLUMNS`; their order is the lines' order.

    Raises:
        CsvWriteError: if a file cannot be written; like any error of `batches`, it leaves the former file as it is.
    """
    paths = {
        kind: folder / campaign_file_name(kind, campaign.id, campaign.name)
        for kind in (FileKind.MATCHED, FileKind.UNMATCHED)
    }
    prefixes = {kind: campaign_file_prefix(kind, campaign.id) for kind in paths}
    rows = dict.fromkeys(paths, 0)
    name = defused(campaign.name or "")
    try:
        with (
            whole_csv(paths[FileKind.MATCHED], prefixes[FileKind.MATCHED], MATCHED_SCHEMA) as matched,
            whole_csv(paths[FileKind.UNMATCHED], prefixes[FileKind.UNMATCHED], UNMATCHED_SCHEMA) as unmatched,
        ):
            for batch in batches:
                found = pc.or_(is_matched(batch, RESIDENCE_PREFIX), is_matched(batch, DEMOGRAPHIC_PREFIX))
                known, unknown = batch.filter(found), batch.filter(pc.invert(found))
                if known.num_rows:
                    matched.write(_matched(known, name))
                if unknown.num_rows:
                    unmatched.write(_unmatched(unknown, name))
                rows[FileKind.MATCHED] += known.num_rows
                rows[FileKind.UNMATCHED] += unknown.num_rows
    except OSError as error:
        raise CsvWriteError(
            f"the matched participants of campaign {campaign.id} cannot be written to {folder}", error
        ) from error
    return MatchedFiles(
        paths[FileKind.MATCHED],
        paths[FileKind.UNMATCHED],
        rows[FileKind.MATCHED],
        rows[FileKind.UNMATCHED],
    )


def _matched(batch: pa.RecordBatch, campaign: str) -> pa.RecordBatch:
    def of_record(name: str) -> pa.Array:
        return batch.column(DEMOGRAPHIC_PREFIX + name)

    names = (pc.fill_null(batch.column(name), "") for name in ("first_name", "last_name"))
    own = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*names, " "))
    columns = [
        defused_column(pc.coalesce(of_record("customer_name"), own)),
        pa.repeat(campaign, batch.num_rows),
        defused_column(pc.coalesce(batch.column(f"{RESIDENCE_PREFIX}county"), of_record("county"))),
        *(batch.column(flag).cast(pa.int8()) for flag in ("opened", "clicked")),
        pa.nulls(batch.num_rows, pa.int8()),
        of_record("age_first_individual"),
        of_record("estimated_income"),
        batch.column(f"{RESIDENCE_PREFIX}year_built"),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=MATCHED_SCHEMA)


def _unmatched(batch: pa.RecordBatch, campaign: str) -> pa.RecordBatch:
    columns = [
        defused_column(batch.column("email_address")),
        pa.repeat(campaign, batch.num_rows),
        *(defused_column(batch.column(name)) for name in ("address", "city", "zip")),
        *(batch.column(flag).cast(pa.int8()) for flag in ("opened", "clicked")),
        batch.column(f"{RESIDENCE_PREFIX}match_quality"),
        pc.coalesce(batch.column(f"{RESIDENCE_PREFIX}reason"), "not matched yet"),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=UNMATCHED_SCHEMA)
