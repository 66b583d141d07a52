"""How much was asked of EmailOctopus: counters that many threads add to."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Counts at one moment; the difference of two moments is what happened between them.

    Attributes:
        requests: requests sent, every attempt counted.
        retries: attempts after a request's first.
        rate_limited: answers 429 met.
        seconds_waited: time in which nothing could be sent because of the rate limit; however many
            threads waited, never more than the time that passed.
        bytes: bytes of the answers' bodies, uncompressed.
    """

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    seconds_waited: float = 0.0
    bytes: int = 0

    def __add__(self, other: RequestCounts) -> RequestCounts:
        return RequestCounts(
            requests=self.requests + other.requests,
            retries=self.retries + other.retries,
            rate_limited=self.rate_limited + other.rate_limited,
            seconds_waited=self.seconds_waited + other.seconds_waited,
            bytes=self.bytes + other.bytes,
        )

    def __sub__(self, other: RequestCounts) -> RequestCounts:
        return RequestCounts(
            requests=self.requests - other.requests,
            retries=self.retries - other.retries,
            rate_limited=self.rate_limited - other.rate_limited,
            seconds_waited=self.seconds_waited - other.seconds_waited,
            bytes=self.bytes - other.bytes,
        )


class RequestStatistics:
    """The running counts of one client, safe to add to from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = RequestCounts()

    def add(self, counts: RequestCounts) -> None:
        """Count what just happened."""
        with self._lock:
            self._counts += counts

    def snapshot(self) -> RequestCounts:
        """The counts so far."""
        with self._lock:
            return self._counts
