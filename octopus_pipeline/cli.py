"""`octopus`: the pipeline from a terminal. The same jobs as in the Dagster UI, on the same instance."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sandbox.commands import sandbox
from octopus_pipeline.settings import load_settings
from octopus_pipeline.terminal.consolidate import consolidate
from octopus_pipeline.terminal.counties import counties
from octopus_pipeline.terminal.forget import forget
from octopus_pipeline.terminal.match import match
from octopus_pipeline.terminal.migrate import migrate
from octopus_pipeline.terminal.options import export_option, json_option, mongo_option, settings_with

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_HOURS_A_DAY = 24.0


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every command on campaigns has."""
    return mongo_option(export_option(json_option(command)))


_verbose = click.option("-v", "--verbose", is_flag=True, help="Show the runs' logs.")


@click.group(context_settings=_CONTEXT)
def octopus() -> None:
    """EmailOctopus campaigns to MongoDB and one CSV a campaign, provably right.

    Settings come from the environment and from .env (see .env.example); `octopus doctor` checks them. Every command
    that works on campaigns is a run of the Dagster project: `octopus dev` shows it.

    Exit codes: 0 all well, 1 something failed (it is named), 2 wrong use or wrong settings.
    """


@octopus.command(context_settings=_CONTEXT)
@click.option("--all", "everything", is_flag=True, help="Every campaign, every report that is not empty.")
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="NAME-OR-ID",
    help="The campaigns of this name or id; may be repeated.",
)
@click.option("--incremental", is_flag=True, help="New campaigns, and reports whose totals changed.")
@click.option(
    "--hours",
    type=click.FloatRange(0, 876_000),
    help="With --incremental: watch campaigns sent in the last so many hours only.",
)
@_verbose
@_common
def sync(
    *,
    everything: bool,
    campaigns: tuple[str, ...],
    incremental: bool,
    hours: float | None,
    verbose: bool,
    mongo_url: str | None,
    export_dir: str | None,
    as_json: bool,
) -> None:
    """Sync campaigns: download reports, merge them, write MongoDB and CSVs.

    \b
    octopus sync --all                   everything anew
    octopus sync --campaign "Fall 2025"  those of this name (or id, or partition) anew
    octopus sync --incremental           what is new or changed, within the live window

    A campaign that fails is named, keeps its earlier data and does not stop the others. Before the campaigns,
    counties whose records are new or changed are read and prepared for matching.
    """  # noqa: D301  # click wants the real backspace
    if sum((everything, bool(campaigns), incremental)) != 1:
        raise click.UsageError("choose one of --all, --campaign and --incremental")
    if not all(name.strip() for name in campaigns):
        raise click.UsageError("--campaign needs a name, an id or a partition")
    if hours is not None and not incremental:
        raise click.UsageError("--hours goes with --incremental")
    settings = settings_with(mongo_url=mongo_url, export_dir=export_dir)
    if hours is not None:
        settings = settings.model_copy(update={"octopus_live_window_days": hours / _HOURS_A_DAY})

    from octopus_pipeline.sync.campaigns import find_sent_campaigns, known_campaigns
    from octopus_pipeline.sync.plan import Mode
    from octopus_pipeline.sync.refresh import stale_campaigns
    from octopus_pipeline.terminal.account import account
    from octopus_pipeline.terminal.runs import runner
    from octopus_pipeline.terminal.summary import campaign_rows, print_campaigns, print_work, work_record

    console = Console(stderr=as_json)
    with account(settings, console) as chosen, runner(chosen, console, verbose=verbose) as run:
        run.list_campaigns(summaries=incremental)
        run.sync_counties(console)
        database = run.connections.database
        if incremental:
            wanted = stale_campaigns(run.connections)
        elif everything:
            wanted = [known for known in known_campaigns(database) if known.archived_at is None]
        else:
            wanted = [known for name in campaigns for known in find_sent_campaigns(database, name)]
        run.sync({known.key for known in wanted if known.key}, Mode.REFRESH if incremental else Mode.RESYNC)
        record = work_record(run.connections, run.work)
        rows = campaign_rows(run.connections)
    if as_json:
        click.echo(json.dumps({**record, "campaigns": rows}, indent=2))
    else:
        print_campaigns(console, rows)
        print_work(console, record)
    sys.exit(1 if record["failed"] or record["stopped"] or record["counties"]["failed"] else 0)


