"""Two processes that sync at once share one limit: never above it, never idle below it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.children import SPAWN, child, finish
from benchmarks.measurement import Measurement
from benchmarks.workplace import Size, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.campaigns import campaign_of_key
from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier, Event

    from octopus_pipeline.sandbox.control_client import SandboxControl
    from octopus_pipeline.settings import Settings

LIMIT, BURST, LATENCY_SECONDS = 50, 100, 0.05
"""Five times the real limit: two processes, a database and the sandbox on two cores must not be what limits."""
BOTH_ASK_UNTIL = 0.9
"""The share of all requests up to which both processes surely have some left."""
_SAMPLE_SECONDS = 0.1
_PATIENCE_SECONDS = 120


def run() -> Iterator[Measurement]:
    """429 answers met, and requests a second while both ask, once the burst is spent, as a share of the limit."""
    with (
        workplace() as folder,
        start_sandbox(
            **Size().options(), requests_per_second=LIMIT, burst=BURST, latency=LATENCY_SECONDS
        ) as sandbox,
    ):
        settings = settings_for(sandbox, folder, requests_per_second=LIMIT)
        with Connections(settings) as connections:
            keys = [str(known.key) for known in sent_campaigns(connections)]
        start, one_is_done = SPAWN.Barrier(3), SPAWN.Event()
        with (
            child(_sync_some, settings, keys[::2], start, one_is_done) as first,
            child(_sync_some, settings, keys[1::2], start, one_is_done) as second,
        ):
            start.wait(_PATIENCE_SECONDS)
            sandbox.control.reset_statistics()
            samples = _samples(sandbox.control, one_is_done)
            finish(first)
            finish(second)
        traffic = sandbox.control.statistics()
    yield Measurement(
        "429 answers met, two processes syncing at once",
        traffic.rate_limited,
        most=0,
        how={"requests": traffic.total},
    )
    steady = [one for one in samples if BURST <= one[1] <= BOTH_ASK_UNTIL * traffic.total]
    (began, before), (ended, after) = steady[0], steady[-1]
    yield Measurement(
        "two processes syncing at once: requests a second / limit",
        (after - before) / (ended - began) / LIMIT,
        least=0.97,
        how={"seconds": ended - began, "requests": after - before},
    )


def _sync_some(settings: Settings, keys: list[str], start: Barrier, one_is_done: Event) -> None:
    with Connections(settings) as connections:
        campaigns = [campaign_of_key(connections.database, key) for key in keys]
        start.wait(_PATIENCE_SECONDS)
        try:
            sync(connections, campaigns)
        finally:
            one_is_done.set()


def _samples(control: SandboxControl, until: Event) -> list[tuple[float, int]]:
    """(time, requests so far), again and again."""
    samples = []
    while not until.wait(_SAMPLE_SECONDS):
        total = control.statistics().total
        samples.append((time.monotonic(), total))
    return samples
