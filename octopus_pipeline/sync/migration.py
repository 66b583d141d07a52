"""Migrating the old tool's database with what the settings name: one migration at a time on this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout
from pymongo.errors import ConnectionFailure

from octopus_pipeline.engagement.merge import open_engine
from octopus_pipeline.people.migration.grouping import ENGINE_MEMORY
from octopus_pipeline.people.migration.plan import plan
from octopus_pipeline.people.migration.report import report_text, write_report
from octopus_pipeline.people.migration.rollback import roll_back
from octopus_pipeline.people.migration.run import migrate
from octopus_pipeline.people.migration.state import MigrationError
from octopus_pipeline.people.migration.verify import verify
from octopus_pipeline.store.mongo import lost
from octopus_pipeline.sync.working import at_work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.plan import MigrationPlan
    from octopus_pipeline.people.migration.progress import MigrationProgress
    from octopus_pipeline.people.migration.state import Migration
    from octopus_pipeline.people.migration.verify import Verification
    from octopus_pipeline.sync.connections import Connections

REPORT_FOLDER: Final = "migration"
"""Where in the exports folder the report lies."""

_LOCK = "migration.lock"


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification and the files that it was reported to."""

    verification: Verification
    text: str
    json_file: Path
    text_file: Path


def backup_folder(connections: Connections) -> Path:
    """Where backups lie; nothing removes them."""
    return connections.settings.data_dir / "backups"


def plan_migration(connections: Connections) -> MigrationPlan:
    """What a migration would do; nothing is changed.

    Raises:
        MigrationError: it cannot begin.
        MongoUnavailableError: the server was lost, here as in all that follows.
    """
    with _reached(connections), _engine(connections) as engine:
        folder = backup_folder(connections)
        return plan(connections.migration_databases, engine, folder, datetime.now(UTC))


def run_migration(connections: Connections, progress: MigrationProgress) -> Migration:
    """Begin or continue a migration.

    Raises:
        MigrationError: it cannot begin, or another one is at work.
        ArchiveError: there can be no backup.
        PeopleWriteError: the server refused documents.
    """
    with _alone(connections), _reached(connections), _engine(connections) as engine:
        folder = backup_folder(connections)
        return migrate(connections.migration_databases, engine, folder, datetime.now(UTC), progress)


def verify_migration(connections: Connections, seed: int) -> Verified:
    """Compare the target with the source and report it.

    Raises:
        MigrationError: the report cannot be written.
    """
    with _reached(connections), _engine(connections) as engine:
        verification = verify(connections.migration_databases, engine, seed)
    settings = connections.settings
    text = report_text(verification, datetime.now(settings.time_zone))
    files = write_report(settings.export_dir / REPORT_FOLDER, verification, text)
    return Verified(verification, text, *files)


def roll_back_migration(connections: Connections, progress: MigrationProgress) -> Migration:
    """Undo the last migration.

    Raises:
        MigrationError: there is nothing to undo, or a migration is at work.
        ArchiveError, RestoreError: the backup cannot be restored.
    """
    with _alone(connections), _reached(connections):
        return roll_back(connections.migration_databases.target, progress)


@contextmanager
def _reached(connections: Connections) -> Iterator[None]:
    """Say in our own words when the server is lost; what was finished stays, and can be gone on with."""
    try:
        yield
    except ConnectionFailure as error:
        failure = lost(error, connections.migration_databases.target.client)
    else:
        return
    raise failure  # outside the handler: the driver's error is not in its context


def _engine(connections: Connections) -> AbstractContextManager[DuckDBPyConnection]:
    return open_engine(connections.scratch_folder, ENGINE_MEMORY)


@contextmanager
def _alone(connections: Connections) -> Iterator[None]:
    try:
        with FileLock(connections.locks_folder / _LOCK, timeout=0), at_work(connections.locks_folder):
            yield
    except Timeout:
        message = "another process migrates or rolls back; wait until it is done"
        raise MigrationError(message) from None
