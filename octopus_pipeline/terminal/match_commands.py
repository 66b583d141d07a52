"""`octopus match explain` and `octopus match report`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from octopus_pipeline.settings import load_settings

if TYPE_CHECKING:
    from octopus_pipeline.matching.explanation import AnalystsWord
    from octopus_pipeline.sync.connections import Connections

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")


@click.command()
@click.argument("who", metavar="EMAIL-OR-ADDRESS")
@click.option("--city", help="The address's city.")
@click.option("--zip", "zip_code", metavar="ZIP", help="The address's ZIP code.")
@click.option("--name", metavar='"FIRST LAST"', help="Who lives at the address.")
@_json
def explain(*, who: str, city: str | None, zip_code: str | None, name: str | None, as_json: bool) -> None:
    """Explain why a person or an address was matched with a household, or why not.

    \b
    octopus match explain jane@example.com
    octopus match explain "345 Maple Ln" --city Mansfield --zip 44906 --name "Jane Sample"

    Shows how the address was read, what the loaded counties know of it, the best candidates with what agrees and
    differs and how much each says (in bits: one more doubles the odds), and why the best one won or lost. It matches
    anew, with the counties as they are now. docs/matching.md tells how to read it.
    """  # noqa: D301  # click wants the real backspace
    settings = load_settings()
    is_email = "@" in who and " " not in who.strip()
    if is_email and (city or zip_code or name):
        raise click.UsageError("--city, --zip and --name go with an address")

    from octopus_pipeline.matching.explanation import explain as explained
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.terminal.match_explanation import WIDTH, print_explanation

    with Connections(settings) as connections:
        people = _contacts(connections, who) if is_email else [_resident(who, city, zip_code, name)]
        decision = _decision(connections, who) if is_email else None
        explanations = [explained(person, connections.counties, decision) for person in people]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in explanations], indent=2))
        return
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    for place, one in enumerate(explanations, start=1):
        if len(explanations) > 1:
            console.rule(f"contact {place} of {len(explanations)}, the one updated last first")
        print_explanation(console, one)


@click.command()
@click.option("--export-dir", metavar="DIR", help="Where it goes, instead of OCTOPUS_EXPORT_DIR.")
def report(*, export_dir: str | None) -> None:
    """Report how well the matching does: by county, ZIP, method and score, why not, where, and how surely.

    Counts every campaign that was matched, prints the report and writes it with its chart (match_report.md,
    match_report.png) to the exports folder. It names nobody.
    """
    settings = load_settings()
    if export_dir is not None:
        settings = settings.model_copy(update={"octopus_export_dir": Path(export_dir)})

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.match_report import make_match_report

    with Connections(settings) as connections:
        figures, written = make_match_report(connections, datetime.now(UTC))
    if not figures.campaigns:
        click.echo(
            "No campaign was matched yet: load counties, then sync. docs/matching.md tells how it works."
        )
        return
    click.echo(written.text)
    click.echo(f"{written.text_file}\n{written.chart_file}")


@click.command()
def learn() -> None:
    """Learn from all synced contacts how people of each county write their addresses.

    Done each Sunday before the full re-sync. Follow it with `octopus match run`: campaigns are matched anew then.
    """
    settings = load_settings()

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.learned_weights import learn_match_weights

    with Connections(settings) as connections:
        learned = learn_match_weights(connections)
    for county, contacts in sorted(learned.items()):
        click.echo(f"{county}: {contacts:,} contacts")
    if not learned:
        click.echo("No county has contacts enough to learn from: the usual weights stay.")


def _contacts(connections: Connections, email: str) -> list[dict[str, str | None]]:
    from octopus_pipeline.sync.contact_search import contacts_with

    return contacts_with(connections, email)


def _decision(connections: Connections, email: str) -> AnalystsWord | None:
    from octopus_pipeline.matching.explanation import AnalystsWord
    from octopus_pipeline.sync.decisions import read_decisions

    found = read_decisions(connections).get(email.strip().lower())
    if found is None:
        return None
    return AnalystsWord(str(found.verdict), str(found.parcel) if found.parcel else None)


def _resident(
    address: str, city: str | None, zip_code: str | None, name: str | None
) -> dict[str, str | None]:
    first, _, last = (name or "").strip().rpartition(" ")
    return {
        "address": address,
        "city": city,
        "zip": zip_code,
        "first_name": first or None,
        "last_name": last or None,
    }
