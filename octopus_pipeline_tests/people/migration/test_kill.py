"""A migration that is killed at any moment and continued ends as one that nobody disturbed."""

from __future__ import annotations

import signal
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.migration.rollback import roll_back
from octopus_pipeline.people.migration.state import Stage, last_migration
from octopus_pipeline.people.migration.verify import verify
from octopus_pipeline_tests.people.migration.conftest import QUIET
from octopus_pipeline_tests.people.migration.old_tool import BROKEN, fill_old, old_document
from octopus_pipeline_tests.people.migration.people_there import people_of, stored, sync
from octopus_pipeline_tests.people.rows import person_row

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.databases import Databases
    from octopus_pipeline_tests.people.migration.people_there import Run

KILLS = 2
# Every fifth contact has two addresses, so that people of distant batches turn out to be one.
MANY = [
    old_document(campaign, f"c{number}", f"{'new-' if late and number % 5 == 0 else ''}p{number}@example.com")
    for late, campaign in enumerate(("autumn", "spring"))
    for number in range(60)
]


def start(databases: Databases, url: str, folder: Path) -> subprocess.Popen[str]:
    module = "octopus_pipeline_tests.people.migration.child_migration"
    names = (databases.source.name, databases.target.name, str(folder))
    return subprocess.Popen([sys.executable, "-m", module, url, *names], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("had_people", [False, True])
def test_killed_anywhere_and_continued_it_ends_as_if_nobody_had_disturbed_it(
    databases: Databases,
    run: Run,
    engine: DuckDBPyConnection,
    mongod_url: str,
    tmp_path: Path,
    had_people: bool,
) -> None:
    def begin() -> None:
        databases.target.client.drop_database(databases.target.name)
        if had_people:
            sync(
                databases,
                "winter",
                person_row("c3", "other@example.com"),
                person_row("c4", "new-p5@example.com"),
            )

    fill_old(databases.source, [*BROKEN, *MANY])
    source = stored(databases.source)
    begin()
    run()
    expected = people_of(databases)
    begin()
    before = stored(databases.target)
    random = Random(20261122 + had_people)
    kills = 0
    for _ in range(KILLS):
        with start(databases, mongod_url, tmp_path) as child:
            assert child.stdout
            lines = random.randrange(1, 24)
            while lines and child.stdout.readline():
                lines -= 1
            child.kill()
        kills += child.returncode == -signal.SIGKILL
    assert kills
    with start(databases, mongod_url, tmp_path) as child:
        child.communicate()
    assert child.returncode == 0
    migration = last_migration(databases.target)
    assert migration is not None
    assert migration.stage is Stage.FINISHED
    assert people_of(databases) == expected
    assert verify(databases, engine, seed=3).is_well
    assert stored(databases.source) == source
    while last_migration(databases.target):
        roll_back(databases.target, QUIET)
    assert stored(databases.target) == before


def test_what_changed_in_the_source_while_it_was_stopped_comes_along(
    databases: Databases, run: Run, engine: DuckDBPyConnection, mongod_url: str, tmp_path: Path
) -> None:
    fill_old(databases.source, MANY)
    with start(databases, mongod_url, tmp_path) as child:
        assert child.stdout
        while "writing people" not in child.stdout.readline():
            pass
        assert all(child.stdout.readline() for _ in range(3))
        child.kill()
    stopped = last_migration(databases.target)
    assert stopped is not None
    assert stopped.stage is Stage.RUNNING
    assert databases.target[PEOPLE].find_one({"contact_id": "aaa@example.com"}) is None
    opened: dict[str, Any] = {"engagement": {"opened": True}}
    databases.source["participants"].insert_one(old_document("winter", "c1", "aaa@example.com", **opened))
    run()
    assert databases.target[PEOPLE].count_documents({"campaigns_opened": 1}) == 1
    assert verify(databases, engine, seed=3).is_exact
