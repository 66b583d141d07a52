"""Where campaigns are merged and written makes no difference to what comes of it, whatever becomes of the processes."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.store.mongo import MongoUnavailableError
from octopus_pipeline.store.tables import DamagedTableError
from octopus_pipeline.sync import finishing
from octopus_pipeline.sync.account import CampaignFailure
from octopus_pipeline.sync.campaign import CampaignResult
from octopus_pipeline_tests.sync.conftest import Bench
from octopus_pipeline_tests.sync.history import assert_true, trace, unfinished_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from octopus_pipeline.sync.campaigns import KnownCampaign


PROCESSES = 2


@dataclass
class Watch:
    """Progress that is looked at from outside: what to do at each campaign, and whether all pages were read."""

    at_campaign: Callable[[], object] = lambda: None
    pages_left: int = 0
    all_read: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, pages: int) -> None:
        with self.lock:
            self.pages_left += pages

    def page(self, rows: int) -> None:
        with self.lock:
            self.pages_left -= rows > 0
            if self.pages_left <= 0:
                self.all_read.set()

    def campaign(self, name: str, *, done: int, of: int) -> None:
        self.at_campaign()


@pytest.fixture
def in_processes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the account had many pages and a limit that threads cannot keep up with."""
    fast = {"octopus_writer_processes": PROCESSES, "emailoctopus_requests_per_second": 100.0}
    settings = bench.connections.settings.model_copy(update=fast)
    monkeypatch.setattr(bench.connections, "settings", settings)
    monkeypatch.setattr(finishing, "WORTH_PAGES", 1)


@pytest.mark.usefixtures("in_processes")
def test_processes_finish_campaigns_as_threads_do(bench: Bench) -> None:
    seen: set[int] = set()
    campaigns = bench.campaigns()
    bench.sync(
        campaigns,
        progress=Watch(lambda: seen.update(child.pid or 0 for child in multiprocessing.active_children())),
    )
    assert len(seen) == PROCESSES
    assert multiprocessing.active_children() == []
    for known in campaigns:
        assert_true(bench, known)
    assert unfinished_files(bench) == []
    in_processes, files = bench.sync(campaigns), [trace(bench, known).files for known in campaigns]
    finishing.WORTH_PAGES = 10_000
    in_threads = bench.sync(campaigns)
    assert told(in_threads) == told(in_processes)
    assert [trace(bench, known).files for known in campaigns] == files


@pytest.mark.usefixtures("in_processes")
def test_a_process_that_is_killed_costs_nothing_but_time(bench: Bench) -> None:
    killed: list[object] = []

    def kill_one() -> None:
        if not killed:
            (victim, *_) = multiprocessing.active_children()
            victim.kill()
            killed.append(victim)

    bench.sync(progress=Watch(kill_one))
    assert killed
    for known in bench.campaigns():
        assert_true(bench, known)


@pytest.mark.usefixtures("in_processes")
def test_an_error_in_a_process_is_its_campaigns_own(bench: Bench) -> None:
    campaigns = bench.campaigns()
    bench.sync(campaigns)
    table = bench.connections.tables.location("engagement", str(campaigns[0].key))
    Path(table).write_bytes(b"no Parquet")
    outcomes = bench.sync(campaigns)
    failed = outcomes.pop(campaigns[0].campaign.id)
    assert isinstance(failed, CampaignFailure)
    assert isinstance(failed.error, DamagedTableError)
    assert table in str(failed.error)
    assert all(isinstance(outcome, CampaignResult) for outcome in outcomes.values())


def test_a_sync_that_ends_begins_no_campaign_that_waited_for_its_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns = bench.campaigns()
    watch, ending, begun = Watch(), threading.Event(), []
    shutdown = ThreadPoolExecutor.shutdown

    def end(pool: ThreadPoolExecutor, **options: bool) -> None:
        ending.set()
        shutdown(pool, **options)

    def lose_the_server(_: object, known: KnownCampaign, *__: object, **___: object) -> None:
        begun.append(known)
        # The first fails when all the others wait for their turn, the second when that has ended the sync.
        (watch.all_read if len(begun) == 1 else ending).wait(60)
        message = "MongoDB was lost"
        raise MongoUnavailableError(message)

    monkeypatch.setattr(finishing, "THREADS", 1)
    monkeypatch.setattr(finishing, "finish_campaign", lose_the_server)
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", end)
    with pytest.raises(MongoUnavailableError):
        bench.sync(campaigns, progress=watch)
    assert len(begun) <= 2 < len(campaigns)


def told(outcomes: dict[str, Any]) -> dict[str, Any]:
    """What a sync said of each campaign, but for the paths and numbers of prepared tables."""
    return {
        campaign_id: (
            outcome.before,
            outcome.engagement,
            outcome.stored,
            outcome.csv,
            {report: (one.rows, one.contacts) for report, one in outcome.downloads.items()},
        )
        for campaign_id, outcome in outcomes.items()
    }
