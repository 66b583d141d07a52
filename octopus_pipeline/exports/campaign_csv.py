"""One CSV a campaign for partner agencies: a line a contact, what it did, and the household that was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.exports.ahead import ahead
from octopus_pipeline.exports.file_names import FileKind, campaign_file_name, campaign_file_prefix
from octopus_pipeline.exports.match_columns import MATCH_CSV_SCHEMA, match_cells
from octopus_pipeline.exports.safe_cells import defused, defused_column
from octopus_pipeline.exports.whole_csv import CsvWriteError, whole_csv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo
    from pathlib import Path

PARTNER_COLUMNS = ("campaign_name", "campaign_sent_at", "email", *FIELD_TAGS, *FLAGS, "status")
"""The 21 columns that partners' sheets know, in their order."""

CAMPAIGN_CSV_COLUMNS = (*PARTNER_COLUMNS, *MATCH_CSV_SCHEMA.names)
"""All columns of the file."""

CSV_SOURCE_COLUMNS = ("email_address", *FIELD_TAGS, *FLAGS, "status")
"""The columns of `ENGAGEMENT_SCHEMA` that the file is made of."""

_SCHEMA = pa.schema([*((name, pa.string()) for name in PARTNER_COLUMNS), *MATCH_CSV_SCHEMA])
_READ_BYTES = 16 * 2**20
"""Read at once: more than any line is long."""


@dataclass(frozen=True, slots=True)
class CampaignHeader:
    """What every line of a campaign's file repeats; `sent_at` is aware, or None for one never sent."""

    id: str
    name: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class CsvCounts:
    """A campaign's file: how many contacts it has, and how many of them did what."""

    path: Path
    rows: int
    opened: int
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int


def write_campaign_csv(
    folder: Path, campaign: CampaignHeader, batches: Iterable[pa.RecordBatch], time_zone: tzinfo
) -> Path:
    """Write `campaign_{id}_{name}.csv` with `CAMPAIGN_CSV_COLUMNS`, in place of the campaign's former file.

    Args:
        folder: where the file goes; made if it is not there.
        campaign: the campaign; `campaign_sent_at` is its date in `time_zone`.
        batches: engagement rows with `CSV_SOURCE_COLUMNS` and, where contacts were matched, `MATCH_SOURCE_COLUMNS`;
            their order is the lines' order.
        time_zone: where `campaign_sent_at` is a date.

    Returns:
        The file.

    Raises:
        CsvWriteError: if the file cannot be written; like any error of `batches`, it leaves the former file as it is.
    """
    path = folder / campaign_file_name(FileKind.CAMPAIGN, campaign.id, campaign.name)
    former = campaign_file_prefix(FileKind.CAMPAIGN, campaign.id)
    try:
        with whole_csv(path, former, _SCHEMA) as writer:
            for lines in ahead(_lines(batch, campaign, time_zone) for batch in batches):
                writer.write(lines)
    except OSError as error:
        raise CsvWriteError(
            f"the CSV of campaign {campaign.id} cannot be written to {folder}", error
        ) from error
    return path


def csv_counts(path: Path) -> CsvCounts:
    """What a campaign's file says, read from the file itself."""
    counts: Counter[str] = Counter(dict.fromkeys(("rows", *FLAGS), 0))
    reader = pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=_READ_BYTES),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(FLAGS), column_types=dict.fromkeys(FLAGS, pa.string())
        ),
    )
    for batch in reader:
        counts["rows"] += batch.num_rows
        counts.update({flag: pc.equal(batch.column(flag), "Yes").true_count for flag in FLAGS})
    return CsvCounts(path=path, **counts)


def _lines(batch: pa.RecordBatch, campaign: CampaignHeader, time_zone: tzinfo) -> pa.RecordBatch:
    """Engagement rows as the file's lines."""
    sent_on = campaign.sent_at.astimezone(time_zone).date().isoformat() if campaign.sent_at else ""
    columns = [
        pa.repeat(defused(campaign.name or ""), batch.num_rows),
        pa.repeat(sent_on, batch.num_rows),
        *(defused_column(batch.column(name)) for name in ("email_address", *FIELD_TAGS)),
        *(pc.if_else(batch.column(flag), "Yes", "No") for flag in FLAGS),
        defused_column(pc.utf8_upper(batch.column("status"))),
        *match_cells(batch),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
