"""Counties in hand: invented records in a real MongoDB, tables and indices in a temporary folder."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus_pipeline.sandbox.counties import SampleCounty, generate_counties
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.counties import CountyFailure, CountyResult, CountyStages, sync_counties
from octopus_pipeline.sync.known_counties import known_counties

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sync.known_counties import KnownCounty

FRANKLIN, MORROW, RICHLAND = "Franklin", "Morrow", "Richland"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class CountyBench:
    """What a test of counties works on; `made` are the counties that can be put into the database."""

    connections: Connections
    made: dict[str, SampleCounty]

    @property
    def records(self) -> Database[dict[str, Any]]:
        """The database of county records."""
        return self.connections.county_database

    def put(self, *counties: str) -> None:
        """Put counties' records into the database, in place of those that are there."""
        for county in counties:
            for name, documents in self.made[county].collections.items():
                self.records.drop_collection(name)
                self.records[name].insert_many([dict(document) for document in documents])

    def sync(
        self, *counties: str, force: bool = False, stages: CountyStages | None = None
    ) -> dict[str, CountyResult | CountyFailure]:
        """Sync counties, those that are new or changed by default; what became of each."""
        wanted: Sequence[str] = counties or [one.county for one in self.known().values() if one.is_stale]
        outcomes = sync_counties(
            self.connections, wanted, stages=stages or CountyStages(), force=force, now=NOW
        )
        return {outcome.county: outcome for outcome in outcomes}

    def known(self) -> dict[str, KnownCounty]:
        """All counties as they are known now."""
        return {one.county: one for one in known_counties(self.connections)}

    def statuses(self) -> dict[str, str]:
        """How each county stands."""
        return {county: str(one.status) for county, one in self.known().items()}


@contextmanager
def open_county_bench(mongod_url: str, folder: Path) -> Iterator[CountyBench]:
    """Empty databases and an empty folder; the account is a sandbox that is never asked."""
    settings = Settings.model_validate(
        {
            "mongo_connection_url": mongod_url,
            "mongo_database": f"test_{uuid.uuid4().hex}",
            "mongo_county_database": f"test_{uuid.uuid4().hex}",
            "octopus_data_dir": folder,
            "emailoctopus_base_url": "http://127.0.0.1:9",
        }
    )
    account = generate_account(seed=3, campaigns=2, rows=60)
    made = {county.name: county for county in generate_counties(account, seed=3)}
    with Connections(settings) as connections:
        yield CountyBench(connections, made)
        for database in (connections.database, connections.county_database):
            database.client.drop_database(database.name)
