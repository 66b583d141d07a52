"""How much memory a campaign of a million recipients takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from benchmarks.children import SPAWN, child, finish
from benchmarks.measurement import Measurement
from benchmarks.workplace import sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.orchestration.jobs import SYNC_CAMPAIGNS
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from octopus_pipeline.settings import Settings

RECIPIENTS = 1_000_000
_MEBIBYTES_A_GIBIBYTE = 1024
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def run() -> Iterator[Measurement]:
    """The peak of a first sync as a library call, then of a re-sync over it as a run of Dagster."""
    with (
        workplace() as folder,
        start_sandbox(campaigns=1, rows=RECIPIENTS, largest_share=1.0, requests_per_second=0) as sandbox,
    ):
        settings = settings_for(sandbox, folder)
        for name, work in (("first sync", _sync), ("re-sync as a Dagster run", _run_in_dagster)):
            receiver, sender = SPAWN.Pipe(duplex=False)
            with child(work, settings, sender) as process:
                finish(process)
                peak = receiver.recv()
            yield Measurement(
                f"{name} of a campaign of {RECIPIENTS:,} recipients: peak memory",
                peak,
                most=_MEBIBYTES_A_GIBIBYTE,
                unit=" MiB",
            )


def _sync(settings: Settings, peak: Connection) -> None:
    with Connections(settings) as connections:
        sync(connections, sent_campaigns(connections))
    peak.send(_peak_mebibytes())


def _run_in_dagster(settings: Settings, peak: Connection) -> None:
    with Connections(settings) as connections, dg.DagsterInstance.local_temp() as instance:
        (key,) = (str(known.key) for known in sent_campaigns(connections))
        instance.add_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "", [key])
        job = build_definitions(settings).resolve_job_def(SYNC_CAMPAIGNS.name)
        job.execute_in_process(instance=instance, partition_key=key, run_config=_QUIET)
    peak.send(_peak_mebibytes())


def _peak_mebibytes() -> float:
    """The peak of this process alone: `ru_maxrss` would count what its parent had in memory at its start."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")
    )
    return int(line.split()[1]) / 1024
