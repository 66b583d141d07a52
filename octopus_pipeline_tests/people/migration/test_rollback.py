"""A rollback makes the target what it was, byte for byte, or changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.people.migration.rollback import roll_back
from octopus_pipeline.people.migration.state import (
    MigrationError,
    Stage,
    last_migration,
)
from octopus_pipeline_tests.people.migration.conftest import QUIET
from octopus_pipeline_tests.people.migration.old_tool import (
    ANN,
    at,
    fill_old,
)
from octopus_pipeline_tests.people.migration.people_there import Run, stored, sync
from octopus_pipeline_tests.people.rows import person_row

if TYPE_CHECKING:
    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]


@pytest.mark.parametrize("had_people", [False, True])
def test_a_rollback_restores_what_was_there_byte_for_byte(
    databases: Databases, run: Run, had_people: bool
) -> None:
    target = databases.target
    if had_people:
        sync(databases, "spring", person_row("a", ANN, updated=at(1), opened=at(2)))
        target["notes"].insert_one({"of": "others"})
        target["notes"].create_index("of", sparse=True)
    before = stored(target)
    fill_old(databases.source)
    run()
    sync(databases, "summer", person_row("z", "zoe@example.com"))
    target["notes"].drop()
    run()
    between = last_migration(target)
    assert between is not None
    roll_back(target, QUIET)
    again = last_migration(target)
    assert again is not None
    assert again.started_at < between.started_at
    assert again.stage is Stage.FINISHED
    roll_back(target, QUIET)
    assert stored(target) == before
    with pytest.raises(MigrationError, match="no migration"):
        roll_back(target, QUIET)


def test_without_its_backup_as_it_was_nothing_is_continued_or_undone(
    databases: Databases, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_old(databases.source)
    monkeypatch.setattr("octopus_pipeline.people.migration.run.carry_campaigns", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run()
    migration = last_migration(databases.target)
    assert migration is not None
    with open(migration.backup, "ab") as file:  # noqa: PTH123
        file.write(b"\0")
    for undo_or_continue in (run, lambda: roll_back(databases.target, QUIET)):
        with pytest.raises(MigrationError, match="changed since it was written"):
            undo_or_continue()


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt
