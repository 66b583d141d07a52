"""Carrying the old tool's people over: backed up first, a batch after the other, continued where it was stopped."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure

from octopus_pipeline.people.database import PEOPLE, PEOPLE_INDEXES, is_passing, prepare_people_database
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.migration.campaigns import carry_campaigns
from octopus_pipeline.people.migration.databases import PARTICIPANTS, require_migratable
from octopus_pipeline.people.migration.grouping import groups, load
from octopus_pipeline.people.migration.source import read_source
from octopus_pipeline.people.migration.state import (
    Migration,
    MigrationError,
    Stage,
    last_migration,
    require_backup,
)
from octopus_pipeline.people.migration.writing import insert_people, write_people
from octopus_pipeline.store.archive import write_archive
from octopus_pipeline.store.indexes import ensure_indexes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from pymongo.collection import Collection
    from pymongo.database import Database

    from octopus_pipeline.people.migration.databases import Databases
    from octopus_pipeline.people.migration.grouping import Group
    from octopus_pipeline.people.migration.progress import MigrationProgress

    Document = dict[str, Any]

_CONTACTS_AT_ONCE = 5_000
_INDEX_NOT_FOUND = 27


def migrate(
    databases: Databases,
    engine: DuckDBPyConnection,
    backups: Path,
    now: datetime,
    progress: MigrationProgress,
) -> Migration:
    """Begin a migration, or continue the one that was stopped; one process at a time.

    Args:
        databases: from where and to where.
        engine: of `engagement.merge.open_engine`, with a folder to spill to.
        backups: the folder of the backup.
        now: when this happens.
        progress: hears of the advance.

    Raises:
        MigrationError: the databases are not such that it can begin; nothing was changed.
        ArchiveError: there can be no backup; nothing was changed.
        PeopleWriteError: the server refused documents; run it again when that is mended.
    """
    source, target = databases.source, databases.target
    migration = last_migration(target)
    if migration is not None and migration.stage is Stage.ROLLING_BACK:
        message = "a rollback was stopped midway: finish it with `octopus migrate rollback` first"
        raise MigrationError(message)
    if migration is None or migration.stage is Stage.FINISHED:
        require_migratable(databases)
        progress.step(f"backing up {target.name}")
        migration = _begin(databases, backups, now)
    else:
        require_backup(migration)
        migration.continued = True
    total = source[PARTICIPANTS].estimated_document_count()
    progress.step(f"reading {total:,} documents of {source.name}")
    read = 0

    def told(documents: int) -> None:
        nonlocal read
        read += documents
        progress.rows(read, max(total, read))

    loaded = load(engine, read_source(source[PARTICIPANTS]), told)
    if migration.source_crc != f"{loaded.crc:016x}":  # not what was read before: nobody is known to be done
        migration.done_through, migration.people, migration.rows = "", 0, 0
    migration.source_crc, migration.documents = f"{loaded.crc:016x}", loaded.documents
    migration.left_out = loaded.reasons
    migration.parts_left_out = {str(reason): count for reason, count in loaded.parts.items() if count}
    migration.save(target)
    progress.step("writing people")
    _write(target, engine, migration, lambda rows: progress.rows(rows, loaded.rows))
    progress.step("writing campaigns")
    carry_campaigns(source, target)
    migration.people_there = target[PEOPLE].count_documents({})
    migration.stage, migration.finished_at = Stage.FINISHED, datetime.now(UTC)
    migration.save(target)
    return migration


def _begin(databases: Databases, backups: Path, now: datetime) -> Migration:
    target = databases.target
    was_empty = target[PEOPLE].find_one({}, {"_id": True}) is None
    path = backups / f"{target.name}_{now:%Y%m%dT%H%M%S%f}.archive.gz"
    archive = write_archive(target, path, is_passing)
    migration = Migration(
        started_at=now.replace(microsecond=now.microsecond // 1000 * 1000),  # as the server keeps it
        source=databases.source.name,
        backup=str(path),
        backup_size=archive.size,
        backup_sha256=archive.sha256,
        had={one.name: one.documents for one in archive.collections},
        was_empty=was_empty,
    )
    migration.save(target)
    return migration


def _write(
    target: Database[Document],
    engine: DuckDBPyConnection,
    migration: Migration,
    told: Callable[[int], None],
) -> None:
    """Write who is not done yet, a batch after the other, while the next one is made."""
    people = target[PEOPLE]
    if migration.was_empty and not migration.people and people.find_one({}, {"_id": True}) is None:
        _drop_indexes(people)
    else:
        prepare_people_database(target)
    write = insert_people if migration.was_empty else write_people
    others = 0

    def written(group: Group) -> None:
        nonlocal others
        others += write(people, group.people)
        migration.done_through = group.last
        migration.batches += 1
        migration.people += len(group.people)
        migration.rows += group.rows
        migration.save(target)

    with ThreadPoolExecutor(1, thread_name_prefix="migration") as writer:
        before: Future[None] | None = None
        for group in groups(engine, migration.done_through, migration.started_at):
            if before is not None:
                before.result()
                told(migration.rows)
            before = writer.submit(written, group)
        if before is not None:
            before.result()
            told(migration.rows)
    prepare_people_database(target)
    if migration.was_empty:
        # Nobody was asked who shares a contact with whom. Among the rows themselves that is known; where others write
        # as well, or did while this was stopped, everybody may.
        with_others = others or migration.continued or people.count_documents({}) != migration.people
        for contacts in _contacts(engine, shared=not with_others):
            join_documents(people, contacts)


def _drop_indexes(people: Collection[Document]) -> None:
    """Leave an empty collection only the index that keeps people apart: building the others later is far quicker."""
    ensure_indexes(people, [spec for spec in PEOPLE_INDEXES if spec.unique])
    ours = [[(key, 1) for key in spec.keys] for spec in PEOPLE_INDEXES if not spec.unique]
    for name, index in people.index_information().items():
        if index["key"] in ours and not index.get("unique"):
            try:
                people.drop_index(name)
            except OperationFailure as error:
                if error.code != _INDEX_NOT_FOUND:
                    raise


def _contacts(engine: DuckDBPyConnection, *, shared: bool) -> Iterator[dict[str, str]]:
    """EmailOctopus's contact id -> a person that has it, some at a time; only of contacts that several persons have."""
    having = "HAVING count(*) > 1" if shared else ""
    found = engine.execute(f"SELECT contact_id, min(person) FROM newest GROUP BY contact_id {having}")  # noqa: S608
    while page := found.fetchmany(_CONTACTS_AT_ONCE):
        yield dict(page)
