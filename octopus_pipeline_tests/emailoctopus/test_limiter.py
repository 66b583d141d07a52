"""The limiter: never above the limit, never idle below it, one for all processes, unharmed by crashes."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.client import EmailOctopus
from octopus_pipeline.emailoctopus.limiter import RateLimiter
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.rate_limit import TokenBucket
from octopus_pipeline.sandbox.serving import serve_in_thread
from octopus_pipeline_tests.emailoctopus.fake_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable

RATES = st.sampled_from([(0.5, 2), (3, 7), (10, 100), (100, 100), (200, 50)])

MILLISECOND = 0.001001
"""The limiter's grain, and a little for floating point."""


def limiter(folder: Path, fake: FakeTime, rate: float = 10, burst: int = 100) -> RateLimiter:
    path = folder / "limiter" / "account.state"
    return RateLimiter(path, requests_per_second=rate, burst=burst, clock=fake.clock, sleep=fake.sleep)


@given(RATES, st.lists(st.sampled_from([0.0, 0.001, 0.0301, 0.4, 3.0, 30.0]), min_size=1, max_size=300))
def test_no_window_holds_more_than_the_burst_and_the_rate_times_its_length(
    limit: tuple[float, int], pauses: list[float]
) -> None:
    rate, burst = limit
    fake = FakeTime()
    granted = []
    with TemporaryDirectory() as folder:
        limited = limiter(Path(folder), fake, rate, burst)
        for pause in pauses:
            fake.now += pause
            limited.acquire()
            granted.append(fake.now)
    for first, start in enumerate(granted):
        for last in range(first, len(granted)):
            assert last - first + 1 <= burst + rate * (granted[last] - start) + 1e-6


@given(
    st.sampled_from([(10, 100), (100, 100), (100, 40)]),
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.0, 0.05, 1.0, 20.0]), st.floats(0, 0.09)), max_size=300),
)
def test_a_server_with_the_same_numbers_never_refuses_however_unevenly_requests_arrive(
    limit: tuple[float, int], requests: list[tuple[float, float]]
) -> None:
    rate, burst = limit
    fake = FakeTime()
    arrivals = []
    with TemporaryDirectory() as folder:
        limited = limiter(Path(folder), fake, rate, burst)
        for pause, delay in requests:
            fake.now += pause
            limited.acquire()
            arrivals.append(fake.now + delay)
    server_time = FakeTime()
    server = TokenBucket(rate, burst, clock=server_time.clock)
    for server_time.now in sorted(arrivals):
        assert server.take() == 0


@pytest.mark.parametrize(("rate", "burst"), [(0.5, 1), (0.5, 4), (3, 10), (10, 100), (12.34, 20), (100, 100)])
def test_the_rate_is_exact_as_long_as_there_is_work(tmp_path: Path, rate: float, burst: int) -> None:
    fake = FakeTime()
    limited = limiter(tmp_path, fake, rate, burst)
    for _ in range(burst):
        limited.acquire()
    start, requests = fake.now, 500
    waited = sum(limited.acquire() for _ in range(requests))
    assert fake.now - start == pytest.approx(requests / rate, rel=0.001)
    assert waited == pytest.approx(fake.now - start, rel=0.001)


def test_all_limiters_on_one_file_share_the_limit_and_a_later_run_inherits_it(tmp_path: Path) -> None:
    fake = FakeTime()
    processes = [limiter(tmp_path, fake, burst=20) for _ in range(3)]
    for turn in range(18):
        assert processes[turn % 3].acquire() == 0
    assert processes[0].acquire() == pytest.approx(0.1, abs=MILLISECOND)
    assert limiter(tmp_path, fake, burst=20).acquire() == pytest.approx(0.1, abs=MILLISECOND)


