"""What a command prints when it is done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from octopus_pipeline.people.reading import people_figures
from octopus_pipeline.sync.campaign import engagement_counts
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.matches import match_counts

if TYPE_CHECKING:
    from rich.console import Console

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.terminal.runs import Work

_HEADINGS = {
    "contacts": "sent to",
    "opened": "opened",
    "clicked": "clicked",
    "bounced": "bounced",
    "complained": "compl.",
    "unsubscribed": "unsub.",
}


_WIDE = 110
"""Columns of a terminal that has room for all of it in one table."""

_MATCH_HEADINGS = {"at_residence": "residence", "with_record": "record", "to_review": "review"}


def campaign_rows(connections: Connections) -> list[dict[str, Any]]:
    """A row a campaign that has a partition: its key, name, times, and the counts of its engagement and matches.

    The matches' are left out while no county is loaded.
    """
    rows = []
    counties = connections.counties.counties
    for known in known_campaigns(connections.database):
        if known.key is None:
            continue
        counts = engagement_counts(connections, known)
        rows.append(
            {
                "campaign": known.key,
                "campaign_id": known.campaign.id,
                "name": known.campaign.name,
                "status": str(known.campaign.status),
                "sent_at": known.campaign.sent_at.isoformat() if known.campaign.sent_at else None,
                "synced_at": known.synced_at.isoformat() if known.synced_at else None,
                **({"contacts": counts.rows, **counts.flags} if counts else dict.fromkeys(_HEADINGS)),
                **(_matches(connections, known.key) if counties else {}),
            }
        )
    return rows


def _matches(connections: Connections, key: str) -> dict[str, int | None]:
    counts = match_counts(connections.tables, key)
    return {name: getattr(counts, name) if counts else None for name in _MATCH_HEADINGS}


def print_campaigns(console: Console, rows: list[dict[str, Any]]) -> None:
    """The campaigns as a table with their totals; in a narrow terminal how many were matched is a second one."""
    matched = [row for row in rows if row.get("at_residence") is not None]
    matches = _MATCH_HEADINGS if matched else {}
    if matches and console.width < _WIDE:
        console.print(_table(rows, _HEADINGS, {}), _table(matched, {}, matches))
    else:
        console.print(_table(rows, _HEADINGS, matches))


def _table(rows: list[dict[str, Any]], counts: dict[str, str], shares: dict[str, str]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_footer=True, padding=(0, 1, 0, 0))
    table.add_column("campaign", footer=f"{len(rows)} campaigns", overflow="fold", min_width=28)
    for name, heading in counts.items():
        total = _number(sum(row[name] or 0 for row in rows))
        table.add_column(heading, footer=total, justify="right", no_wrap=True)
    contacts = sum(row["contacts"] or 0 for row in rows if row.get("at_residence") is not None)
    for name, heading in shares.items():
        total = _percent(sum(row[name] or 0 for row in rows), contacts)
        table.add_column(heading, footer=total, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["campaign"],
            *(_number(row[name]) for name in counts),
            *(_percent(row[name], row["contacts"]) for name in shares),
        )
    return table


def work_record(connections: Connections, work: Work) -> dict[str, Any]:
    """What a command did, for scripts."""
    asked = connections.octopus.statistics.snapshot()
    return {
        "synced": work.synced,
        "failed": work.failed,
        "stopped": work.stopped,
        "counties": asdict(work.counties),
        "people": asdict(people_figures(connections.people_database)),
        "runs": work.run_ids,
        "requests": asked.requests,
        "rate_limited": asked.rate_limited,
        "seconds_waited_for_the_limit": round(asked.seconds_waited, 1),
        "seconds": round(work.seconds, 1),
        "export_dir": str(connections.settings.export_dir),
    }


def print_work(console: Console, record: dict[str, Any]) -> None:
    """What a command did, for people."""
    console.print(
        f"{len(record['synced'])} campaigns synced with {record['requests']} requests in {record['seconds']} s "
        f"({record['seconds_waited_for_the_limit']} s waited for the API's limit)."
    )
    people = record["people"]
    console.print(
        f"{people['people']:,} people, {people['engaged']:,} of whom opened or clicked; {people['found']:,} are found "
        "in county records."
    )
    print_failures(console, record)
    if record["failed"]:
        console.print("What was not read whole changed nothing. Run the command again for these campaigns.")
    console.print(f"CSVs: {record['export_dir']}", soft_wrap=True)
    console.print("The Dagster UI shows every run: make dev")


def print_failures(console: Console, record: dict[str, Any]) -> None:
    """What became of counties, and which campaigns failed or why the work was stopped."""
    _print_counties(console, record["counties"])
    for key, why in record["failed"].items():
        console.print(f"failed: {key}: {why}", style="red", markup=False)
    if record["stopped"]:
        console.print(f"stopped: {record['stopped']}", style="red", markup=False)


def _print_counties(console: Console, counties: dict[str, Any]) -> None:
    if counties["synced"]:
        console.print(f"Counties up to date: {', '.join(counties['synced'])}")
    if counties["gone"]:
        gone = ", ".join(counties["gone"])
        console.print(
            f"Counties that are there no more: {gone}. `octopus counties list` says more.", style="yellow"
        )
    for county, why in counties["failed"].items():
        console.print(f"failed: {county}: {why}", style="red", markup=False)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _percent(part: int | None, whole: int | None) -> str:
    return f"{100 * part / whole:.1f} %" if part is not None and whole else "-"
