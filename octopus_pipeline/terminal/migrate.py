"""`octopus migrate`: carrying the old tool's database into the database of people, checking it, undoing it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from octopus_pipeline.terminal.options import json_option, mongo_option, settings_with

if TYPE_CHECKING:
    from octopus_pipeline.people.migration.plan import MigrationPlan
    from octopus_pipeline.people.migration.state import Migration
    from octopus_pipeline.people.migration.verify import Verification

_MEBIBYTE = 2**20

_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_verbose = click.option("-v", "--verbose", is_flag=True, help="Show the run's log.")


@click.group()
def migrate() -> None:
    """The old tool's documents, one a campaign and contact, into documents of people.

    From the database MONGO_DATABASE, which is only read, to MONGO_PEOPLE_DATABASE. docs/migration.md tells more.
    """


@migrate.command("plan")
@json_option
@mongo_option
def show_plan(*, mongo_url: str | None, as_json: bool) -> None:
    """Show what a migration would carry, merge and leave out, and what it takes. Changes nothing."""
    settings = settings_with(mongo_url=mongo_url)

    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.migration import plan_migration

    with Connections(settings) as connections:
        plan = plan_migration(connections)
    click.echo(json.dumps(asdict(plan), indent=2) if as_json else _plan_text(plan))


@migrate.command()
@_yes
@_verbose
@json_option
@mongo_option
def run(*, yes: bool, verbose: bool, mongo_url: str | None, as_json: bool) -> None:
    """Back up the database of people, migrate, and verify. Stopped at any moment, run it again: it goes on.

    It is a run of the job migrate_people. Run again after it is finished, it makes another backup and merges what is
    new in the old database.
    """
    settings = settings_with(mongo_url=mongo_url)
    if not yes:
        names = f"from {settings.mongo_database} to {settings.mongo_people_database}"
        click.confirm(f"Migrate {names}?", abort=True, err=True)

    from octopus_pipeline.orchestration.migration import migrate_people
    from octopus_pipeline.people.migration.state import last_migration
    from octopus_pipeline.terminal.runs import runner

    console = Console(stderr=as_json)
    with runner(settings, console, verbose=verbose) as runs:
        runs.run_whole(migrate_people.name)
        migration = last_migration(runs.connections.migration_databases.target)
    if migration is not None:
        click.echo(json.dumps(_record(migration), indent=2) if as_json else _migration_text(migration))


@migrate.command()
@click.option("--seed", type=click.IntRange(0, 2**31), help="Chooses the sample; by default a random one.")
@json_option
@mongo_option
def verify(*, seed: int | None, mongo_url: str | None, as_json: bool) -> None:
    """Compare the people with the old tool's documents and report it in the exports folder. Changes nothing else."""
    settings = settings_with(mongo_url=mongo_url)

    import random

    from octopus_pipeline.people.migration.report import report_record
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.migration import verify_migration

    chosen = random.randrange(2**31) if seed is None else seed  # noqa: S311  # a sample
    with Connections(settings) as connections:
        verified = verify_migration(connections, chosen)
    verification = verified.verification
    if as_json:
        click.echo(json.dumps(report_record(verification), indent=2))
    else:
        click.echo(_verification_text(verification))
        click.echo(f"Report: {verified.text_file}")
    sys.exit(0 if verification.is_well else 1)


@migrate.command()
@_yes
@_verbose
@json_option
@mongo_option
def rollback(*, yes: bool, verbose: bool, mongo_url: str | None, as_json: bool) -> None:
    """Make the database of people what it was before the last migration, byte for byte.

    What was written to it since is gone then; the old database is not touched. It is a run of the job roll_back_people.
    """
    settings = settings_with(mongo_url=mongo_url)

    from octopus_pipeline.orchestration.migration import roll_back_people
    from octopus_pipeline.people.migration.state import last_migration
    from octopus_pipeline.terminal.runs import runner

    console = Console(stderr=as_json)
    with runner(settings, console, verbose=verbose) as runs:
        target = runs.connections.migration_databases.target
        migration = last_migration(target)
        if migration is not None and not yes:
            had = ", ".join(f"{count:,} {name}" for name, count in migration.had.items()) or "nothing"
            question = (
                f"Make {target.name} what it was on {migration.started_at:%Y-%m-%d %H:%M} UTC ({had})? What was "
                "written since is lost."
            )
            click.confirm(question, abort=True, err=True)
        runs.run_whole(roll_back_people.name)
        there = {name: target[name].estimated_document_count() for name in target.list_collection_names()}
    if as_json:
        click.echo(json.dumps({"restored": there}, indent=2))
    else:
        held = ", ".join(f"{count:,} {name}" for name, count in sorted(there.items())) or "nothing"
        click.echo(f"{settings.mongo_people_database} is as it was: {held}")


