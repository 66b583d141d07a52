"""The jobs that migrate the old tool's database, and that undo it: in one process, and among the runs."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

import random
from collections.abc import Callable

import dagster as dg

from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.people.migration.progress import LoggedMigrationProgress, MigrationProgress
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.migration import roll_back_migration, run_migration, verify_migration

MigrationProgressOf = Callable[[Callable[[str], None]], MigrationProgress]
"""Makes a run's `MigrationProgress` from what writes a line to its log."""

_LARGEST_SEED = 2**31


def logged_migration_progress(log: Callable[[str], None]) -> MigrationProgress:
    """Progress as lines of the run's log."""
    return LoggedMigrationProgress(log)


@dg.op(out=dg.Out(dg.Nothing))
def carry_people(
    context: dg.OpExecutionContext,
    connections: dg.ResourceParam[Connections],
    migration_progress_of: dg.ResourceParam[MigrationProgressOf],
) -> dg.Output[None]:
    """Back up the people's database, then carry the old tool's documents into it; or continue where it was stopped."""
    with plain_failures():
        migration = run_migration(connections, migration_progress_of(context.log.info))
    return dg.Output(
        None,
        metadata={
            "people": migration.people_there or 0,
            "rows": migration.rows,
            "batches": migration.batches,
            "left_out": migration.left_out,
            "parts_left_out": migration.parts_left_out,
            "backup": dg.MetadataValue.path(migration.backup),
        },
    )


@dg.op(ins={"carried": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def verify_people(
    _context: dg.OpExecutionContext, connections: dg.ResourceParam[Connections]
) -> dg.Output[None]:
    """Compare the people with the old tool's documents; the report goes to the exports folder."""
    with plain_failures():
        verified = verify_migration(connections, random.randrange(_LARGEST_SEED))  # noqa: S311  # a sample
    metadata = {
        "report": dg.MetadataValue.md(verified.text),
        "file": dg.MetadataValue.path(str(verified.json_file)),
    }
    if not verified.verification.is_well:
        description = (
            f"the people do not hold all that the old tool's documents say: see {verified.text_file}"
        )
        raise dg.Failure(description, metadata, allow_retries=False)
    return dg.Output(None, metadata=metadata)


@dg.op(out=dg.Out(dg.Nothing))
def restore_people(
    context: dg.OpExecutionContext,
    connections: dg.ResourceParam[Connections],
    migration_progress_of: dg.ResourceParam[MigrationProgressOf],
) -> None:
    """Make the people's database what it was before the last migration."""
    with plain_failures():
        roll_back_migration(connections, migration_progress_of(context.log.info))


@dg.job(
    description="Carry the old tool's documents into the database of people, after a backup, and verify it."
)
def migrate_people() -> None:
    """The steps of `octopus migrate run`."""
    verify_people(carried=carry_people())


@dg.job(
    description="Undo the last migration: the database of people becomes what it was before, byte for byte."
)
def roll_back_people() -> None:
    """The step of `octopus migrate rollback`."""
    restore_people()


MIGRATION_JOBS = [migrate_people, roll_back_people]
