"""One CSV a campaign for partner agencies, written whole or not at all.

RFC 4180 with CRLF, every text cell quoted, so that line breaks and quotes in fields survive. UTF-8 without a byte order
mark: the header's first bytes stay `"campaign_name"`, which partners' own imports look for (a mark would become part of
that name); Excel reads the file as UTF-8 through Data > From Text/CSV.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.file_names import campaign_file_name, campaign_file_prefix
from octopus_pipeline.exports.safe_cells import defused, defused_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, tzinfo
    from pathlib import Path

_Item = TypeVar("_Item")

CAMPAIGN_CSV_COLUMNS = ("campaign_name", "campaign_sent_at", "email", *FIELD_TAGS, *FLAGS, "status")
"""The columns that partners' sheets know, in their order."""

CSV_SOURCE_COLUMNS = ("email_address", *FIELD_TAGS, *FLAGS, "status")
"""The columns of `ENGAGEMENT_SCHEMA` that the file is made of."""

_SCHEMA = pa.schema([(name, pa.string()) for name in CAMPAIGN_CSV_COLUMNS])
_OPTIONS = pa_csv.WriteOptions(batch_size=10_000, eol="\r\n", quoting_style="needed")
_READ_BYTES = 16 * 2**20
"""Read at once: more than any line is long."""

_LEFTOVER_AGE_SECONDS = 24 * 3600


class CsvWriteError(PipelineError):
    """The file cannot be written where it is to go."""


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


def require_writable(folder: Path) -> None:
    """Make the folder of the files, if it is not there, and see that files can be written to it.

    Raises:
        CsvWriteError: if they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CsvWriteError(_cannot_write(f"CSVs cannot be written to {folder}", error)) from error


def _cannot_write(what: str, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{what}: {reason}. Make the folder writable, free disk space, or set OCTOPUS_EXPORT_DIR"


def write_campaign_csv(
    folder: Path, campaign: CampaignHeader, batches: Iterable[pa.RecordBatch], time_zone: tzinfo
) -> Path:
    """Write `campaign_{id}_{name}.csv` with `CAMPAIGN_CSV_COLUMNS`, in place of the campaign's former file.

    Args:
        folder: where the file goes; made if it is not there.
        campaign: the campaign; `campaign_sent_at` is its date in `time_zone`.
        batches: engagement rows with `CSV_SOURCE_COLUMNS`; their order is the lines' order.
        time_zone: where `campaign_sent_at` is a date.

    Returns:
        The file.

    Raises:
        CsvWriteError: if the file cannot be written; like any error of `batches`, it leaves the former file as it is.
    """
    try:
        return _write(folder, campaign, batches, time_zone)
    except OSError as error:
        what = f"the CSV of campaign {campaign.id} cannot be written to {folder}"
        raise CsvWriteError(_cannot_write(what, error)) from error


def _write(
    folder: Path, campaign: CampaignHeader, batches: Iterable[pa.RecordBatch], time_zone: tzinfo
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / campaign_file_name(campaign.id, campaign.name)
    unfinished = folder / f".{campaign_file_prefix(campaign.id)}{uuid.uuid4().hex}.tmp"
    try:
        with unfinished.open("wb") as file:
            with pa_csv.CSVWriter(file, _SCHEMA, write_options=_OPTIONS) as writer:
                for lines in _ahead(_lines(batch, campaign, time_zone) for batch in batches):
                    writer.write(lines)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _remove_former(folder, campaign.id, path)
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


def _ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """The items, each made by a thread of its own while the one before is being written."""
    with ThreadPoolExecutor(1) as maker:
        following = maker.submit(next, items, None)
        while (item := following.result()) is not None:
            following = maker.submit(next, items, None)
            yield item


def _lines(batch: pa.RecordBatch, campaign: CampaignHeader, time_zone: tzinfo) -> pa.RecordBatch:
    """Engagement rows as the file's lines, all text."""
    sent_on = campaign.sent_at.astimezone(time_zone).date().isoformat() if campaign.sent_at else ""
    columns = [
        pa.repeat(defused(campaign.name or ""), batch.num_rows),
        pa.repeat(sent_on, batch.num_rows),
        *(defused_column(batch.column(name)) for name in ("email_address", *FIELD_TAGS)),
        *(pc.if_else(batch.column(flag), "Yes", "No") for flag in FLAGS),
        defused_column(pc.utf8_upper(batch.column("status"))),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _remove_former(folder: Path, campaign_id: str, path: Path) -> None:
    """Remove the campaign's file under a former name, and what crashed writers left."""
    prefix = campaign_file_prefix(campaign_id)
    for other in folder.glob(f"{prefix}*.csv"):
        if not other.samefile(path):  # which a folder without regard to case may show under its former name
            other.unlink(missing_ok=True)
    for leftover in folder.glob(f".{prefix}*.tmp"):
        if leftover.stat().st_mtime < time.time() - _LEFTOVER_AGE_SECONDS:
            leftover.unlink(missing_ok=True)
