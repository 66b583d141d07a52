"""A full re-sync against the rate limit: the API, not our work, is to set the pace, and no request is to be wasted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measurement import Measurement, median, seconds_of
from benchmarks.workplace import CAMPAIGNS, ROWS, Size, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.sandbox.process import SandboxProcess

LIMIT, BURST, LATENCY_SECONDS = 100, 100, 0.1


def run() -> Iterator[Measurement]:
    """A first sync, then a re-sync over what is there; of each the time and the requests against what they need."""
    with (
        workplace() as folder,
        start_sandbox(
            **Size().options(), requests_per_second=LIMIT, burst=BURST, latency=LATENCY_SECONDS
        ) as sandbox,
        Connections(settings_for(sandbox, folder, requests_per_second=LIMIT)) as connections,
    ):
        needed = sandbox.control.account()["expected_requests"]
        connections.database.command(
            "ping"
        )  # a MongoDB server that has to start first is not what is measured
        # Beside it, without a bound: its campaigns wait for contact lists that come page after page.
        yield from _measured("first sync", connections, sandbox, needed["total"], most=None)
        # The contact lists, minutes old, are not read again.
        yield from _measured("re-sync", connections, sandbox, needed["without_contacts"], most=1.05, times=3)


def _measured(
    name: str,
    connections: Connections,
    sandbox: SandboxProcess,
    needed: int,
    *,
    most: float | None,
    times: int = 1,
) -> Iterator[Measurement]:
    """The median of some syncs, one after the other: this machine's speed changes from minute to minute."""
    runs, made, limited = [], 0, 0
    for _ in range(times):
        time.sleep(BURST / LIMIT)  # the burst comes back
        sandbox.control.reset_statistics()
        runs.append(seconds_of(lambda: sync(connections, sent_campaigns(connections))))
        traffic = sandbox.control.statistics()
        made, limited = made + traffic.total, limited + traffic.rate_limited
    bound = (needed - BURST) / LIMIT
    title = f"full {name} of {CAMPAIGNS} campaigns, {ROWS:,} rows"
    yield Measurement(
        f"{title}, {LIMIT} requests a second, {LATENCY_SECONDS * 1000:g} ms latency: "
        "time / (requests needed, less the burst, / limit)",
        median(runs) / bound,
        most=most,
        how={"seconds": ", ".join(f"{seconds:.2f}" for seconds in runs), "bound_seconds": bound},
    )
    yield Measurement(
        f"{title}: requests made / needed",
        made / (times * needed),
        least=1,
        most=1,
        how={"made": made, "needed": times * needed, "answers_429": limited},
    )
