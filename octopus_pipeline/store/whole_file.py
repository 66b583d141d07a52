"""Files written whole or not at all: under another name beside, then renamed."""

from __future__ import annotations

import glob
import os
import time
import uuid
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFTOVER_AGE_SECONDS: Final = 24 * 3600
"""What is unfinished and older than this belongs to no living writer."""


@contextmanager
def whole_path(path: Path, mark: str | None = None) -> Iterator[Path]:
    """Where to write what is the file when the block ends well; else the former file stays as it is.

    A power cut leaves the one or the other, too. Who has the former file open keeps it.

    Args:
        path: the file; its folder is made if it is not there.
        mark: what names of its unfinished files begin with, after a dot; its name and another dot by default. Those
            that killed writers left a day ago go.
    """
    begins = f"{path.name}." if mark is None else mark
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in unfinished_files(path.parent, begins):
        if _is_left(leftover):
            leftover.unlink(missing_ok=True)
    unfinished = path.parent / f".{begins}{uuid.uuid4().hex}.tmp"
    try:
        yield unfinished
        _put_on_disk(unfinished)
        unfinished.replace(path)
        _put_on_disk(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path, mark: str | None = None) -> Iterator[IO[bytes]]:
    """What is written to is the file when the block ends well; all else as with `whole_path`."""
    with whole_path(path, mark) as unfinished, unfinished.open("wb") as file:
        yield file


def unfinished_files(folder: Path, mark: str) -> list[Path]:
    """The folder's unfinished files that are marked so, those of living writers among them."""
    return list(folder.glob(f".{glob.escape(mark)}*.tmp"))


def _is_left(unfinished: Path) -> bool:
    try:
        return unfinished.stat().st_mtime < time.time() - LEFTOVER_AGE_SECONDS
    except FileNotFoundError:  # its writer is done, or another one swept
        return False


def _put_on_disk(path: Path) -> None:
    """A file, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
