"""`python -m benchmarks [NAME ...]`: measure, compare with what must be reached, and exit with 1 if anything missed.

The table is printed at the end; the same, with what each number was made from, is in benchmarks/results/ as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from octopus_pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measurement import Measurement

BENCHMARKS = (
    "upsert",
    "csv_file",
    "people",
    "consolidated",
    "resync_fast",
    "refresh_unchanged",
    "two_processes",
    "scaling",
    "dagster_overhead",
    "million",
    "migration",
    "backfill_real_limit",
    "household_difficulty",
    "household_accuracy",
    "household_speed",
)
RESULTS = Path(__file__).parent / "results"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(BENCHMARKS))
def main(names: Sequence[str]) -> None:
    """Run the benchmarks NAMES one after the other; all of them, about 15 minutes, if none is named."""
    # Ending us by a signal must still stop the servers and remove the folders.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name, field in Settings.model_fields.items():
        os.environ.pop(field.alias or name.upper(), None)
    measured: list[Measurement] = []
    for name in names or BENCHMARKS:
        click.echo(f"{name} ...", err=True)
        started = time.monotonic()
        for measurement in importlib.import_module(f"benchmarks.{name}").run():
            measured.append(measurement)
            click.echo(f"  {measurement.what}: {measurement.value:.3g}{measurement.unit}", err=True)
        seconds = time.monotonic() - started
        click.echo(f"  {seconds:.0f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", err=True)
    _keep(measured)
    _print(measured)
    sys.exit(0 if all(one.is_met for one in measured) else 1)


def _print(measured: Sequence[Measurement]) -> None:
    table = Table("what", "measured", "must reach", "")
    for one in measured:
        table.add_row(
            one.what, f"{one.value:.3g}{one.unit}", one.bound, "ok" if one.is_met else "[red]MISSED[/red]"
        )
    Console().print(table)


def _keep(measured: Sequence[Measurement]) -> None:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    records = [{**asdict(one), "met": one.is_met} for one in measured]
    content = {
        "at": now.isoformat(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "measured": records,
    }
    path = RESULTS / f"{now:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
