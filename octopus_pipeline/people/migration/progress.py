"""How far a migration is: told by it, shown by whoever runs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class MigrationProgress(Protocol):
    """Hears of a migration's advance."""

    def step(self, words: str) -> None:
        """Another part of the work begins."""

    def rows(self, done: int, of: int) -> None:
        """So many rows are done, of all that this part has."""


class LoggedMigrationProgress:
    """Writes a line to a log at each part, and at most every so many seconds within it."""

    def __init__(self, log: Callable[[str], None], *, every_seconds: float = 5.0) -> None:
        self._log = log
        self._every = every_seconds
        self._last = self._began = time.monotonic()

    def step(self, words: str) -> None:
        """Another part of the work begins."""
        self._log(words)
        self._last = self._began = time.monotonic()

    def rows(self, done: int, of: int) -> None:
        """So many rows are done, of all that this part has."""
        now = time.monotonic()
        if now - self._last < self._every or not done:
            return
        self._last = now
        left = (now - self._began) / done * (of - done)
        self._log(f"{done:,} of {of:,} rows; about {left:.0f} s left")
