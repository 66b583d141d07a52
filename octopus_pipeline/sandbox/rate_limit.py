"""The account's rate limit: a token bucket that both API versions draw from."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class TokenBucket:
    """`burst` requests at once, then `per_second`; no limit if `per_second` is None."""

    per_second: float | None = 10.0
    burst: int = 100
    clock: Callable[[], float] = monotonic
    _tokens: float = field(init=False)
    _filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)
        self._filled_at = self.clock()

    def take(self) -> float:
        """Spend a token; the seconds until there is one if there is none, else 0."""
        if self.per_second is None:
            return 0.0
        now = self.clock()
        self._tokens = min(self.burst, self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.per_second
        self._tokens -= 1
        return 0.0

    @property
    def remaining(self) -> int:
        """Whole tokens left after the last `take`."""
        return int(self._tokens)
