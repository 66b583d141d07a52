"""What Dagster, our merging, MongoDB and the CSVs cost a campaign when the API answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.dagster_dev import CAMPAIGN_ASSETS, dagster_dev
from benchmarks.measurement import Measurement
from benchmarks.workplace import Size, partition_keys, settings_for, workplace
from octopus_pipeline.assets.engagement import PEOPLE_KEY
from octopus_pipeline.sandbox.process import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT_PEOPLE = [key for key in CAMPAIGN_ASSETS if key != PEOPLE_KEY]


def run() -> Iterator[Measurement]:
    """Seconds a campaign of a backfill of all, from its first run's start to its last one's end.

    First without people: the bound was set before there were any, and merging them has one of its own (`people`),
    against what the server itself needs. Then with all assets, for information.
    """
    with workplace() as folder, start_sandbox(**Size().options(), requests_per_second=0) as sandbox:
        settings = settings_for(sandbox, folder)
        with dagster_dev(settings) as dev:
            dev.materialize_campaigns()
            keys = partition_keys(settings)
            backfills = {
                "all assets but people": (dev.backfill(keys, WITHOUT_PEOPLE), 0.5),
                "all assets, people for the first time": (dev.backfill(keys), None),
                "all assets again": (dev.backfill(keys), None),
            }
    for assets, (backfill, most) in backfills.items():
        yield Measurement(
            f"backfill of {len(keys)} campaigns through dagster dev, API answers instant: a campaign, {assets}",
            (backfill.ended - backfill.started) / len(keys),
            most=most,
            unit=" s",
            how={"runs": len(backfill.runs), "runs_at_once": backfill.runs_at_once},
        )
