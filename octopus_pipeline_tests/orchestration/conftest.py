"""The project on a real Dagster instance, a real MongoDB and a sandbox over real HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from octopus_pipeline.sandbox.clock import set_clock
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline_tests.orchestration.project import Project
from octopus_pipeline_tests.sync.conftest import open_bench


@contextmanager
def open_project(mongod_url: str, folder: Path) -> Iterator[Project]:
    """A small account whose clock shows the present, an empty database, and an empty instance."""
    settings: dict[str, Any] = {
        "mongo_connection_url": mongod_url,
        "mongo_database": f"test_{uuid.uuid4().hex}",
        "octopus_contacts_max_age_minutes": 0,
        "emailoctopus_requests_per_second": 10_000,
        "emailoctopus_burst": 10_000,
    }
    account = generate_account(seed=7, campaigns=9, rows=2_500)
    set_clock(account, datetime.now(UTC))
    home = folder / "dagster"
    home.mkdir()
    with (
        open_bench(account, settings, folder) as bench,
        dg.DagsterInstance.local_temp(str(home), {"telemetry": {"enabled": False}}) as instance,
    ):
        yield Project(bench, instance, home)
        bench.database.client.drop_database(bench.database.name)


@pytest.fixture(scope="module")
def project(mongod_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that the tests of a module share; faults of the sandbox end with each test."""
    with open_project(mongod_url, tmp_path_factory.mktemp("project")) as opened:
        yield opened


@pytest.fixture
def fresh_project(mongod_url: str, tmp_path: Path) -> Iterator[Project]:
    """A project that one test has for itself."""
    with open_project(mongod_url, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_faults_are_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "project" in request.fixturenames:
        request.getfixturevalue("project").bench.sandbox.control.set_faults([])
