"""Which account a command works on: the one that the settings name, or else the sample account."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.settings import SettingsError
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.county_source import load_sample_counties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from octopus_pipeline.settings import Settings

SAMPLE = Path("data/sample")


class NoAccountError(SettingsError):
    """There is no account to read."""


@contextmanager
def account(settings: Settings, console: Console) -> Iterator[Settings]:
    """The settings of the account to work on; the sample account is served while the block runs.

    Its counties are in the embedded server's county database then, unless there are others.

    Raises:
        NoAccountError: if a database is named but no API key: sample data must not get into it; or if the command was
            not called in the project's folder, where the sample account and `.env` are.
    """
    if settings.emailoctopus_api_key is not None:
        yield settings
        return
    if settings.mongo_connection_url is not None:
        message = (
            "EMAILOCTOPUS_API_KEY is not set, though MONGO_CONNECTION_URL is. Put the key into .env; to try the "
            "sample account, leave both unset."
        )
        raise NoAccountError(message)
    if not SAMPLE.is_dir():
        message = (
            f"EMAILOCTOPUS_API_KEY is not set, and the sample account is not in {SAMPLE.resolve()}. Call the command "
            "in the project's folder, where .env is, too; or set the key in the environment."
        )
        raise NoAccountError(message)
    console.print(
        "No EMAILOCTOPUS_API_KEY is set: this is the built-in sample account, with invented people. "
        "The README says how to connect yours.",
        style="yellow",
    )
    with start_sandbox(SAMPLE) as sandbox:
        sample = settings.model_copy(
            update={
                "emailoctopus_api_key": SecretStr(sandbox.api_key),
                "emailoctopus_base_url": sandbox.url,
            }
        )
        with Connections(sample) as connections:
            load_sample_counties(connections, SAMPLE / "counties")
        yield sample