def test_after_a_hold_nobody_sends_before_its_end_and_then_only_at_the_sustained_rate(tmp_path: Path) -> None:
    fake = FakeTime()
    one, other = limiter(tmp_path, fake), limiter(tmp_path, fake)
    start = fake.now
    one.hold(30)
    one.hold(5)  # a shorter one does not end it
    sent = []
    for _ in range(20):
        other.acquire()
        sent.append(fake.now - start)
    assert sent[0] == pytest.approx(30, abs=MILLISECOND)
    assert all(later - earlier == pytest.approx(0.1, abs=MILLISECOND) for earlier, later in pairwise(sent))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:1],
        lambda content: content[:-1],
        lambda content: content.replace(b"1", b"7", 1),
        lambda content: b"\xff" * 10 * len(content),
    ],
)
def test_a_torn_or_corrupt_state_counts_as_an_empty_bucket_and_heals(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    fake = FakeTime()
    limited = limiter(tmp_path, fake)
    limited.acquire()
    state = tmp_path / "limiter" / "account.state"
    state.write_bytes(damage(state.read_bytes()))
    assert [limited.acquire() for _ in range(3)] == pytest.approx([0.1] * 3, abs=MILLISECOND)
    fake.now += 60
    assert limited.acquire() == 0


@pytest.mark.parametrize("hours", [0.0001, 1, 24 * 400])
def test_a_clock_set_back_neither_lets_more_pass_nor_stops_the_work(tmp_path: Path, hours: float) -> None:
    fake = FakeTime()
    limited = limiter(tmp_path, fake)
    for _ in range(100):
        limited.acquire()
    fake.now -= hours * 3600
    assert [limited.acquire() for _ in range(5)] == pytest.approx([0.1] * 5, abs=MILLISECOND)


def test_two_processes_of_many_threads_use_the_whole_limit_without_one_429(tmp_path: Path) -> None:
    account = generate_account(seed=1, campaigns=1, rows=5, lists=1)
    rate, burst, requests = 200, 50, 240
    with serve_in_thread(account, requests_per_second=rate, burst=burst) as sandbox:
        spawn = multiprocessing.get_context("spawn")
        barrier = spawn.Barrier(2)
        work = (sandbox.url, sandbox.api_key, tmp_path, rate, burst, requests)
        processes = [spawn.Process(target=_ask_with_16_threads, args=(barrier, *work)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        traffic = sandbox.control.statistics()
    assert [process.exitcode for process in processes] == [0, 0]
    assert (traffic.rate_limited, traffic.total) == (0, 2 * requests)
    assert traffic.last_request_at is not None
    assert traffic.first_request_at is not None
    assert traffic.last_request_at - traffic.first_request_at < 1.5 * (2 * requests - burst / 2) / rate


def _ask_with_16_threads(
    barrier: object, url: str, api_key: str, folder: Path, rate: float, burst: int, requests: int
) -> None:
    limited = RateLimiter(folder / "account.state", requests_per_second=rate, burst=burst)
    client = EmailOctopus(api_key=api_key, base_url=url, limiter=limited, max_attempts=1)
    barrier.wait()  # type: ignore[attr-defined]  # a multiprocessing barrier has no public type
    with client, ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(list, client.lists()) for _ in range(requests)]:
            done.result()


def test_a_thread_that_waits_counts_the_time_once(tmp_path: Path) -> None:
    limited = RateLimiter(tmp_path / "account.state", requests_per_second=50, burst=2)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        waited = sum(threads.map(lambda _: limited.acquire(), range(16)))
    assert waited <= time.monotonic() - started


def test_of_requests_that_wait_those_of_the_least_rank_go_first(tmp_path: Path) -> None:
    limited = RateLimiter(tmp_path / "account.state", requests_per_second=400, burst=2)
    granted: list[int] = []

    def ask(rank: int) -> None:
        for _ in range(10):
            limited.acquire(rank=rank)
            granted.append(rank)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, [7, 7, 7, 7, 3, 3, 3, 3]))
    up_to_the_last_of_rank_3 = granted[: len(granted) - granted[::-1].index(3)]
    assert sorted(granted) == [3] * 40 + [7] * 40
    assert up_to_the_last_of_rank_3.count(7) < 12, "some of them came before the others stood in line"


def test_an_interrupted_thread_holds_up_no_other(tmp_path: Path) -> None:
    sleeps, fake = itertools.count(), FakeTime()

    def interrupted_sleep(seconds: float) -> None:
        if next(sleeps) % 3 == 0:
            raise InterruptedError
        fake.sleep(seconds)

    limited = RateLimiter(
        tmp_path / "account.state",
        requests_per_second=400,
        burst=2,
        clock=fake.clock,
        sleep=interrupted_sleep,
    )
    with ThreadPoolExecutor(8) as threads:
        requests = [threads.submit(limited.acquire, rank=n % 4) for n in range(80)]
    errors = [type(request.exception()) for request in requests if request.exception()]
    assert set(errors) == {InterruptedError}
    assert len(errors) == math.ceil(next(sleeps) / 3)
