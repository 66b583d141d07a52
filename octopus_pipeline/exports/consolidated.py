"""The consolidated table: people's engagement over all campaigns, or some, in one file."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.exports.ahead import ahead
from octopus_pipeline.exports.consolidated_rows import (
    PERSON_PATHS,
    CampaignRows,
    PeopleRows,
    decoded,
)
from octopus_pipeline.exports.excel import require_rows_fit
from octopus_pipeline.exports.table_files import TableFormat, format_of, whole_table
from octopus_pipeline.exports.whole_csv import CsvWriteError
from octopus_pipeline.people.campaigns import chosen_campaigns, received_campaigns
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.queries import Rows, count_rows, rows_of_campaigns, rows_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

    import pyarrow as pa
    from bson.codec_options import CodecOptions
    from pymongo.database import Database

    from octopus_pipeline.exports.table_files import TableWriter
    from octopus_pipeline.people.filters import PeopleFilter

FILE_NAME: Final = "consolidated.csv"
"""What the file is called unless somebody says otherwise."""

_PEOPLE_AT_ONCE: Final = 1_000
"""Read at once; with all their campaigns, of which people have some dozens."""

_SAMPLE_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Consolidated:
    """A consolidated table that was written: of how many people, and of how many chosen campaigns.

    `sample` has the e-mail address, status and flags of its first rows: personal data, to be masked.
    """

    path: Path
    rows: int
    people: int
    campaigns: int
    sample: list[dict[str, Any]]


def write_consolidated(
    database: Database[dict[str, Any]],
    path: Path,
    filters: PeopleFilter,
    rows: Rows,
    time_zone: tzinfo,
) -> Consolidated:
    """Write the table of who passes the filters, in place of the former file.

    Rows are by the person's `contact_id`, then in the order sent; unchanged data gives the same bytes. A bounded number
    of people is in memory at a time. What others write meanwhile may or may not be in it.

    Args:
        database: the database of people.
        path: the file; its suffix names the format (`table_files.TableFormat`).
        filters: who, and of which campaigns.
        rows: what a row is.
        time_zone: where days of sending and times are shown.

    Raises:
        UnknownFormatError: if the suffix names no format.
        NoSuchCampaignError: if the filters name a campaign that there is not.
        ExcelLimitError: if the table is larger than an Excel sheet can be.
        CsvWriteError: if the file cannot be written. Like any other error it leaves the former file as it is.
    """
    kind = format_of(path)
    campaigns = received_campaigns(database)
    chosen = chosen_campaigns(campaigns, filters, time_zone)
    people = database[PEOPLE]
    if kind is TableFormat.EXCEL:
        counted = next(iter(people.aggregate(count_rows(filters, rows, chosen))), {"rows": 0})
        require_rows_fit(counted["rows"])
    maker: CampaignRows | PeopleRows
    if rows is Rows.CAMPAIGNS:
        maker = CampaignRows(campaigns, time_zone)
        stages = rows_of_campaigns(filters, chosen, PERSON_PATHS)
    else:
        maker = PeopleRows()
        stages = rows_of_people(filters, chosen, PERSON_PATHS)
    try:
        with (
            people.aggregate_raw_batches(stages, batchSize=_PEOPLE_AT_ONCE, allowDiskUse=True) as cursor,
            whole_table(path, maker.schema, time_zone) as table,
            # The server makes a batch while the one before becomes rows, and these while others are written.
            closing(ahead(cast("Iterator[bytes]", cursor))) as answers,
            closing(ahead(_made(maker, answers, people.codec_options))) as batches,
        ):
            written = _write(table, batches)
    except OSError as error:
        raise CsvWriteError(f"the consolidated table cannot be written to {path}", error) from error
    known = len(campaigns) if chosen is None else len(chosen)
    return Consolidated(path, written.rows, written.people, known, written.sample)


@dataclass(slots=True)
class _Written:
    rows: int = 0
    people: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)


def _made(
    maker: CampaignRows | PeopleRows, answers: Iterator[bytes], options: CodecOptions[dict[str, Any]]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Of each of the server's answers how many people it has, and their rows."""
    for answer in answers:
        documents = decoded(answer, options)
        yield len(documents), maker.batch(documents)


def _write(table: TableWriter, batches: Iterator[tuple[int, pa.RecordBatch]]) -> _Written:
    written = _Written()
    for people, batch in batches:
        table.write(batch)
        written.people += people
        written.rows += batch.num_rows
        if len(written.sample) < _SAMPLE_ROWS:
            first = batch.slice(0, _SAMPLE_ROWS - len(written.sample))
            written.sample += [_sampled(row) for row in first.to_pylist()]
    return written


def _sampled(row: dict[str, Any]) -> dict[str, Any]:
    flags = {flag: row[flag] if flag in row else row[f"campaigns_{flag}"] > 0 for flag in FLAGS}
    return {"email_address": row["email"], "status": row["status"], **flags}
