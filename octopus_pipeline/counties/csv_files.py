"""CSV files a batch of rows at a time; what is wrong is found by row and column."""

from __future__ import annotations

import csv
from itertools import chain, islice
from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.counties.file_errors import CountyFileError, mapping_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octopus_pipeline.counties.mapping import FileMapping

FIRST_ROW = 2
"""The number of the first row after the header, as spreadsheets count."""

_NumberedRow = tuple[int, list[str]]


def csv_header(path: Path, mapping: FileMapping) -> list[str]:
    """The names of the columns.

    Raises:
        CountyFileError: if there is none that can be read.
    """
    _, header = next(_rows(path, mapping), (1, []))
    header = [name.strip() for name in header]
    if not any(header):
        raise CountyFileError(path, "there is no header", "Its first row must name the columns.")
    if any("\udc80" <= letter <= "\udcff" for letter in "".join(header)):
        raise _undecodable(path, mapping, [1], [])
    return header


def csv_tables(
    path: Path, mapping: FileMapping, header: Sequence[str], wanted: Sequence[str], batch_rows: int
) -> Iterator[tuple[list[int], pa.Table]]:
    """The numbers of the rows and their `wanted` columns as text, a batch at a time; blank rows are passed over.

    Raises:
        CountyFileError: if rows have more or fewer cells than the header, or cannot be decoded or parsed.
    """
    rows = (row for row in islice(_rows(path, mapping), 1, None) if any(row[1]))
    places = [header.index(name) for name in wanted]
    while batch := list(islice(rows, batch_rows)):
        ragged = [number for number, row in batch if len(row) != len(header)]
        if ragged:
            ragged += [number for number, row in rows if len(row) != len(header)]
            remedy = "Each row must have as many cells as the header; a cell with the delimiter in it needs quotes."
            raise CountyFileError(path, "rows are longer or shorter than the header", remedy, rows=ragged)
        columns = list(zip(*(row for _, row in batch), strict=True))
        try:
            arrays = [pa.array(columns[place], pa.string()) for place in places]
        except UnicodeEncodeError:
            raise _where_undecodable(path, mapping, header, batch) from None
        yield [number for number, _ in batch], pa.table(dict(zip(wanted, arrays, strict=True)))


def _rows(path: Path, mapping: FileMapping) -> Iterator[_NumberedRow]:
    """Every row with its number. What cannot be decoded is half surrogate pairs in it."""
    number = 0
    try:
        with path.open(encoding=mapping.encoding, errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, delimiter=mapping.delimiter, strict=True)
            for number, row in enumerate(reader, 1):
                yield number, row
    except csv.Error as error:
        remedy = "Look for a quotation mark that is not closed, or not doubled within quotes."
        raise CountyFileError(path, f"it cannot be parsed: {error}", remedy, rows=[number + 1]) from None
    except UnicodeError:
        raise _undecodable(path, mapping, [number + 1], []) from None
    except OSError as error:
        words = f"it cannot be read: {error.strerror}"
        raise CountyFileError(path, words, "Check the file and its rights.") from None


def _where_undecodable(
    path: Path, mapping: FileMapping, header: Sequence[str], batch: Sequence[_NumberedRow]
) -> CountyFileError:
    rows = [number for number, row in batch if _is_broken("".join(row))]
    broken_rows = chain.from_iterable(
        zip(header, row, strict=True) for number, row in batch if number in rows
    )
    columns = dict.fromkeys(name for name, cell in broken_rows if _is_broken(cell))
    return _undecodable(path, mapping, rows, list(columns))


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text)


def _undecodable(
    path: Path, mapping: FileMapping, rows: Sequence[int], columns: Sequence[str]
) -> CountyFileError:
    encoding = "UTF-8" if mapping.encoding == "utf-8-sig" else mapping.encoding
    remedy = f'Save it as UTF-8, or say what it is in {mapping_name(path)}, for instance encoding = "cp1252".'
    return CountyFileError(path, f"it is not all {encoding}", remedy, rows=rows, columns=columns)
