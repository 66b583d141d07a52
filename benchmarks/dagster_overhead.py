"""What Dagster, our merging, MongoDB and the CSVs cost a campaign when the API answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.dagster_dev import dagster_dev
from benchmarks.measurement import Measurement
from benchmarks.workplace import Size, partition_keys, settings_for, workplace
from octopus_pipeline.sandbox.process import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


def run() -> Iterator[Measurement]:
    """Seconds a campaign of a backfill of all, from its first run's start to its last one's end."""
    with workplace() as folder, start_sandbox(**Size().options(), requests_per_second=0) as sandbox:
        settings = settings_for(sandbox, folder)
        with dagster_dev(settings) as dev:
            dev.materialize_campaigns()
            keys = partition_keys(settings)
            backfill = dev.backfill(keys)
    yield Measurement(
        f"backfill of {len(keys)} campaigns through dagster dev, API answers instant: a campaign, all assets",
        (backfill.ended - backfill.started) / len(keys),
        most=0.5,
        unit=" s",
        how={"runs": len(backfill.runs), "runs_at_once": backfill.runs_at_once},
    )
