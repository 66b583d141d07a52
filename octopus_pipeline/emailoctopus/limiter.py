"""One rate limit for the account, kept by all threads, runs and processes of this machine together.

The law is pyrate-limiter's token bucket; its state lies in a small file, read and changed under a lock on it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import portalocker
from pyrate_limiter import Rate, TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

_BUCKET = TokenBucket()


class RateLimiter:
    """Lets requests pass at most at the account's rate, whoever of this machine sends them.

    Args:
        path: file of the shared state; its folder is made.
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
        self._path = path
        self._rate = _rate(requests_per_second, _usable_burst(requests_per_second, burst))
        self._clock = clock
        self._sleep = sleep
        self._places: list[_Place] = []
        self._numbers = itertools.count()
        self._someone_calls = False
        self._line = threading.Lock()

    def acquire(self, *, rank: int = 0) -> float:
        """Wait until one request may be sent, and count it as sent.

        Args:
            rank: of this process's requests that wait, the least goes first, and of equals who came first.

        Returns:
            The seconds this thread slept for the next in line. Summed over all threads that is the time in
            which this process could send nothing, however many threads stood in line.
        """
        place = _Place(rank, next(self._numbers))
        try:
            return self._stand_in_line(place)
        except BaseException:
            self._leave(place)  # who was interrupted must neither be called nor keep others from being called
            raise

    def _stand_in_line(self, place: _Place) -> float:
        """Wait for one's turn; one thread of those in line sleeps and calls the first, so that no crowd wakes."""
        with self._line:
            heapq.heappush(self._places, place)
            place.calls = not self._someone_calls
            self._someone_calls = True
        if not place.calls:
            place.woken.wait()
        waited = 0.0
        while not place.is_called:
            while pause := self._take():
                self._sleep(pause)
                waited += pause
            with self._line:
                first = heapq.heappop(self._places)
                first.is_called = True
                first.woken.set()
                if first is place:
                    self._hand_over(place)
        return waited

    def _hand_over(self, place: _Place) -> None:
        """Let the next in line call from now on."""
        place.calls = False
        self._someone_calls = bool(self._places)
        if self._places:
            self._places[0].calls = True
            self._places[0].woken.set()

    def _leave(self, place: _Place) -> None:
        with self._line:
            if place in self._places:
                self._places.remove(place)
                heapq.heapify(self._places)
            if place.calls:
                self._hand_over(place)

    def hold(self, seconds: float) -> None:
        """Let nobody send within the next `seconds`, then go on at the sustained rate, without a burst.

        For after a 429: the account's tokens are spent, perhaps by another program.
        """
        with _locked(self._path) as state:
            now = self._now()
            spent = (self._rate.burst - 1) * _microseconds_a_request(self._rate)
            full_at = now * 1000 + math.ceil(seconds * 1_000_000) + spent
            state.write(max(full_at, self._full_at(state, now)), now)

    def _take(self) -> float:
        """Spend a token, or say in how many seconds there may be one."""
        with _locked(self._path) as state:
            # Under the lock, or a process that had to wait for it would come with an old time.
            now = self._now()
            (full_at,), decision = _BUCKET.step([self._rate], (self._full_at(state, now),), now, 1)
            # Also if refused: a state that had to be mended must not be mended anew, and from then, each time.
            state.write(int(full_at), now)
        return (decision.retry_after_ms or 0) / 1000

    def _now(self) -> int:
        """Milliseconds since 1970: pyrate-limiter's unit."""
        return int(self._clock() * 1000)

    def _full_at(self, state: _State, now: int) -> int:
        """When the bucket will be full again, in microseconds since 1970: pyrate-limiter's state."""
        stored = state.read()
        if stored is None:
            return now * 1000 + self._rate.burst * _microseconds_a_request(self._rate)
        full_at, written_at = stored
        # If the clock was set back, the debt goes back with it: what was owed at that moment is owed now.
        return full_at - 1000 * max(0, written_at - now)


@dataclass(order=True)
class _Place:
    """A thread's place in line; who has one is woken when called, or to be the one who calls."""

    rank: int
    number: int
    woken: threading.Event = field(default_factory=threading.Event, compare=False)
    is_called: bool = field(default=False, compare=False)
    calls: bool = field(default=False, compare=False)


class _State:
    """When the bucket will be full (microseconds), when that was written (milliseconds), and a checksum.

    An empty file is a bucket never used, so a full one. A torn or corrupt file reads as None, to be
    taken as an empty bucket: the most careful reading of what cannot be read.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def read(self) -> tuple[int, int] | None:
        # Only so far as a record goes: what a corrupt file holds beyond it is never overwritten.
        self._file.seek(0)
        content = self._file.read(len(self._record(0, 0)))
        if not content:
            return 0, 0
        try:
            full_at, written_at, _ = map(int, content.split())
        except ValueError:
            return None
        return (full_at, written_at) if content == self._record(full_at, written_at) else None

    def write(self, full_at: int, written_at: int) -> None:
        # In place, which costs a hundredth of truncating; a whole record always has the same length.
        self._file.seek(0)
        self._file.write(self._record(full_at, written_at))

    @staticmethod
    def _record(full_at: int, written_at: int) -> bytes:
        numbers = b"%020d %020d" % (full_at, written_at)
        return numbers + b" %010d\n" % zlib.crc32(numbers)


@contextmanager
def _locked(path: Path) -> Iterator[_State]:
    """The state in the file, while no other thread or process has it."""
    with path.open("r+b", buffering=0) as file:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)  # closing the file gives it back
        yield _State(file)


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
