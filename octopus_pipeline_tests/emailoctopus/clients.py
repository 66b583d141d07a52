"""Clients for tests: limits that never bind, and pauses that pass at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.client import EmailOctopus
from octopus_pipeline.emailoctopus.limiter import RateLimiter
from octopus_pipeline_tests.emailoctopus.fake_time import FakeTime

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.emailoctopus.credentials import Version

KEY = "eo_c0ffee/+secret"
"""With characters that are spelt differently in a URL."""

VERSIONS: tuple[Version, ...] = ("v2", "v1.6")


def unhurried(folder: Path, time: FakeTime) -> RateLimiter:
    """A limiter on fake time that lets ten thousand requests a second pass."""
    return RateLimiter(
        folder / "limiter" / "test.state",
        requests_per_second=10_000,
        burst=100_000,
        clock=time.clock,
        sleep=time.sleep,
    )


def client_for(
    url: str,
    folder: Path,
    version: Version = "v2",
    *,
    api_key: str = KEY,
    time: FakeTime | None = None,
    timeout_seconds: float = 5,
    max_attempts: int = 4,
) -> EmailOctopus:
    """A client of the server at `url` whose pauses take no time."""
    time = time or FakeTime()
    return EmailOctopus(
        api_key=api_key,
        version=version,
        base_url=url,
        limiter=unhurried(folder, time),
        timeout_seconds=timeout_seconds,
        max_attempts=max_attempts,
        sleep=time.sleep,
    )
