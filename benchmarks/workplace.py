"""Where a benchmark works: a temporary data folder, a MongoDB server of its own, a sandbox in its own process."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from octopus_pipeline.settings import Settings
from octopus_pipeline.store import embedded
from octopus_pipeline.sync.account import CampaignFailure, sync_campaigns
from octopus_pipeline.sync.campaign import Stages
from octopus_pipeline.sync.campaigns import KnownCampaign, known_campaigns, list_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline.sync.progress import LoggedProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octopus_pipeline.sandbox.process import SandboxProcess

CAMPAIGNS = 69
"""The campaigns of the real account, and its rows."""
ROWS = 129_483

UNLIMITED = 10_000
"""Requests a second that nothing here reaches: the highest setting there is."""


@dataclass(frozen=True, slots=True)
class Size:
    """An account's size: 72 campaigns, of which 69 were sent (the others are drafts and a failed one)."""

    rows: int = ROWS
    campaigns: int = CAMPAIGNS + 3
    lists: int = 12

    def options(self) -> dict[str, Any]:
        """Options of `start_sandbox`."""
        return {"seed": 1, "campaigns": self.campaigns, "rows": self.rows, "lists": self.lists}


@contextmanager
def workplace() -> Iterator[Path]:
    """A data folder that is removed with all that is in it, and whose MongoDB server is stopped, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="octopus-benchmark-"))
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)


def settings_for(
    sandbox: SandboxProcess, folder: Path, *, requests_per_second: float = UNLIMITED
) -> Settings:
    """The settings that lead to the sandbox and the folder, and to nothing of the developer's own."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic's, unknown to its types
        emailoctopus_api_key=SecretStr(sandbox.api_key),
        emailoctopus_base_url=sandbox.url,
        emailoctopus_requests_per_second=requests_per_second,
        emailoctopus_burst=100_000 if requests_per_second == UNLIMITED else 100,
        octopus_data_dir=folder,
        octopus_automation=False,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """Every setting as an environment variable, so that neither `.env` nor the caller's environment has a say."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    values |= {"octopus_data_dir": settings.data_dir, "dagster_home_dir": settings.dagster_home}
    names = {name: field.alias or name.upper() for name, field in Settings.model_fields.items()}
    return {names[name]: _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


def sent_campaigns(connections: Connections) -> list[KnownCampaign]:
    """List the account; the campaigns that have reports."""
    return [known for known in list_campaigns(connections, datetime.now(UTC)) if known.key]


def partition_keys(settings: Settings) -> list[str]:
    """The partitions of the campaigns that were listed, in the order sent."""
    with Connections(settings) as connections:
        return [str(known.key) for known in known_campaigns(connections.database) if known.key]


def sync(
    connections: Connections,
    campaigns: Sequence[KnownCampaign],
    mode: Mode = Mode.RESYNC,
    stages: Stages | None = None,
) -> None:
    """Sync the campaigns.

    Raises:
        Exception: the first campaign's that fails: a benchmark of a failing sync means nothing.
    """
    outcomes = sync_campaigns(
        connections,
        campaigns,
        stages=stages or Stages(),
        mode=mode,
        now=datetime.now(UTC),
        progress=LoggedProgress(lambda _: None),
    )
    for outcome in outcomes:
        if isinstance(outcome, CampaignFailure):
            raise outcome.error
