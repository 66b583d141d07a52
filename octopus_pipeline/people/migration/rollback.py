"""Undoing a migration: the people's database becomes what it was before, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octopus_pipeline.people.migration.state import (
    MIGRATIONS,
    Migration,
    MigrationError,
    Stage,
    last_migration,
    require_backup,
)
from octopus_pipeline.store.restoring import restore_archive

if TYPE_CHECKING:
    from pymongo.database import Database

    from octopus_pipeline.people.migration.progress import MigrationProgress


def roll_back(target: Database[dict[str, Any]], progress: MigrationProgress) -> Migration:
    """Undo the last migration, finished or not; stopped and called again, it comes to the same end.

    What was written since, also by others, is gone then; the backup stays. The migration before, if there was one, is
    the last again.

    Raises:
        MigrationError: nothing was migrated, or the backup is not as it was; nothing was changed.
        ArchiveError, RestoreError: the backup cannot be restored; people and campaigns are as they were.
    """
    migration = last_migration(target)
    if migration is None:
        message = f"{target.name} has no migration that could be rolled back"
        raise MigrationError(message)
    path = require_backup(migration)
    migration.stage = Stage.ROLLING_BACK
    migration.save(target)
    progress.step(f"restoring {target.name} from {path}")
    total = sum(migration.had.values())
    restored: dict[str, int] = {}

    def told(name: str, documents: int) -> None:
        restored[name] = documents
        progress.rows(sum(restored.values()), total)

    restore_archive(target, path, last=MIGRATIONS, told=told)
    return migration
