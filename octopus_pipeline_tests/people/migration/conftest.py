"""Two databases of a real server, and what migrates between them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from pymongo import MongoClient

from octopus_pipeline.engagement.merge import open_engine
from octopus_pipeline.people.migration.databases import Databases
from octopus_pipeline.people.migration.progress import LoggedMigrationProgress
from octopus_pipeline.people.migration.run import migrate
from octopus_pipeline.people.migration.state import Migration

QUIET = LoggedMigrationProgress(lambda _: None)


@pytest.fixture
def databases(_mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Databases]:
    """Two empty databases, dropped after the test."""
    names = tuple(f"test_{name}_{uuid.uuid4().hex[:20]}" for name in ("old", "people"))
    yield Databases.named(_mongo_client, *names)
    for name in names:
        _mongo_client.drop_database(name)


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBPyConnection]:
    with open_engine() as opened:
        yield opened


@pytest.fixture
def run(databases: Databases, engine: DuckDBPyConnection, tmp_path: Path) -> Callable[[], Migration]:
    """Migrates, or continues."""
    return lambda: migrate(databases, engine, tmp_path / "backups", datetime.now(UTC), QUIET)
