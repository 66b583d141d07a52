"""How long a 429 asks us to wait, under each spelling seen of the header and of its value."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS = ("X-RateLimit-Retry-After", "X-RateLimiting-Retry-After", "Retry-After")
"""EmailOctopus documents one prefix for this header and another for its sibling; the last is HTTP's own."""

_FIRST_EPOCH = 1_000_000_000
"""Seconds since 1970 in September 2001: no wait is this long, so such a number is a moment."""


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds to wait from `now` (seconds since 1970) on; None if no header says anything usable.

    `headers` must look names up without regard to case. A value is a number of seconds, a moment in seconds
    since 1970, or an HTTP date; one that is not in the future says nothing.
    """
    for name in HEADERS:
        seconds = _seconds(headers.get(name, ""), now)
        if seconds is not None and seconds > 0:
            return seconds
    return None


def _seconds(value: str, now: float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return _seconds_until_date(value, now)
    if not math.isfinite(number):
        return None
    return number - now if number >= _FIRST_EPOCH else number


def _seconds_until_date(value: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
