"""A sync in hand: a sandbox account over real HTTP, a real MongoDB, tables and CSVs in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.database import Database

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.matching.households import HouseholdMatches, find_households
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.sandbox.account import Account
from octopus_pipeline.sandbox.counties import SampleCounty
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import ServedSandbox, serve_in_thread
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync import matches
from octopus_pipeline.sync.account import CampaignFailure, sync_campaigns
from octopus_pipeline.sync.campaign import CampaignResult, Stages
from octopus_pipeline.sync.campaigns import KnownCampaign, list_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.contacts import ListRefresh
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline.sync.progress import LoggedProgress, Progress
from octopus_pipeline_tests.emailoctopus.clients import client_for
from octopus_pipeline_tests.emailoctopus.fake_time import FakeTime
from octopus_pipeline_tests.sync.counties import invented_counties

if TYPE_CHECKING:
    import pyarrow as pa
    from pymongo.collection import Collection

    from octopus_pipeline.emailoctopus.credentials import Version
    from octopus_pipeline.matching.prepared import PreparedCounties

Outcomes = dict[str, CampaignResult | CampaignFailure]


@dataclass
class Bench:
    """What a test of the sync works on."""

    sandbox: ServedSandbox
    connections: Connections

    @property
    def account(self) -> Account:
        """The account as the sandbox has it now."""
        return self.sandbox.account

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The database that is written to."""
        return self.connections.database

    @property
    def people(self) -> Collection[dict[str, Any]]:
        """The people's documents."""
        return self.connections.people_database[PEOPLE]

    @property
    def csvs(self) -> Path:
        """Where the CSVs go."""
        return self.connections.settings.export_dir

    def change_settings(self, **changes: Any) -> None:
        """Work with other settings from now on."""
        self.connections.settings = self.connections.settings.model_copy(update=changes)

    def campaigns(self) -> list[KnownCampaign]:
        """List the account; the campaigns that have a partition."""
        return [known for known in list_campaigns(self.connections, datetime.now(UTC)) if known.key]

    def contact_of_two_campaigns(self) -> tuple[str, KnownCampaign, KnownCampaign]:
        """A contact that is still on its list, and two campaigns that were sent to it, the earlier first."""
        campaigns = self.campaigns()
        sent: dict[str, list[KnownCampaign]] = {}
        for known in campaigns:
            for row in self.account.rows(known.campaign.id, Report.SENT):
                sent.setdefault(row.contact_id, []).append(known)
        contact_id, (earlier, later, *_) = next(
            one for one in sent.items() if len(one[1]) > 1 and one[0] in self.account.contacts
        )
        return contact_id, earlier, later

    def sync(
        self,
        campaigns: list[KnownCampaign] | None = None,
        mode: Mode = Mode.RESYNC,
        stages: Stages | None = None,
        progress: Progress | None = None,
    ) -> Outcomes:
        """Sync campaigns, all by default; what became of each, by campaign id."""
        outcomes = sync_campaigns(
            self.connections,
            self.campaigns() if campaigns is None else campaigns,
            stages=stages or Stages(),
            mode=mode,
            now=datetime.now(UTC),
            progress=progress or LoggedProgress(lambda _: None),
        )
        return {
            outcome.known.campaign.id: outcome for outcome in outcomes if not isinstance(outcome, ListRefresh)
        }


@pytest.fixture(scope="session")
def mongo_settings(mongod_url: str) -> dict[str, Any]:
    """The settings that lead to the session's MongoDB."""
    return {"mongo_connection_url": mongod_url}


@contextmanager
def open_bench(
    account: Account, settings: dict[str, Any], folder: Path, version: Version = "v2"
) -> Iterator[Bench]:
    """Serve an account without a limit, and connect to it with pauses that take no time."""
    with serve_in_thread(account, requests_per_second=None) as sandbox:
        chosen = Settings.model_validate(
            {
                "emailoctopus_api_key": sandbox.api_key,
                "emailoctopus_base_url": sandbox.url,
                "emailoctopus_api_version": version,
                "octopus_data_dir": folder,
                "mongo_people_database": f"{settings['mongo_database']}_people",
                **settings,
            }
        )
        with Connections(chosen) as connections:
            client = client_for(
                sandbox.url,
                folder,
                version,
                api_key=sandbox.api_key,
                time=FakeTime(),
                timeout_seconds=1,
            )
            connections.octopus = client
            yield Bench(sandbox, connections)
            client.close()
            connections.database.client.drop_database(chosen.mongo_people_database)


@pytest.fixture
def account() -> Account:
    """A small account with every trap."""
    return generate_account(seed=7, campaigns=10, rows=1500)


@pytest.fixture
def bench(
    account: Account,
    mongo_settings: dict[str, Any],
    mongo_database: Database[dict[str, Any]],
    tmp_path: Path,
) -> Iterator[Bench]:
    """A sync of that account over API v2 into an empty database."""
    settings = {**mongo_settings, "mongo_database": mongo_database.name}
    with open_bench(account, settings, tmp_path) as opened:
        yield opened


@pytest.fixture
def counties(bench: Bench) -> dict[str, SampleCounty]:
    """The counties there could be; none is loaded."""
    return invented_counties(bench.account)


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many people each call of the matcher was asked for."""
    calls: list[int] = []

    def counted(participants: pa.Table, prepared: PreparedCounties) -> HouseholdMatches:
        calls.append(participants.num_rows)
        return find_households(participants, prepared)

    monkeypatch.setattr(matches, "find_households", counted)
    return calls
