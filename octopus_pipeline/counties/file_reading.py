"""Reading a county's file, and refusing it whole when it is not what it should be."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from octopus_pipeline.counties.csv_files import csv_header, csv_tables
from octopus_pipeline.counties.file_columns import FileColumns, find_columns, joined
from octopus_pipeline.counties.file_errors import CountyFileError
from octopus_pipeline.counties.parquet_files import parquet_header, parquet_tables
from octopus_pipeline.counties.records import clean_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.counties.files import CountyFiles
    from octopus_pipeline.counties.mapping import FileMapping
    from octopus_pipeline.counties.records import CleanedBatch
    from octopus_pipeline.counties.tally import CountyCounts, CountyTally

BATCH_ROWS = 20_000

MOSTLY = 0.9
"""A column in which more than this share of the values makes no sense is not the column it is taken for."""


def read_county_file(
    files: CountyFiles, kind: RecordKind, tally: CountyTally, *, batch_rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The records of one of a county's files, cleaned, in batches of the kind's schema; `tally` counts them.

    What is wrong with single rows shows when they are read, what is wrong with the file as a whole at its end: keep
    nothing of it unless the iterator ends without an error.

    Raises:
        CountyFileError: if the file is damaged, lacks a needed column or every value of it, or has columns
            that are not what they are taken for.
    """
    path = files.paths[kind.name]
    columns, tables = _open(path, kind, files.mapping, batch_rows)
    unreadable_rows: dict[str, list[int]] = {}
    for numbers, table in tables:
        cleaned = clean_table(kind, joined(table, columns))
        tally.add(cleaned)
        _note_unreadable(unreadable_rows, numbers, cleaned)
        yield cleaned.records
    _judge(path, kind, columns, tally.counts(), unreadable_rows)


def _open(
    path: Path, kind: RecordKind, mapping: FileMapping, batch_rows: int
) -> tuple[FileColumns, Iterator[tuple[Sequence[int], pa.Table]]]:
    is_csv = path.suffix.lower() == ".csv"
    header = csv_header(path, mapping) if is_csv else parquet_header(path)
    columns = find_columns(path, kind, mapping, header)
    wanted = list(dict.fromkeys(name for theirs in columns.values() for name in theirs))
    if is_csv:
        return columns, csv_tables(path, mapping, header, wanted, batch_rows)
    return columns, parquet_tables(path, wanted, batch_rows)


def _note_unreadable(rows: dict[str, list[int]], numbers: Sequence[int], cleaned: CleanedBatch) -> None:
    """Remember the first rows whose value could not be read, a column."""
    for name, mask in cleaned.unreadable.items():
        known = rows.setdefault(name, [])
        if len(known) < 5:
            known.extend(compress(numbers, mask.to_pylist()))


def _judge(
    path: Path,
    kind: RecordKind,
    columns: FileColumns,
    counts: CountyCounts,
    unreadable_rows: dict[str, list[int]],
) -> None:
    """Refuse a file that was read whole but makes no sense."""
    if not counts.rows:
        raise CountyFileError(path, "there is no row in it", "Export it again, or remove it.")
    fields = {field.name: field for field in kind.fields}

    def theirs(name: str) -> list[str]:
        return [one for source in fields[name].sources for one in columns.get(source, ())]

    for name in kind.needed:
        if counts.missing[name] == counts.rows:
            remedy = "Every row lacks it: export it again, or map another column."
            raise CountyFileError(path, f"{name} is empty everywhere", remedy, columns=theirs(name))
    for name, bad in counts.unreadable.items():
        if bad > MOSTLY * (counts.rows - counts.missing[name] + bad):
            words = f"nearly nothing in it can be read as {name}"
            remedy = "Are columns mistaken for one another?"
            raise CountyFileError(path, words, remedy, rows=unreadable_rows[name], columns=theirs(name))
    addresses = counts.rows - counts.without_address
    if "address" in kind.needed and counts.without_house_number > MOSTLY * addresses:
        remedy = "Are columns mistaken for one another? A mapping can join house numbers from a column of their own."
        raise CountyFileError(
            path, "nearly no address starts with a house number", remedy, columns=theirs("address")
        )
