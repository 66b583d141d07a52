"""A synced world, made once; each test has a copy of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline_tests.erasure.world import ANN, World, copy_world, make_account, open_world

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Account

KEY = "a key of tests, the same in each of them"


@pytest.fixture(scope="session")
def synced(mongod_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world after its first sync; not to be changed."""
    account, counties = make_account()
    with open_world(mongod_url, tmp_path_factory.mktemp("synced"), account) as world:
        for county in counties:
            for name, documents in county.collections.items():
                world.connections.county_database[name].insert_many(documents)
        world.sync()
        yield world


@pytest.fixture(scope="session")
def forgotten(synced: World, mongod_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The state of a world in which Ann was forgotten without any trouble."""
    with copied(synced, mongod_url, tmp_path_factory.mktemp("forgotten")) as world:
        world.forget(ANN)
        return world.state()


@contextmanager
def copied(
    synced: World, mongod_url: str, folder: Path, account: Account | None = None, **settings: Any
) -> Iterator[World]:
    served = account or copy.deepcopy(synced.bench.account)
    with open_world(mongod_url, folder, served, **{"octopus_suppression_key": KEY, **settings}) as world:
        copy_world(synced, world)
        yield world


@pytest.fixture
def new_world(synced: World, mongod_url: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes copies of the synced world; of another account, or with other settings."""
    with ExitStack() as stack:

        def make(account: Account | None = None, **settings: Any) -> World:
            folder = tmp_path / f"world_{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(copied(synced, mongod_url, folder, account, **settings))

        yield make


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """A copy of the synced world."""
    return new_world()
