"""Tables as files of the format that the name's suffix says, written whole or not at all.

CSV and Excel are for people: `Yes` and `No`, times of the project's time zone, and in CSV every text that a spreadsheet
would run defused; Excel's texts are texts, which it never runs. Parquet has the values as they are.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.excel import excel_sheet
from octopus_pipeline.exports.safe_cells import defused_column
from octopus_pipeline.exports.whole_csv import CSV_OPTIONS
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo
    from pathlib import Path


class TableFormat(StrEnum):
    """The formats, each the suffix of its files."""

    CSV = ".csv"
    PARQUET = ".parquet"
    EXCEL = ".xlsx"


class UnknownFormatError(PipelineError):
    """The file's suffix names no format."""


class TableWriter(Protocol):
    """What takes a table's batches."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows."""


def format_of(path: Path) -> TableFormat:
    """The format that the file's suffix names, in whatever case.

    Raises:
        UnknownFormatError: if it names none; the message names those there are.
    """
    try:
        return TableFormat(path.suffix.lower())
    except ValueError:
        known = ", ".join(TableFormat)
        message = f"{path.name}: its suffix names no format; end the file's name with one of {known}"
        raise UnknownFormatError(message) from None


@contextmanager
def whole_table(path: Path, schema: pa.Schema, time_zone: tzinfo) -> Iterator[TableWriter]:
    """A writer whose rows are the file when the block ends well; else the former file stays as it is.

    Args:
        path: the file; its folder is made if it is not there.
        schema: columns of text, numbers, booleans, days and times with a time zone.
        time_zone: the one that CSV and Excel show times in.

    Raises:
        UnknownFormatError: if the suffix names no format.
        ExcelLimitError: if the table is larger than an Excel sheet can be.
    """
    kind = format_of(path)
    with whole_file(path) as file:
        if kind is TableFormat.PARQUET:
            with pq.ParquetWriter(file, schema, compression="zstd") as rows:
                yield _Parquet(rows)
        elif kind is TableFormat.CSV:
            shown = _shown_schema(schema, pa.string(), pa.string())
            with pa_csv.CSVWriter(file, shown, write_options=CSV_OPTIONS) as lines:
                yield _Shown(lines.write, shown, defused_column, time_zone)
        else:
            shown = _shown_schema(schema, pa.date32(), pa.timestamp("s"))
            with excel_sheet(file, path.parent, shown) as sheet:
                yield _Shown(sheet.write, shown, lambda texts: texts, time_zone)


class _Parquet:
    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)


class _Shown:
    """Passes batches on as people are shown them: texts made `safe`, flags as words, times in the time zone."""

    def __init__(
        self,
        write: Callable[[pa.RecordBatch], None],
        schema: pa.Schema,
        safe: Callable[[pa.Array], pa.Array],
        time_zone: tzinfo,
    ) -> None:
        self._write = write
        self._schema = schema
        self._safe = safe
        self._time_zone = time_zone

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [
            self._shown(column).cast(field.type)
            for column, field in zip(batch.columns, self._schema, strict=True)
        ]
        self._write(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def _shown(self, column: pa.Array) -> pa.Array:
        if pa.types.is_boolean(column.type):
            return pc.if_else(column, "Yes", "No")
        if pa.types.is_timestamp(column.type):
            local = [
                time and time.astimezone(self._time_zone).replace(tzinfo=None, microsecond=0)
                for time in column.to_pylist()
            ]
            return pa.array(local, pa.timestamp("s"))
        return self._safe(column) if pa.types.is_string(column.type) else column


def _shown_schema(schema: pa.Schema, day: pa.DataType, time: pa.DataType) -> pa.Schema:
    """The columns as people are shown them, days and times of these types."""

    def shown(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_boolean(kind):
            return pa.string()
        if pa.types.is_date(kind):
            return day
        return time if pa.types.is_timestamp(kind) else kind

    return pa.schema([pa.field(field.name, shown(field.type)) for field in schema])
