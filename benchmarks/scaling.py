"""What ten times the rows cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measurement import Measurement, median
from benchmarks.workplace import CAMPAIGNS, ROWS, Size, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Iterator

REPETITIONS = 3


def run() -> Iterator[Measurement]:
    """The time of a first full sync of an account with an instant API, large / small."""
    small = [_sync_seconds(Size(rows=ROWS // 10)) for _ in range(REPETITIONS)]
    large = [_sync_seconds(Size()) for _ in range(REPETITIONS)]
    (small_wall, small_cpu), (large_wall, large_cpu) = (
        (median([wall for wall, _ in runs]), median([cpu for _, cpu in runs])) for runs in (small, large)
    )
    yield Measurement(
        f"full sync of {CAMPAIGNS} campaigns: time for {ROWS:,} rows / for {ROWS // 10:,}",
        large_wall / small_wall,
        most=11,
        how={
            "seconds": large_wall,
            "seconds_for_a_tenth": small_wall,
            "ratio_of_our_cpu_time": large_cpu / small_cpu,
        },
    )


def _sync_seconds(size: Size) -> tuple[float, float]:
    """Wall time, and CPU time of this process."""
    with (
        workplace() as folder,
        start_sandbox(**size.options(), requests_per_second=0) as sandbox,
        Connections(settings_for(sandbox, folder)) as connections,
    ):
        campaigns = sent_campaigns(connections)
        wall, cpu = time.perf_counter(), time.process_time()
        sync(connections, campaigns)
        return time.perf_counter() - wall, time.process_time() - cpu
