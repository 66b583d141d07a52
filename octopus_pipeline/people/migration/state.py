"""What a migration remembers in the target: its backup, and how far it is, so that it can be continued or undone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.archive_reading import file_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.database import Database

    from octopus_pipeline.store.archive_reading import Archive

MIGRATIONS: Final = "migrations"
"""A document a migration; it changes last when a migration is undone."""


class MigrationError(PipelineError):
    """The databases are not such that this can be done; the message says what to do first."""


class Stage(StrEnum):
    """How far a migration is."""

    RUNNING = "running"
    FINISHED = "finished"
    ROLLING_BACK = "rolling back"


@dataclass(slots=True)
class Migration:
    """One migration. Times are aware; `backup` is a file on the machine that made it."""

    started_at: datetime
    source: str
    backup: str
    backup_size: int
    backup_sha256: str
    had: dict[str, int]
    """The collections there were before, and how many documents each had."""
    was_empty: bool
    """Whether nobody was among the people before."""
    stage: Stage = Stage.RUNNING
    continued: bool = False
    """Whether it was stopped and continued."""
    finished_at: datetime | None = None
    source_crc: str | None = None
    """Checksum of the source's documents as they were read."""
    done_through: str = ""
    """All people up to this one, in the order of their ids, are there."""
    batches: int = 0
    people: int = 0
    """Ids of people that were written, before those that are one person's were joined."""
    people_there: int | None = None
    """How many people there were in the end, with those who were there before."""
    rows: int = 0
    documents: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    parts_left_out: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """The migration that a document of `MIGRATIONS` says."""
        values = {one.name: document[one.name] for one in fields(cls) if one.name in document}
        return cls(**{**values, "stage": Stage(document["stage"])})

    def save(self, target: Database[dict[str, Any]]) -> None:
        """Remember it."""
        values = {**asdict(self), "stage": str(self.stage)}
        target[MIGRATIONS].replace_one({"_id": self.started_at}, values, upsert=True)


def last_migration(target: Database[dict[str, Any]]) -> Migration | None:
    """The one that began last and was not undone."""
    found = target[MIGRATIONS].find_one({}, sort=[("_id", -1)])
    return None if found is None else Migration.of_document(found)


def record_backup(target: Database[dict[str, Any]], archive: Archive) -> None:
    """Remember that a migration's backup was written anew."""
    target[MIGRATIONS].update_many(
        {"backup": str(archive.path)},
        {"$set": {"backup_size": archive.size, "backup_sha256": archive.sha256}},
    )


def require_backup(migration: Migration) -> Path:
    """The file of its backup, which is as it was written.

    Raises:
        MigrationError: it is not.
    """
    path = Path(migration.backup)
    if not path.is_file():
        message = f"the backup {path} is not there. It is on the machine that began the migration: bring it back first"
        raise MigrationError(message)
    if file_sha256(path) != migration.backup_sha256:
        message = f"the backup {path} was changed since it was written. Bring back the file as it was first"
        raise MigrationError(message)
    return path
