"""`octopus counties`: loading county files into MongoDB, and what there is of each county."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.terminal.options import json_option, mongo_option, settings_with

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from octopus_pipeline.counties.files import CountyFiles
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.known_counties import KnownCounty


class NoCountyFilesError(PipelineError):
    """There is no file of a county that is to be loaded."""


@click.group()
def counties() -> None:
    """County records: load them from files, see what there is.

    They are kept in the database MONGO_COUNTY_DATABASE, two collections a county. `octopus sync`, and the sensor
    new_counties of `octopus dev`, read what is new or changed there and prepare it for matching.
    """


@counties.command()
@click.argument("names", nargs=-1, metavar="[COUNTY]...")
@json_option
@mongo_option
def load(*, names: tuple[str, ...], mongo_url: str | None, as_json: bool) -> None:
    """Replace counties in MongoDB by the files of OCTOPUS_COUNTY_DIR: those named, or all that have files.

    \b
    Files are {county}_residential and {county}_demographic, .csv or .parquet:
      franklin_residential.csv  van_wert_demographic.parquet
    {county}.toml may say how their columns are named; docs/counties.md has an example.

    A county is replaced whole, or not at all if one of its files is wrong: then rows and columns are named, and the
    other counties are loaded.
    """  # noqa: D301  # click wants the real backspace
    settings = settings_with(mongo_url=mongo_url)

    from octopus_pipeline.counties.loading import load_county
    from octopus_pipeline.store.mongo import MongoUnavailableError
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.county_source import require_no_sample_counties

    chosen = _chosen(settings, names)
    loaded: dict[str, dict[str, int]] = {}
    failed: dict[str, str] = {}
    with Connections(settings) as connections:
        require_no_sample_counties(connections.county_database)
        for files in chosen:
            try:
                counts = load_county(connections.county_database, files).counts
            except MongoUnavailableError:
                raise
            except PipelineError as error:
                failed[files.county] = str(error)
                click.echo(f"{files.county}: {error}", err=True)
                continue
            loaded[files.county] = {kind: one.rows for kind, one in counts.items()}
            if not as_json:
                rows = " and ".join(f"{count:,} {kind}" for kind, count in loaded[files.county].items())
                click.echo(f"{files.county}: {rows} records loaded")
    if as_json:
        click.echo(json.dumps({"loaded": loaded, "failed": failed}, indent=2))
    sys.exit(1 if failed else 0)


@counties.command("list")
@json_option
@mongo_option
def show(*, mongo_url: str | None, as_json: bool) -> None:
    """Show the counties there are: records, when they were read, and whether their index is current.

    \b
    new      was not yet read              changed  may have changed since it was read
    current  tables and index are of it    gone     was read, and is in MongoDB no more
    """  # noqa: D301  # click wants the real backspace
    settings = settings_with(mongo_url=mongo_url)

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.known_counties import known_counties

    with Connections(settings) as connections:
        rows = [_row(known) for known in known_counties(connections)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        _print(Console(), rows, settings.time_zone)
    else:
        click.echo(f"No counties in {settings.mongo_county_database} yet: octopus counties load")


def _chosen(settings: Settings, names: tuple[str, ...]) -> list[CountyFiles]:
    """The files of the counties named, or of all."""
    from octopus_pipeline.counties.files import find_county_files
    from octopus_pipeline.counties.ohio import county_key

    found = find_county_files(settings.county_dir)
    if not found:
        raise NoCountyFilesError(
            f"{settings.county_dir} has no county files. Put them there, named as franklin_residential.csv is, or set "
            "OCTOPUS_COUNTY_DIR"
        )
    wanted = dict.fromkeys(county_key(name) or name for name in names) or found
    absent = [name for name in wanted if name not in found]
    if absent:
        raise NoCountyFilesError(
            f"{settings.county_dir} has no files of {', '.join(absent)}; it has those of {', '.join(found)}"
        )
    return [found[name] for name in wanted]


def _row(known: KnownCounty) -> dict[str, Any]:
    read = {kind: table.counts.rows for kind, table in known.state.tables.items()}
    read_at = max((table.read_at for table in known.state.tables.values()), default=None)
    return {
        "county": known.county,
        "status": str(known.status),
        **{kind: known.documents.get(kind, read.get(kind)) for kind in ("residential", "demographic")},
        "read_at": read_at.isoformat(timespec="seconds") if read_at else None,
        "index_is_current": known.index is not None,
        "error": known.state.error if known.state.failures else None,
        "passed_over": known.collections.shadowed,
    }


def _print(console: Console, rows: list[dict[str, Any]], time_zone: ZoneInfo) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("county", "status"):
        table.add_column(heading)
    for heading in ("residential", "demographic"):
        table.add_column(heading, justify="right")
    for heading in ("read at", "index"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        counts = ("-" if row[kind] is None else f"{row[kind]:,}" for kind in ("residential", "demographic"))
        read_at = datetime.fromisoformat(row["read_at"]).astimezone(time_zone) if row["read_at"] else None
        index = "current" if row["index_is_current"] else "to be built"
        when = f"{read_at:%Y-%m-%d %H:%M}" if read_at else "-"
        table.add_row(row["county"], row["status"], *counts, when, index)
    console.print(table)
    for row in rows:
        if row["error"]:
            console.print(f"{row['county']}: the last attempt failed with {row['error']}", style="red")
        if row["passed_over"]:
            others = ", ".join(row["passed_over"])
            console.print(f"{row['county']}: passed over, as there is a better named collection: {others}")
