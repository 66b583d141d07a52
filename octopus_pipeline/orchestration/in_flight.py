"""Which partitions a run is working on, or will."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.run_lease import end_if_orphaned
from octopus_pipeline.orchestration.jobs import RANGE_END, RANGE_START

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""What a run is while it works or waits."""


def keys_in_flight(instance: dg.DagsterInstance, ordered: Sequence[str], locks_folder: Path) -> set[str]:
    """Those of `ordered` that an unfinished run works on, single or ranged.

    Runs whose process was killed, as `locks_folder` tells, are marked as failed instead.
    """
    keys: set[str] = set()
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)):
        if end_if_orphaned(instance, run, locks_folder):
            continue
        first = run.tags.get(RANGE_START) or run.tags.get("dagster/partition")
        last = run.tags.get(RANGE_END) or first
        if first in ordered and last in ordered:
            keys.update(ordered[ordered.index(first) : ordered.index(last) + 1])
    return keys
