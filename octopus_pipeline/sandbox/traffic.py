"""What the sandbox was asked, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import time


@dataclass(slots=True)
class Traffic:
    """Counts since the last reset.

    Attributes:
        requests: API calls by kind: `campaigns`, `summary`, `reports/opened`, `lists`, `contacts` ...
        rate_limited: Calls that the rate limit refused with 429 (not those that a fault did).
        faults: Calls that met a fault, by fault.
        first_request_at: When the first call came, in seconds since 1970.
        last_request_at: When the last call came.
    """

    requests: Counter[str] = field(default_factory=Counter)
    rate_limited: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    first_request_at: float | None = None
    last_request_at: float | None = None

    def count(self, kind: str) -> None:
        """Count a call."""
        self.requests[kind] += 1
        self.last_request_at = time()
        if self.first_request_at is None:
            self.first_request_at = self.last_request_at