@octopus.command(context_settings=_CONTEXT)
@click.option(
    "--campaign", "campaigns", multiple=True, metavar="NAME-OR-ID", help="Only this one; repeatable."
)
@_verbose
@_common
def export(
    *, campaigns: tuple[str, ...], verbose: bool, mongo_url: str | None, export_dir: str | None, as_json: bool
) -> None:
    """Write the CSVs anew from what was synced. Asks nothing of EmailOctopus."""
    settings = settings_with(mongo_url=mongo_url, export_dir=export_dir)

    from octopus_pipeline.assets.engagement import CSV_KEY
    from octopus_pipeline.assets.matches import MATCHED_CSV_KEY
    from octopus_pipeline.sync.campaigns import find_sent_campaigns, known_campaigns
    from octopus_pipeline.sync.plan import Mode
    from octopus_pipeline.terminal.runs import runner

    console = Console(stderr=as_json)
    with runner(settings, console, verbose=verbose) as run:
        database = run.connections.database
        wanted = (
            [known for name in campaigns for known in find_sent_campaigns(database, name)]
            if campaigns
            else [known for known in known_campaigns(database) if known.synced_at]
        )
        run.sync({known.key for known in wanted if known.key}, Mode.RESYNC, [CSV_KEY, MATCHED_CSV_KEY])
        work = run.work
    if as_json:
        record = {"exported": work.synced, "failed": work.failed, "stopped": work.stopped}
        click.echo(json.dumps(record, indent=2))
    else:
        console.print(
            f"CSVs of {len(work.synced)} campaigns written to {settings.export_dir}", soft_wrap=True
        )
        for key, why in work.failed.items():
            console.print(f"failed: {key}: {why}", style="red", markup=False)
        if work.stopped:
            console.print(f"stopped: {work.stopped}", style="red", markup=False)
    sys.exit(1 if work.failed or work.stopped else 0)


@octopus.command(context_settings=_CONTEXT)
@_common
def stats(*, mongo_url: str | None, export_dir: str | None, as_json: bool) -> None:
    """Show every campaign with its counts, as last synced. Asks nothing of EmailOctopus."""
    settings = settings_with(mongo_url=mongo_url, export_dir=export_dir)

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.terminal.summary import campaign_rows, print_campaigns

    with Connections(settings) as connections:
        rows = campaign_rows(connections)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        print_campaigns(Console(), rows)
    else:
        click.echo("No campaigns yet: octopus sync --all")


@octopus.command(context_settings=_CONTEXT)
@_common
def doctor(*, mongo_url: str | None, export_dir: str | None, as_json: bool) -> None:
    """Check every setting, the API key, MongoDB, disk and versions, and say how to mend what is wrong."""
    from octopus_pipeline.terminal.doctor import examine

    findings = []
    for finding in examine(lambda: settings_with(mongo_url=mongo_url, export_dir=export_dir)):
        findings.append(finding)
        if not as_json:
            click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.subject}: {finding.seen}")
            if not finding.well:
                click.echo(f"     -> {finding.remedy}")
    if as_json:
        records = [{"well": finding.well, **asdict(finding)} for finding in findings]
        click.echo(json.dumps(records, indent=2))
    sys.exit(0 if all(finding.well for finding in findings) else 1)


@octopus.command(context_settings=_CONTEXT)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the UI listens; it has no login.")
@click.option("--port", default=3000, show_default=True, help="The UI's port.")
def dev(*, host: str, port: int) -> None:
    """Open the Dagster UI with its daemon: assets, runs, schedules, sensors, backfills. Ctrl-C ends it."""
    settings = load_settings()

    from octopus_pipeline.terminal.account import account
    from octopus_pipeline.terminal.dev import run_dagster

    with account(settings, Console()) as chosen:
        sys.exit(run_dagster(chosen, host=host, port=port))


@octopus.command(context_settings=_CONTEXT)
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(*, yes: bool) -> None:
    """Stop the embedded MongoDB and remove what the project made in the data folder, to begin anew.

    The sample account, migrations' backups and the list of erased people stay.
    """
    settings = load_settings()

    from octopus_pipeline.store.embedded import stop

    # Folders set elsewhere (OCTOPUS_EXPORT_DIR, DAGSTER_HOME ...) are the user's own and stay.
    made = ("mongodb", "tables", "county_index", "exports", "dagster", "limiter", "locks", "scratch")
    folders = [settings.data_dir / name for name in made if (settings.data_dir / name).exists()]
    if not yes and folders:
        click.confirm(f"Remove {', '.join(map(str, folders))}?", abort=True)
    stop(settings.data_dir)
    for folder in folders:
        shutil.rmtree(folder)
        click.echo(f"removed {folder}")


octopus.add_command(consolidate)
octopus.add_command(counties)
octopus.add_command(forget)
octopus.add_command(match)
octopus.add_command(migrate)
octopus.add_command(sandbox)


def main() -> None:
    """Run a command; an error of ours is its message on the error stream, never a traceback."""
    from octopus_pipeline.settings import SettingsError

    try:
        octopus()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except PipelineError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        click.echo(f"{error.filename}: {error.strerror}; see the folders that .env.example names", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("interrupted; what was finished stays", err=True)
        sys.exit(130)
