"""`octopus consolidate`: people over all campaigns, or some, in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from octopus_pipeline.people.filters import FILTERS, FilterError, in_words, people_filter
from octopus_pipeline.terminal.options import export_option, json_option, mongo_option, settings_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from octopus_pipeline.people.filters import FilterSpec


def _option_name(filter_name: str) -> str:
    return f"--{filter_name.replace('_', '-')}"


def _option(spec: FilterSpec) -> Callable[[Any], Any]:
    name = _option_name(spec.name)
    if spec.kind is bool:
        return click.option(name, is_flag=True, help=spec.description)
    kind = click.Choice(spec.choices) if spec.choices else spec.kind
    return click.option(name, multiple=spec.many, type=kind, help=spec.description)


def _filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each filter there is, in their order."""
    for spec in reversed(FILTERS.values()):
        command = _option(spec)(command)
    return command


class _FilterCommand(click.Command):
    """A command whose unknown options are told which filters there are."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = error.format_message()
        raise click.UsageError(f"{message} The filters are {', '.join(map(_option_name, FILTERS))}", ctx)


@click.command(cls=_FilterCommand)
@_filter_options
@click.option(
    "--rows",
    type=click.Choice(["campaigns", "people"]),
    default="campaigns",
    show_default=True,
    help="What a row is: a campaign that a person received, or a person.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file, .csv, .parquet or .xlsx; default: consolidated.csv in the exports folder.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show the run's log.")
@mongo_option
@export_option
@json_option
def consolidate(
    *,
    rows: str,
    output: Path | None,
    verbose: bool,
    mongo_url: str | None,
    export_dir: str | None,
    as_json: bool,
    **filters: object,
) -> None:
    """Write one file of everybody who passes the filters, over all campaigns or some, with their households.

    \b
    octopus consolidate --engaged
    octopus consolidate --engaged --county Richland --output richland.xlsx
    octopus consolidate --rows people --match matched --min-energy-burden 0.06

    Filters combine: each has to hold, the values of one are alternatives. In rows of campaigns flags are of one mail to
    one person, in rows of people of any of the chosen campaigns. docs/consolidated.md tells what the columns mean.
    """  # noqa: D301  # click wants the real backspace
    from octopus_pipeline.exports.table_files import UnknownFormatError, format_of

    try:
        wanted = people_filter(filters)
        if output is not None:
            format_of(output)
    except (FilterError, UnknownFormatError) as error:
        raise click.UsageError(str(error)) from error
    settings = settings_with(mongo_url=mongo_url, export_dir=export_dir)

    from octopus_pipeline.terminal.runs import runner

    file = {} if output is None else {"file": str(output.resolve())}
    given = wanted.model_dump(mode="json", exclude_defaults=True)
    console = Console(stderr=as_json)
    with runner(settings, console, verbose=verbose) as run:
        written = run.consolidate({"rows": rows, **file, **given})
        record = {**written, "filters": given, "runs": run.work.run_ids}
    if as_json:
        click.echo(json.dumps(record, indent=2))
        return
    console.print(
        f"{written['rows']:,} rows of {written['people']:,} people in {written['campaigns']:,} campaigns "
        f"({in_words(wanted)}): {written['file']}",
        soft_wrap=True,
        markup=False,
    )
