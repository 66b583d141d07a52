"""CSV files written whole or not at all.

RFC 4180 with CRLF, every text cell quoted, so that line breaks and quotes in fields survive. UTF-8 without a byte order
mark: the header's first bytes stay the first column's name, which partners' own imports look for (a mark would become
part of that name); Excel reads the file as UTF-8 through Data > From Text/CSV.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

CSV_OPTIONS = pa_csv.WriteOptions(batch_size=10_000, eol="\r\n", quoting_style="needed")


class CsvWriteError(PipelineError):
    """The file cannot be written where it is to go."""

    def __init__(self, what: str, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        super().__init__(
            f"{what}: {reason}. Make the folder writable, free disk space, or set OCTOPUS_EXPORT_DIR"
        )


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
        raise CsvWriteError(f"CSVs cannot be written to {folder}", error) from error


@contextmanager
def whole_csv(path: Path, former: str, schema: pa.Schema) -> Iterator[pa_csv.CSVWriter]:
    """A writer whose lines are the file when the block ends well; else the former file stays as it is.

    Args:
        path: the file; its folder is made if it is not there.
        former: what the file's name and its former ones begin with, and no other file's: those are removed.
        schema: the columns.
    """
    with (
        whole_file(path, former) as file,
        pa_csv.CSVWriter(file, schema, write_options=CSV_OPTIONS) as writer,
    ):
        yield writer
    _remove_former(path, former)


def _remove_former(path: Path, former: str) -> None:
    """Remove the file under its former names."""
    for other in path.parent.glob(f"{former}*.csv"):
        if not other.samefile(path):  # which a folder without regard to case may show under its former name
            other.unlink(missing_ok=True)
