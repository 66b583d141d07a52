"""`octopus sandbox`: a local EmailOctopus, from the terminal."""

from __future__ import annotations

import gc
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import orjson

from octopus_pipeline.sandbox.account import load_account, save_account
from octopus_pipeline.sandbox.clock import set_clock
from octopus_pipeline.sandbox.control_client import SandboxControl, SandboxError
from octopus_pipeline.sandbox.counties import generate_counties
from octopus_pipeline.sandbox.county_files import save_counties
from octopus_pipeline.sandbox.faults import rule_from_json
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.process import KEY_VARIABLE
from octopus_pipeline.sandbox.rate_limit import TokenBucket
from octopus_pipeline.sandbox.server import DEFAULT_KEY, Sandbox
from octopus_pipeline.sandbox.serving import build_server, listen, stop_server, url_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from uvicorn import Server

    from octopus_pipeline.sandbox.account import Account

Answer = TypeVar("Answer")

_url_option = click.option("--url", required=True, help="Address of the sandbox, as `serve` printed it.")


def _size_options(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("--seed", default=1, show_default=True, help="The same seed makes the same account."),
        click.option("--campaigns", default=10, show_default=True, help="Campaigns, drafts and all."),
        click.option(
            "--rows", default=3_000, show_default=True, help="Recipients of all campaigns together."
        ),
        click.option("--lists", default=3, show_default=True, help="Contact lists."),
        click.option(
            "--largest-share",
            type=click.FloatRange(0, 1, min_open=True),
            help="The largest campaign's share of the rows. By default sizes are as uneven as real ones.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def sandbox() -> None:
    """A local EmailOctopus: both API versions over an invented account.

    It serves the API on this machine only, with EmailOctopus's rate limit, and misbehaves on demand. Point
    any EmailOctopus client at the address that `serve` prints, with the key eo_sandbox: API v2 is at the
    address itself, v1.6 under /api/1.6.
    """


@sandbox.command()
@click.option(
    "--account",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of an account that `generate` wrote. Without it an account is made as the next options say.",
)
@_size_options
@click.option(
    "--up-to-date", is_flag=True, help="Move the account's times so that its clock shows the present."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--requests-per-second", default=10.0, show_default=True, help="The rate limit; 0 switches it off."
)
@click.option("--burst", default=100, show_default=True, help="Requests that may come at once.")
@click.option("--latency", default=0.0, show_default=True, help="Seconds that every answer takes.")
@click.option(
    "--key", envvar=KEY_VARIABLE, default=DEFAULT_KEY, show_default=True, help="The key to ask for."
)
@click.option("--until-input-ends", is_flag=True, help="Stop when standard input ends, for use by programs.")
def serve(
    *,
    account: Path | None,
    seed: int,
    campaigns: int,
    rows: int,
    lists: int,
    largest_share: float | None,
    up_to_date: bool,
    port: int,
    requests_per_second: float,
    burst: int,
    latency: float,
    key: str,
    until_input_ends: bool,
) -> None:
    """Serve an account until interrupted, and print the address to use.

    \b
    Serve the sample account at the real limits:
      octopus sandbox serve --account data/sample --port 8000
    A large one, as fast as it goes:
      octopus sandbox serve --campaigns 69 --rows 129483 --requests-per-second 0
    """  # noqa: D301  # click wants the real backspace
    gc.disable()
    served = _load(account) if account else _generate(seed, campaigns, rows, lists, largest_share)
    if up_to_date:
        set_clock(served, datetime.now(UTC))
    # A large account is millions of objects that stay: looking through them for garbage would stall answers.
    gc.freeze()
    gc.enable()
    bucket = TokenBucket(requests_per_second or None, burst)
    try:
        listener = listen(port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error.strerror}") from error
    server = build_server(Sandbox(served, api_key=key, bucket=bucket, latency=latency))
    if until_input_ends:
        threading.Thread(target=_stop_at_end, args=(sys.stdin, server), daemon=True).start()
    click.echo(url_of(listener))
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return


@sandbox.command()
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
@_size_options
def generate(
    *, out: Path, seed: int, campaigns: int, rows: int, lists: int, largest_share: float | None
) -> None:
    """Invent an account and write it to a folder of readable files.

    The people, addresses and telephone numbers are invented; what is odd about them is not: see
    data/sample/README.md for the list. The same options write the same bytes.
    """
    account = _generate(seed, campaigns, rows, lists, largest_share)
    save_account(account, out)
    click.echo(f"{len(account.campaigns)} campaigns and {len(account.contacts)} contacts in {out}")


@sandbox.command()
@click.option(
    "--account",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the account whose people live in the counties.",
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same counties.")
def counties(*, account: Path, out: Path, seed: int) -> None:
    """Invent county records in which some of an account's people live.

    Writes the CSV files that `octopus counties load` takes, and who truly lives where (homes.jsonl).
    """
    made = generate_counties(_load(account), seed=seed)
    save_counties(made, out)
    click.echo(f"{len(made)} counties with {sum(len(each.homes) for each in made)} participants in {out}")


@sandbox.command()
@_url_option
@click.option("--hours", required=True, type=click.FloatRange(1 / 60), help="How long.")
@click.option("--seed", default=0, show_default=True, help="Decides what happens in that time.")
def advance(*, url: str, hours: float, seed: int) -> None:
    """Let time pass in a running sandbox, so that there is something new to sync.

    People open, click, unsubscribe and bounce late, the campaign that is being sent goes on, now and then
    there is a new campaign, some contacts change their address and a few are deleted.
    """
    click.echo(_told(lambda: SandboxControl(url).advance(hours, seed)))


@sandbox.command()
@_url_option
@click.argument("rules", type=click.File(encoding="utf-8"), default="-")
def faults(*, url: str, rules: IO[str]) -> None:
    """Make a running sandbox misbehave as the JSON file RULES says (default: standard input).

    RULES is a list of objects, which replaces the rules before; an empty list ends all faults. Each has a
    "fault": rate_limited, server_error, cut, hang, invalid_json, html, repeated_page, repeated_cursor,
    short_report, vanished or wrong_key. It may say which calls: "path" (a pattern such as "*/reports*"),
    "report" ("opened"), "skip" and "count" (how many matching calls to spare first, how many to strike),
    "rate" and "seed" (the chance of each). And how: "status", "seconds", "header".

    \b
    One call in ten fails, and every second page of opens is cut:
      echo '[{"fault": "server_error", "status": 503, "rate": 0.1},
             {"fault": "cut", "report": "opened", "rate": 0.5}]' | octopus sandbox faults --url URL
    """  # noqa: D301  # click wants the real backspace
    try:
        found = [rule_from_json(raw) for raw in orjson.loads(rules.read())]
    except (ValueError, TypeError, AttributeError) as error:
        raise click.ClickException(f"these are no fault rules: {error}") from error
    _told(lambda: SandboxControl(url).set_faults(found))
    click.echo(f"{len(found)} fault rules in force")


@sandbox.command()
@_url_option
def statistics(*, url: str) -> None:
    """Show as JSON what a running sandbox was asked: calls by kind, 429s, faults, first and last call."""
    report = _told(SandboxControl(url).statistics)
    click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())


def _load(folder: Path) -> Account:
    try:
        return load_account(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{folder} holds no account: {error}") from error


def _generate(seed: int, campaigns: int, rows: int, lists: int, largest_share: float | None) -> Account:
    try:
        return generate_account(
            seed=seed, campaigns=campaigns, rows=rows, lists=lists, largest_share=largest_share
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _stop_at_end(stream: IO[str], server: Server) -> None:
    stream.read()
    stop_server(server)


def _told(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except SandboxError as error:
        raise click.ClickException(str(error)) from error
