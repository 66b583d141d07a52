"""Fixtures of the whole suite: one real MongoDB server, and an empty database a test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from pymongo import MongoClient
from pymongo.database import Database

from octopus_pipeline.settings import OWN_PREFIXES, Settings
from octopus_pipeline.store import embedded

# Neither the developer's environment nor `.env` has a say in a test, or is written to by one.
for name in [name for name in os.environ if name.upper().startswith((*OWN_PREFIXES, "DAGSTER_"))]:
    del os.environ[name]
Settings.model_config["env_file"] = None

# How long an example takes says more about the machine than about the code.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def mongod_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Connection string of the embedded server that all workers of this test session share."""
    under_xdist = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    data_dir = (base.parent if under_xdist else base) / "embedded"
    yield embedded.start_or_join(data_dir, grace_seconds=1).url
    if not under_xdist:
        embedded.stop(data_dir)
        shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
def _mongo_client(mongod_url: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongod_url, tz_aware=True) as client:
        yield client


@pytest.fixture
def mongo_database(_mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """An empty database of the session's server, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield _mongo_client[name]
    _mongo_client.drop_database(name)
