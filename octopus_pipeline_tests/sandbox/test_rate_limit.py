"""The rate limit: the law of the token bucket, and how it shows over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.rate_limit import TokenBucket
from octopus_pipeline.sandbox.serving import serve_in_thread
from octopus_pipeline_tests.sandbox.reader import get_v1, get_v2


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


pauses = st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.2, 30.0]), max_size=80)


@given(pauses, st.integers(1, 20), st.floats(0.5, 50))
def test_a_bucket_grants_no_more_than_its_burst_and_its_rate(
    pauses: list[float], burst: int, per_second: float
) -> None:
    clock = Clock()
    bucket = TokenBucket(per_second, burst, clock)
    granted: list[float] = []
    for pause in pauses:
        clock.now += pause
        if bucket.take() == 0:
            granted.append(clock.now)
    for start, since in enumerate(granted):
        for count, until in enumerate(granted[start:], 1):
            assert count <= burst + per_second * (until - since) + 1e-6, "in whatever stretch of time"


@given(pauses, st.integers(1, 20), st.floats(0.5, 50))
def test_whoever_waits_as_long_as_told_is_served(pauses: list[float], burst: int, per_second: float) -> None:
    clock = Clock()
    bucket = TokenBucket(per_second, burst, clock)
    for pause in pauses:
        clock.now += pause
        wait = bucket.take()
        if wait:
            clock.now += wait + 1e-9
            assert bucket.take() == 0


def test_both_versions_draw_on_one_bucket_and_are_told_when_to_come_back() -> None:
    account = generate_account(seed=1, campaigns=1, rows=10)
    with serve_in_thread(account, requests_per_second=0.01, burst=3) as sandbox:
        granted = [get_v2(sandbox, "/lists"), get_v1(sandbox, "/lists"), get_v2(sandbox, "/campaigns")]
        assert [answer.headers["X-RateLimiting-Remaining"] for answer in granted] == ["2", "1", "0"]
        refused = [get_v2(sandbox, "/lists"), get_v1(sandbox, "/lists")]
        assert [answer.status_code for answer in refused] == [429, 429]
        for answer in refused:
            assert 90 <= int(answer.headers["X-RateLimit-Retry-After"]) <= 100
            assert answer.headers["Retry-After"] == answer.headers["X-RateLimit-Retry-After"]
        assert refused[0].json()["type"].endswith("#too-many-requests")
        statistics = sandbox.control.statistics()
        assert (statistics.total, statistics.rate_limited) == (5, 2)
        assert statistics.first_request_at is not None
        assert statistics.last_request_at is not None
        assert statistics.first_request_at <= statistics.last_request_at
