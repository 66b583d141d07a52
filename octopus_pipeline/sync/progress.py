"""How far a sync is: told by the sync, shown by whoever runs it (the run's log, a progress bar)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Progress(Protocol):
    """Hears of a sync's advance; called from several threads."""

    def expect(self, pages: int) -> None:
        """So many more pages will be asked for."""

    def page(self, rows: int) -> None:
        """A page of so many rows arrived."""

    def campaign(self, name: str, *, done: int, of: int) -> None:
        """A campaign is finished, well or not."""


@dataclass
class Advance:
    """Pages received of those expected, and the time left at the pace so far."""

    expected: int = 0
    pages: int = 0
    rows: int = 0
    started: float = 0.0

    def seconds_left(self, now: float) -> float:
        """Seconds until the expected pages are there, at the mean pace so far."""
        if not self.pages:
            return 0.0
        return (now - self.started) / self.pages * max(0, self.expected - self.pages)


class LoggedProgress:
    """Writes a line to a log at most every so many seconds, with an estimate of the time left."""

    def __init__(self, log: Callable[[str], None], *, every_seconds: float = 10.0) -> None:
        self._log = log
        self._every = every_seconds
        self._lock = threading.Lock()
        self.advance = Advance(started=time.monotonic())
        self._last = self.advance.started

    def expect(self, pages: int) -> None:
        """So many more pages will be asked for."""
        with self._lock:
            self.advance.expected += pages

    def page(self, rows: int) -> None:
        """A page of so many rows arrived."""
        now = time.monotonic()
        with self._lock:
            self.advance.pages += 1
            self.advance.rows += rows
            if now - self._last < self._every:
                return
            self._last = now
            message = (
                f"{self.advance.pages} of about {self.advance.expected} pages, {self.advance.rows} rows; "
                f"about {self.advance.seconds_left(now):.0f} s left"
            )
        self._log(message)

    def campaign(self, name: str, *, done: int, of: int) -> None:
        """A campaign is finished, well or not."""
        self._log(f"{done} of {of} campaigns finished: {name}")
