"""A backfill launched in the UI at EmailOctopus's real limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.dagster_dev import dagster_dev
from benchmarks.measurement import Measurement
from benchmarks.workplace import Size, partition_keys, settings_for, workplace
from octopus_pipeline.sandbox.process import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT, BURST, LATENCY_SECONDS = 10, 100, 0.05


def run() -> Iterator[Measurement]:
    """From the first run's start to the last CSV, against the time that its requests need at the limit."""
    with (
        workplace() as folder,
        start_sandbox(
            **Size().options(), requests_per_second=LIMIT, burst=BURST, latency=LATENCY_SECONDS
        ) as sandbox,
    ):
        settings = settings_for(sandbox, folder, requests_per_second=LIMIT)
        account = sandbox.control.account()["expected_requests"]
        with dagster_dev(settings) as dev:
            dev.materialize_campaigns()
            keys = partition_keys(settings)
            sandbox.control.reset_statistics()
            backfill = dev.backfill(keys)
        traffic = sandbox.control.statistics()
        last_csv = max(path.stat().st_mtime for path in settings.export_dir.glob("*.csv"))
    needed = account["total"] - account["campaign_pages"]
    seconds, bound = last_csv - backfill.started, (needed - BURST) / LIMIT
    yield Measurement(
        f"backfill of {len(keys)} campaigns through dagster dev at {LIMIT} requests a second: "
        "time to the last CSV / (requests needed, less the burst, / limit)",
        seconds / bound,
        most=1.1,
        how={
            "seconds": seconds,
            "bound_seconds": bound,
            "seconds_from_start_to_last_request": (traffic.last_request_at or 0) - backfill.started,
            "requests_made": traffic.total,
            "requests_needed": needed,
            "answers_429": traffic.rate_limited,
            "runs": len(backfill.runs),
            "runs_at_once": backfill.runs_at_once,
        },
    )
