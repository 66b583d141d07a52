"""Tables as Excel workbooks, a row at a time: text is text, never a formula or a link, numbers and days are such."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_576 - 1
"""What a sheet holds below its heading."""

MOST_CHARACTERS: Final = 32_767
"""What a cell holds, in units of UTF-16."""

_MADE_AT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When every workbook says it was made, so that unchanged data gives the same bytes."""


class ExcelLimitError(PipelineError):
    """The table is larger than a sheet can be."""


def require_rows_fit(rows: int) -> None:
    """See that a sheet can hold so many rows.

    Raises:
        ExcelLimitError: if it cannot.
    """
    if rows > MOST_ROWS:
        message = (
            f"{rows:,} rows are more than the {MOST_ROWS:,} of an Excel sheet: write .csv or .parquet, or filter "
            "further. The former file is as it was"
        )
        raise ExcelLimitError(message)


class ExcelSheet:
    """The sheet of a workbook, filled a batch at a time."""

    def __init__(self, workbook: Workbook, schema: pa.Schema) -> None:
        self._sheet: Worksheet = workbook.add_worksheet()
        self._names = schema.names
        self._row = 0
        heading = workbook.add_format({"bold": True})
        formats = {
            date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        self._writers: dict[type, Callable[[int, int, Any], object]] = {
            str: self._sheet.write_string,
            int: self._sheet.write_number,
            float: self._sheet.write_number,
            **{kind: partial(self._write_time, form) for kind, form in formats.items()},
        }
        for column, name in enumerate(schema.names):
            self._sheet.write_string(0, column, name, heading)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows of text, numbers, days and times without a time zone; nulls are empty cells.

        Raises:
            ExcelLimitError: if they are too many, or a text is too long for a cell.
        """
        require_rows_fit(self._row + batch.num_rows)
        for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            self._row += 1
            for column, cell in enumerate(cells):
                if cell is not None and self._writers[type(cell)](self._row, column, cell):
                    message = (
                        f"row {self._row:,} has a {self._names[column]} longer than the {MOST_CHARACTERS:,} characters "
                        "of an Excel cell: write .csv or .parquet"
                    )
                    raise ExcelLimitError(message)

    def _write_time(self, form: Format, row: int, column: int, cell: date) -> object:
        return self._sheet.write_datetime(row, column, cell, form)


@contextmanager
def excel_sheet(file: IO[bytes], folder: Path, schema: pa.Schema) -> Iterator[ExcelSheet]:
    """A sheet that is written to the file when the block ends well.

    Args:
        file: where the workbook goes.
        folder: where the rows lie until then, in a folder that is removed.
        schema: the columns.
    """
    # A third of a second to import, and only needed here.
    from xlsxwriter import Workbook

    rows = tempfile.mkdtemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        workbook = Workbook(file, {"constant_memory": True, "tmpdir": rows, "use_zip64": True})
        workbook.set_properties({"created": _MADE_AT.replace(tzinfo=None)})
        yield ExcelSheet(workbook, schema)
        workbook.close()
    finally:
        shutil.rmtree(rows)
