"""`octopus match`: matching campaigns with county records, and deciding where it was not sure."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from octopus_pipeline.settings import load_settings
from octopus_pipeline.terminal.match_commands import explain, learn, report
from octopus_pipeline.terminal.options import json_option

_campaigns = click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="NAME-OR-ID",
    help="Only this one; repeatable.",
)


@click.group()
def match() -> None:
    """Who lives where: match campaigns with county records, review and decide.

    Every sync matches its campaigns. What was found is in the CSVs; what was not sure enough is listed by `review`,
    and a decision about it overrules the matching for ever.
    """


@match.command()
@_campaigns
@click.option("-v", "--verbose", is_flag=True, help="Show the runs' logs.")
@json_option
def run(*, campaigns: tuple[str, ...], verbose: bool, as_json: bool) -> None:
    """Match synced campaigns anew and write their CSVs: after a county was loaded, or decisions were made.

    New and changed counties are read first. Asks nothing of EmailOctopus. People who say the same and live in
    the same counties are not looked for again.
    """
    settings = load_settings()

    from octopus_pipeline.orchestration.jobs import MATCHING_KEYS
    from octopus_pipeline.sync.campaigns import find_sent_campaigns, known_campaigns
    from octopus_pipeline.sync.plan import Mode
    from octopus_pipeline.terminal.runs import runner
    from octopus_pipeline.terminal.summary import campaign_rows, print_campaigns, print_failures

    console = Console(stderr=as_json)
    with runner(settings, console, verbose=verbose) as runs:
        runs.sync_counties(console)
        database = runs.connections.database
        wanted = (
            [known for name in campaigns for known in find_sent_campaigns(database, name)]
            if campaigns
            else [known for known in known_campaigns(database) if known.synced_at]
        )
        runs.sync({known.key for known in wanted if known.key}, Mode.RESYNC, MATCHING_KEYS)
        work = runs.work
        rows = [row for row in campaign_rows(runs.connections) if row["campaign"] in work.synced]
    record = {
        "matched": work.synced,
        "failed": work.failed,
        "stopped": work.stopped,
        "counties": asdict(work.counties),
    }
    if as_json:
        click.echo(json.dumps({**record, "campaigns": rows}, indent=2))
    else:
        print_campaigns(console, rows)
        print_failures(console, record)
    sys.exit(1 if work.failed or work.stopped or work.counties.failed else 0)


@match.command()
@_campaigns
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: match_review.csv beside the CSVs.",
)
def review(*, campaigns: tuple[str, ...], output: Path | None) -> None:
    """Write a CSV of the people whose household was found but not surely enough, with the best candidate of each.

    Fill in its column decision (right, wrong, or parcel with another county and parcel_id) and add its rows to
    data/decisions.csv (OCTOPUS_DECISIONS_FILE), which may have all these columns; rows without a decision count for
    nothing. `octopus match run` then brings them in. Import parcel_id as text, or a spreadsheet loses its digits.
    """
    settings = load_settings()

    from octopus_pipeline.sync.campaigns import find_sent_campaigns, known_campaigns
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.review import rows_to_review, write_review
    from octopus_pipeline.sync.working import at_work

    path = output or settings.export_dir / "match_review.csv"
    with Connections(settings) as connections:
        database = connections.database
        wanted = (
            [known for name in campaigns for known in find_sent_campaigns(database, name)]
            if campaigns
            else [known for known in known_campaigns(database) if known.key]
        )
        with at_work(connections.locks_folder):
            people = rows_to_review(connections, wanted)
            write_review(path, people)
    click.echo(f"{len(people)} people to review: {path}")


@match.command()
@click.argument("email")
@click.argument("decision", metavar="right|wrong|COUNTY/PARCEL")
@click.option("--comment", help="Why, for whoever reads it later.")
def decide(*, email: str, decision: str, comment: str | None) -> None:
    """Decide about one person's household: what the CSVs show (or `review` lists) is right or wrong, or a parcel.

    \b
    octopus match decide jane@example.com right
    octopus match decide jane@example.com Franklin/010-000123-00 --comment "moved in June"

    EMAIL may be a contact id. The decision is kept in the collection match_decisions and names the parcel, so that it
    survives whatever the matching finds later. It shows after `octopus match run`, or the next sync.
    """  # noqa: D301  # click wants the real backspace
    settings = load_settings()

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.decisions import record_decision
    from octopus_pipeline.sync.person import decision_about
    from octopus_pipeline.sync.working import at_work

    with Connections(settings) as connections, at_work(connections.locks_folder):
        decided = decision_about(connections, email.strip(), decision)
        record_decision(connections.database, email.strip().lower(), decided, comment, datetime.now(UTC))
    click.echo(f"decided: {decided.verdict}, {decided.parcel}. It shows after `octopus match run`")


match.add_command(explain)
match.add_command(report)
match.add_command(learn)