def _plan_text(plan: MigrationPlan) -> str:
    lines = [
        f"From {plan.source} to {plan.target}; nothing is changed by this.",
        "",
        f"{plan.documents:>12,}  documents of a campaign and contact",
        f"{plan.rows:>12,}  can be carried, of {plan.campaigns:,} campaigns, {plan.contacts:,} contacts",
        f"{plan.people:>12,}  people they are, by e-mail address or telephone",
        f"{plan.rows_with_a_flag:>12,}  say that the contact opened, clicked, bounced, complained or unsubscribed",
        "",
        "Merged:",
        f"{plan.duplicates:>12,}  documents beyond the first of a campaign and contact; of "
        f"{plan.duplicates_that_differ:,} contacts they differ in flags, and what any says counts",
        f"{plan.contacts_with_several_addresses:>12,}  contacts with several addresses, which join "
        f"{plan.people_joined:,} of the people",
        f"{plan.people_there:>12,}  people that {plan.target} knows already",
        *(
            [
                f"{plan.taken_over:>12,}  documents of people there that another tool wrote, brought into shape first"
            ]
            if plan.taken_over
            else []
        ),
        "",
        "Made up:",
        f"{plan.without_contact_id:>12,}  contact ids, of documents that have none",
        f"{plan.campaigns_without_document:>12,}  campaigns that have no document of their own",
        "",
        "Not carried:",
        f"{sum(plan.left_out.values()):>12,}  documents",
        *(f"{count:>12,}    {reason}" for reason, count in sorted(plan.left_out.items())),
        *(
            f"{count:>12,}    {reason} (the rest is carried)"
            for reason, count in sorted(plan.parts_left_out.items())
        ),
        *(
            [f"{plan.campaign_documents_without_id:>12,}    campaigns' documents that have no id"]
            if plan.campaign_documents_without_id
            else []
        ),
        "",
        f"It takes about {plan.seconds:.0f} s, {plan.bytes_to_write / _MEBIBYTE:,.0f} MiB in MongoDB and at most "
        f"{plan.bytes_to_back_up / _MEBIBYTE:,.0f} MiB for the backup; "
        f"{plan.bytes_free / _MEBIBYTE:,.0f} MiB are free here.",
    ]
    if plan.stopped:
        lines.append("A migration was stopped; `octopus migrate run` goes on with it.")
    return "\n".join(lines)


def _record(migration: Migration) -> dict[str, Any]:
    record = asdict(migration)
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in record.items()
    }


def _migration_text(migration: Migration) -> str:
    left_out = [
        f"{count:,} documents were left out: {reason}" for reason, count in migration.left_out.items()
    ]
    return "\n".join(
        [
            f"{migration.rows:,} rows migrated and verified; there are {migration.people_there or 0:,} people now.",
            *left_out,
            f"Backup of what was there before: {migration.backup}",
            "To undo it: octopus migrate rollback",
        ]
    )


def _verification_text(verification: Verification) -> str:
    if not verification.is_well:
        return (
            f"Something is missing: {len(verification.missing):,} documents, {len(verification.lowered):,} documents' "
            f"flags, {len(verification.wrong_totals):,} campaigns' totals, {len(verification.differences):,} parts of "
            "the sample."
        )
    how = (
        "exactly"
        if verification.is_exact
        else f"at least ({len(verification.differing):,} campaigns have more)"
    )
    return (
        f"All {verification.documents:,} documents are accounted for, {how}; {verification.sampled} contacts compared "
        f"field by field (seed {verification.seed})."
    )
