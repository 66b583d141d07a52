"""One rate limit for the account, kept by all threads, runs and processes of this machine together.

The law is pyrate-limiter's token bucket; its state lies in a small file, changed under a file lock.
"""

from __future__ import annotations

import math
import threading
import time
import zlib
from contextlib import nullcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from filelock import FileLock
from pyrate_limiter import Rate, TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BUCKET = TokenBucket()

_LOCK_POLL_SECONDS = 0.001
"""The lock is held for a tenth of a millisecond; filelock's 50 ms between two tries would dwarf that."""


class RateLimiter:
    """Lets requests pass at most at the account's rate, whoever of this machine sends them.

    Args:
        path: file of the shared state; its folder is made. A lock file lies beside it.
        requests_per_second: the account's sustained limit.
        burst: requests the account may send at once after a pause.
        clock: seconds since 1970, from the clock all processes share; setting it back never lets more pass.
        sleep: how to wait, in seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        requests_per_second: float,
        burst: int,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._state = _StateFile(path)
        self._lock = FileLock(f"{path}.lock", poll_interval=_LOCK_POLL_SECONDS)
        self._rate = _rate(requests_per_second, _usable_burst(requests_per_second, burst))
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Lock()
        self._patience = threading.Lock()

    def acquire(self, *, urgent: bool = False) -> float:
        """Wait until one request may be sent, and count it as sent.

        Args:
            urgent: go before the requests of this process that are not.

        Returns:
            The seconds this thread slept while it was next in turn. Summed over all threads that is the
            time in which this process could send nothing, however many threads queued.
        """
        waited = 0.0
        # One thread of a process sleeps, the others queue here: a crowd would wake for a single token.
        # Of those that are not urgent only one stands in the queue, so that the urgent meet no crowd there.
        with nullcontext() if urgent else self._patience, self._turn:
            while pause := self._take():
                self._sleep(pause)
                waited += pause
        return waited

    def hold(self, seconds: float) -> None:
        """Let nobody send within the next `seconds`, then go on at the sustained rate, without a burst.

        For after a 429: the account's tokens are spent, perhaps by another program.
        """
        with self._lock:
            now = self._now()
            spent = (self._rate.burst - 1) * _microseconds_a_request(self._rate)
            full_at = now * 1000 + math.ceil(seconds * 1_000_000) + spent
            self._state.write(max(full_at, self._full_at(now)), now)

    def _take(self) -> float:
        """Spend a token, or say in how many seconds there may be one."""
        with self._lock:
            # Under the lock, or a process that had to wait for it would come with an old time.
            now = self._now()
            (full_at,), decision = _BUCKET.step([self._rate], (self._full_at(now),), now, 1)
            # Also if refused: a state that had to be mended must not be mended anew, and from then, each time.
            self._state.write(int(full_at), now)
        return (decision.retry_after_ms or 0) / 1000

    def _now(self) -> int:
        """Milliseconds since 1970: pyrate-limiter's unit."""
        return int(self._clock() * 1000)

    def _full_at(self, now: int) -> int:
        """When the bucket will be full again, in microseconds since 1970: pyrate-limiter's state."""
        stored = self._state.read()
        if stored is None:
            return now * 1000 + self._rate.burst * _microseconds_a_request(self._rate)
        full_at, written_at = stored
        # If the clock was set back, the debt goes back with it: what was owed at that moment is owed now.
        return full_at - 1000 * max(0, written_at - now)


class _StateFile:
    """When the bucket will be full (microseconds), when that was written (milliseconds), and a checksum.

    An empty file is a bucket never used, so a full one. A torn or corrupt file reads as None, to be
    taken as an empty bucket: the most careful reading of what cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[int, int] | None:
        # Only so far as a record goes: what a corrupt file holds beyond it is never overwritten.
        content = self._path.read_bytes()[: len(self._record(0, 0))]
        if not content:
            return 0, 0
        try:
            full_at, written_at, _ = map(int, content.split())
        except ValueError:
            return None
        return (full_at, written_at) if content == self._record(full_at, written_at) else None

    def write(self, full_at: int, written_at: int) -> None:
        # In place, which costs a hundredth of truncating; a whole record always has the same length.
        with self._path.open("r+b", buffering=0) as file:
            file.write(self._record(full_at, written_at))

    @staticmethod
    def _record(full_at: int, written_at: int) -> bytes:
        numbers = b"%020d %020d" % (full_at, written_at)
        return numbers + b" %010d\n" % zlib.crc32(numbers)


def _rate(requests_per_second: float, burst: int) -> Rate:
    """The rate in the whole numbers pyrate-limiter wants: 0.5 a second is 1 in 2000 ms."""
    fraction = Fraction(requests_per_second).limit_denominator(1_000_000)
    return Rate(fraction.numerator, 1000 * fraction.denominator, burst)


def _usable_burst(requests_per_second: float, burst: int) -> int:
    """The burst less a reserve.

    Requests reach the server with uneven delays, so they may bunch there closer than they were let go
    here. The reserve covers a tenth of a second of such jitter, but is at least a tenth of the burst and
    at most half of it.
    """
    reserve = max(math.ceil(requests_per_second / 10), math.ceil(burst / 10))
    return burst - min(reserve, burst // 2)


def _microseconds_a_request(rate: Rate) -> int:
    """How long one token takes to come back, rounded up as pyrate-limiter does."""
    return math.ceil(rate.interval * 1000 / rate.limit)
