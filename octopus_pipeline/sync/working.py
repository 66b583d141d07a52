"""Work on people's data, and the moment in which there is none: when somebody is erased.

Whatever reads, merges or writes people's data says that it is at work. Erasing waits until nobody is, and
lets nobody begin meanwhile: what was read before cannot be written after. The kernel gives the locks of a killed
process back.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import portalocker
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.05
_GATE, _WORK = "erasing.lock", "working.lock"


@contextmanager
def at_work(locks_folder: Path) -> Iterator[None]:
    """Work on people's data while the block lasts, beside others; waits while somebody is erased.

    Not to be nested: the inner one would wait for an erasure that waits for the outer one.
    """
    with (locks_folder / _WORK).open("ab") as file:
        with FileLock(locks_folder / _GATE):
            portalocker.lock(file, portalocker.LockFlags.SHARED)
        yield  # closing the file gives the lock back


@contextmanager
def alone(locks_folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Let nobody of this machine work on people's data while the block lasts; waits until nobody does.

    Args:
        locks_folder: where the locks lie.
        on_wait: called once if there is somebody to wait for.
    """
    with FileLock(locks_folder / _GATE), (locks_folder / _WORK).open("ab") as file:
        if not _is_free(file):
            on_wait()
            while not _is_free(file):
                time.sleep(_POLL_SECONDS)
        yield


def _is_free(file: IO[bytes]) -> bool:
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.LockException:
        return False
    return True
