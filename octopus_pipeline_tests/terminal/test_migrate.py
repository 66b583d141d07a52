"""`octopus migrate` as a user types it: planned, run, verified, undone; each run is there in Dagster."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from pymongo import MongoClient

from octopus_pipeline_tests.people.migration.old_tool import BROKEN, NOT_CARRIED, fill_old
from octopus_pipeline_tests.terminal.processes import Terminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def client(mongod_url: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongod_url) as opened:
        yield opened


def test_a_database_is_planned_migrated_verified_and_restored(
    client: MongoClient[dict[str, Any]], mongod_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (f"test_{name}_{uuid.uuid4().hex[:20]}" for name in ("old", "new"))
    fill_old(client[old])
    names = {"MONGO_CONNECTION_URL": mongod_url, "MONGO_DATABASE": old, "MONGO_PEOPLE_DATABASE": new}
    terminal = Terminal(tmp_path, {**names, "OCTOPUS_DATA_DIR": "work"})

    planned = terminal.run("migrate", "plan")
    assert planned.returncode == 0, planned.stderr
    assert f"{len(BROKEN):>12,}  can be carried" in planned.stdout
    assert new not in client.list_database_names()

    done = terminal.answer("migrate", "run", "--yes")
    assert (done["stage"], done["rows"]) == ("finished", len(BROKEN))
    assert sum(done["left_out"].values()) == len(NOT_CARRIED)
    report = tmp_path / "work" / "exports" / "migration" / "verification.md"
    assert "The target holds all that the source says, exactly." in report.read_text()
    assert "@" not in report.read_text() + report.with_suffix(".json").read_text()

    client[new]["participants"].delete_one({"contact_id": "bob@example.com"})
    found = terminal.answer("migrate", "verify", "--seed", "1", code=1)
    assert (found["is_well"], len(found["missing"])) == (False, 2)

    undone = terminal.run("migrate", "rollback", "--yes")
    assert f"{new} is as it was: nothing" in undone.stdout, undone.stderr
    assert new not in client.list_database_names()
    client.drop_database(old)

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "work" / "dagster"))
    with dg.DagsterInstance.get() as instance:
        runs = [(run.job_name, run.status) for run in reversed(instance.get_runs())]
    success = dg.DagsterRunStatus.SUCCESS
    assert runs == [("migrate_people", success), ("roll_back_people", success)]
