"""A migration in a process of its own: `python -m octopus_pipeline_tests.people.migration.child_migration`.

It takes the server's URL, the old database, the new one and the folder of backups. It prints a line at each step and at
each batch, of few people, and waits for none of them to be read.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from octopus_pipeline.engagement.merge import open_engine
from octopus_pipeline.people.migration import grouping
from octopus_pipeline.people.migration.databases import Databases
from octopus_pipeline.people.migration.run import migrate

PEOPLE_AT_ONCE = 4


class PrintedProgress:
    """Each step and batch as a line, at once."""

    def step(self, words: str) -> None:
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()

    def rows(self, done: int, of: int) -> None:
        self.step(f"{done} of {of}")


def main() -> None:
    grouping.PEOPLE_AT_ONCE = PEOPLE_AT_ONCE  # type: ignore[misc]  # so that there are many batches of few documents
    url, source, target, folder = sys.argv[1:]
    with MongoClient[dict[str, Any]](url, tz_aware=True) as client, open_engine() as engine:
        databases = Databases.named(client, source, target)
        migrate(databases, engine, Path(folder), datetime.now(UTC), PrintedProgress())


if __name__ == "__main__":
    main()
