"""Time that passes only when somebody sleeps."""

from __future__ import annotations


class FakeTime:
    """A wall clock and the sleep that moves it; `slept` keeps every pause, in seconds."""

    def __init__(self, now: float = 1_760_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
