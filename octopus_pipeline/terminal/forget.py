"""`octopus forget`: a person is erased everywhere, and no later sync brings the person back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console

from octopus_pipeline.terminal.options import export_option, json_option, mongo_option, settings_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octopus_pipeline.erasure.certificate import Certificate
    from octopus_pipeline.erasure.person import Person
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.suppression.identifiers import Identifier
    from octopus_pipeline.sync.connections import Connections

_STDIN = "-"


@click.command()
@click.argument("who", metavar="[EMAIL-OR-PHONE]", required=False)
@click.option("--everyone", is_flag=True, help="All people who have the telephone number.")
@click.option("--again", is_flag=True, help="Everybody erased before, anew: after a backup was restored.")
@click.option("--show", is_flag=True, help="The certificates there are; nothing is erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@mongo_option
@export_option
@json_option
def forget(
    *,
    who: str | None,
    everyone: bool,
    again: bool,
    show: bool,
    yes: bool,
    mongo_url: str | None,
    export_dir: str | None,
    as_json: bool,
) -> None:
    """Erase a person's data everywhere, keep the counts, and let no later sync bring the person back.

    \b
    octopus forget ann@example.com     the person with this e-mail address
    octopus forget "614 555 0101"      the person with this telephone number
    octopus forget - < file            the same, kept out of the shell's history

    What stays is that somebody received, opened or clicked, and a keyed hash that recognises the person. A
    certificate says what was removed where, and what others must do (docs/erasing.md). It waits for syncs that are
    at work, and may be run again at any time: whatever was interrupted is finished then.
    """  # noqa: D301  # click wants the real backspace
    if again == (who is not None) or (show and again):
        raise click.UsageError(
            "give an e-mail address or a telephone number (- reads it from the input), or --again"
        )
    asked = None if who is None else _asked(who)
    if who == _STDIN and not (yes or show):
        raise click.UsageError("the input holds the address, so that nobody can be asked: add --yes")
    settings = settings_with(mongo_url=mongo_url, export_dir=export_dir)

    from octopus_pipeline.erasure.forgetting import forget as erase
    from octopus_pipeline.sync.connections import Connections

    console = Console(stderr=True)
    with Connections(settings) as connections:
        if asked is not None and show:
            _print(_shown(connections, asked), as_json=as_json)
            return
        person = None if asked is None else _found(connections, asked, everyone=everyone, console=console)
        if not yes:
            click.confirm("Erase? It cannot be undone.", abort=True, err=True)
        certificate = erase(
            connections,
            person,
            on_wait=lambda: console.print(
                "Waiting for syncs that are at work. None that begins from now on brings the person back; Ctrl-C "
                "leaves the rest to the next `octopus forget`."
            ),
            on_removed=lambda _: None,
        )
    _tell_dagster(settings, certificate)
    _print([certificate], as_json=as_json)


def _asked(who: str) -> Identifier:
    from octopus_pipeline.suppression.identifiers import NoIdentifierError, identifier_of

    try:
        return identifier_of(sys.stdin.readline() if who == _STDIN else who)
    except NoIdentifierError as error:
        raise click.UsageError(str(error)) from None


def _found(connections: Connections, asked: Identifier, *, everyone: bool, console: Console) -> Person:
    from octopus_pipeline.erasure.person import find_person

    person = find_person(connections, asked, everyone=everyone)
    if person.contacts:
        console.print(f"Found: {person.contacts} contacts with {person.addresses} e-mail addresses.")
    else:
        console.print(
            "Nobody is known by that. Who it is would be recognised, and not brought in, from now on."
        )
    if person.shared_phones:
        console.print(
            "Others have the telephone number, too: records with that number and no address are left."
        )
    return person


def _shown(connections: Connections, asked: Identifier) -> list[Certificate]:
    from octopus_pipeline.erasure.certificate import certificates_of

    suppressed = connections.suppressed()
    return certificates_of(connections.database, suppressed.hash_of(asked)) if suppressed else []


def _print(certificates: Sequence[Certificate], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([one.record() for one in certificates], indent=2))
    elif certificates:
        click.echo("\n\n".join(one.markdown() for one in certificates))
    else:
        click.echo("There is no certificate of that.")


def _tell_dagster(settings: Settings, certificate: Certificate) -> None:
    """Tables changed without a run: the timeline of each asset's partition says so, as an observation."""
    if not certificate.removed or not settings.dagster_home.is_dir():
        return
    import dagster as dg

    from octopus_pipeline.erasure.certificate import TABLE
    from octopus_pipeline.orchestration.instance import use_dagster_home

    use_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        for one in certificate.removed:
            if one.place == TABLE:
                observation = dg.AssetObservation(
                    dg.AssetKey(one.where.split("/")),
                    description="Rows of people who were erased were changed (octopus forget).",
                    partition=None if one.where == "contacts" else one.partition,
                    metadata={"rows": one.count, "partition": one.partition or ""},
                )
                instance.report_runless_asset_event(observation)
