"""Erasing from files for people: the exports folder, and the file of analysts' decisions."""

from __future__ import annotations

import codecs
import csv
import zipfile
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq

from octopus_pipeline.erasure.certificate import Removed
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.whole_file import unfinished_files, whole_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from octopus_pipeline.erasure.erasure import Erasure
    from octopus_pipeline.suppression.suppressed import Suppressed

_PARQUET: Final = b"PAR1"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LARGEST_CELL: Final = 2**24
_BYTES_KEPT: Final[Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
_A_FILE = "a file named after the person"


class ExportedFileError(PipelineError):
    """A file for people cannot be rewritten or removed."""


def erase_exports(erasure: Erasure) -> Iterator[Removed]:
    """CSV files lose the rows that name somebody erased; other files that do are removed, and so are unfinished ones.

    Whoever made a removed file makes it anew; the pipeline's own are made by its next run.
    """
    folder = erasure.connections.settings.export_dir
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        where = str(path.relative_to(folder))
        if path.name.startswith(".") and path.name.endswith(".tmp"):
            _remove(path)
        elif erasure.suppressed.is_named_in(f"{path.name}\n{path.stem}"):
            _remove(path)
            yield Removed("exports", _A_FILE, "removed", 1)
        else:
            yield from _erase_from_file(erasure.suppressed, path, where)


def erase_decisions_file(erasure: Erasure) -> Iterator[Removed]:
    """Rows of the file of decisions that name somebody erased go; all other bytes stay as they are."""
    path = erasure.connections.settings.decisions_file
    for leftover in unfinished_files(path.parent, f"{path.name}."):
        _remove(leftover)
    if path.is_file():
        rows = _erase_from_csv(erasure.suppressed, path)
        if rows:
            yield Removed("decisions file", path.name, "rows removed", rows)


def _erase_from_file(suppressed: Suppressed, path: Path, where: str) -> Iterator[Removed]:
    if path.suffix.lower() == ".csv" and not _starts_with(path, *_UTF_16):
        rows = _erase_from_csv(suppressed, path)
        if rows:
            yield Removed("exports", where, "rows removed", rows)
    elif any(suppressed.is_named_in(text) for text in _texts(path)):
        _remove(path)
        yield Removed("exports", where, "file removed", 1)


def _erase_from_csv(suppressed: Suppressed, path: Path) -> int:
    """Remove the rows that name somebody erased, whole or not at all; how many there were."""
    try:
        removed = sum(suppressed.is_named_in(row) for row in _rows_below_header(path))
        if removed:
            _write_kept(suppressed, path)
    except OSError as error:
        raise _failure(path, error) from None
    return removed


def _write_kept(suppressed: Suppressed, path: Path) -> None:
    with whole_path(path) as unfinished:
        with unfinished.open("w", **_BYTES_KEPT) as file:
            rows = _rows(path)
            file.write(next(rows))
            file.writelines(row for row in rows if not suppressed.is_named_in(row))
        unfinished.chmod(path.stat().st_mode)


def _rows_below_header(path: Path) -> Iterator[str]:
    return islice(_rows(path), 1, None)


def _rows(path: Path) -> Iterator[str]:
    """The rows of a CSV file as they are written; a quoted cell may hold line breaks."""
    taken: list[str] = []

    def watched(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    with path.open(**_BYTES_KEPT) as file:
        header = file.readline()
        yield header
        csv.field_size_limit(_LARGEST_CELL)
        try:
            for _ in csv.reader(watched(file), delimiter=max(",;\t", key=header.count)):
                yield "".join(taken)
                taken.clear()
        except csv.Error:  # no CSV after all: line by line
            yield from taken
            yield from file


def _texts(path: Path) -> Iterator[str]:
    """The texts in a file of any kind: rows of Parquet, parts of a spreadsheet or archive, lines of the rest."""
    try:
        if _starts_with(path, _PARQUET):
            yield from _parquet_texts(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    text = archive.read(name).decode(errors="replace").replace("><", ">\n<")
                    yield from unescape(text).splitlines()
        else:
            content = path.read_bytes()
            encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8"
            yield from content.decode(encoding, errors="replace").splitlines()
    except OSError as error:
        raise _failure(path, error) from None


def _parquet_texts(path: Path) -> Iterator[str]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield "\n".join(str(value) for value in row.values() if value is not None)


def _starts_with(path: Path, *beginnings: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(beginnings)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _failure(path, error) from None


def _failure(path: Path, error: OSError) -> ExportedFileError:
    return ExportedFileError(
        f"a file in {path.parent} cannot be read, rewritten or removed: {error.strerror}. Close it in other programs, "
        "make the folder writable, and do this again"
    )
