"""Files written whole or not at all: under another name beside, then renamed."""

from __future__ import annotations

import glob
import os
import time
import uuid
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEFTOVER_AGE_SECONDS = 24 * 3600


@contextmanager
def whole_file(path: Path, mark: str) -> Iterator[IO[bytes]]:
    """What is written to is the file when the block ends well; else the former file stays as it is.

    Args:
        path: the file; its folder is made if it is not there.
        mark: what names of its unfinished files begin with, after a dot: those that crashed writers left a day ago go.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / f".{mark}{uuid.uuid4().hex}.tmp"
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    for leftover in path.parent.glob(f".{glob.escape(mark)}*.tmp"):
        if leftover.stat().st_mtime < time.time() - _LEFTOVER_AGE_SECONDS:
            leftover.unlink(missing_ok=True)
