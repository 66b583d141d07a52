"""What a sync talks to: the EmailOctopus account, MongoDB, the tables and the counties; each opened on first use."""

from __future__ import annotations

import shutil
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from octopus_pipeline.emailoctopus.client import EmailOctopus, open_client
from octopus_pipeline.engagement.merge import open_engine
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.people.database import prepare_people_database
from octopus_pipeline.people.migration.databases import Databases
from octopus_pipeline.store.mongo import connect
from octopus_pipeline.store.tables import TableStore
from octopus_pipeline.store.whole_file import LEFTOVER_AGE_SECONDS
from octopus_pipeline.suppression import listing
from octopus_pipeline.sync.database import prepare_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from pymongo import MongoClient
    from pymongo.database import Database

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.suppression.suppressed import Suppressed


class Connections:
    """The services named by the settings, opened when first used and closed together.

    Opening on use lets a run that asks nothing of the API (a new CSV, say) work without a key.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tables = TableStore(settings.tables_url)
        self._open = ExitStack()
        self._free_engines: deque[DuckDBPyConnection] = deque()

    @cached_property
    def octopus(self) -> EmailOctopus:
        """The EmailOctopus account.

        Raises:
            MissingKeyError: if no API key is set.
        """
        return self._open.enter_context(open_client(self.settings))

    @cached_property
    def database(self) -> Database[dict[str, Any]]:
        """The database of campaigns and participants, its indexes in place.

        Raises:
            MongoUnavailableError: if no server answers in time.
        """
        database = self._client[self.settings.mongo_database]
        prepare_database(database)
        return database

    @cached_property
    def county_database(self) -> Database[dict[str, Any]]:
        """The database of county records, on the same server.

        Raises:
            MongoUnavailableError: if no server answers in time.
        """
        return self._client[self.settings.mongo_county_database]

    @cached_property
    def people_database(self) -> Database[dict[str, Any]]:
        """The database of people, on the same server, its indexes in place.

        Raises:
            MongoUnavailableError: if no server answers in time.
        """
        database = self._client[self.settings.mongo_people_database]
        prepare_people_database(database)
        return database

    @property
    def migration_databases(self) -> Databases:
        """The old tool's database and the people's as they are: nothing is prepared, neither indexes nor else.

        Raises:
            MongoUnavailableError: if no server answers in time.
        """
        settings = self.settings
        return Databases.named(self._client, settings.mongo_database, settings.mongo_people_database)

    @cached_property
    def _client(self) -> MongoClient[dict[str, Any]]:
        return self._open.enter_context(connect(self.settings))

    @cached_property
    def counties(self) -> PreparedCounties:
        """The counties that are loaded, in their matchable form."""
        return PreparedCounties(self.settings.county_index_dir)

    @contextmanager
    def engine(self) -> Iterator[DuckDBPyConnection]:
        """A DuckDB for this thread while the block lasts; one that is free is used again."""
        try:
            engine = self._free_engines.pop()
        except IndexError:
            engine = self._open.enter_context(open_engine(self.scratch_folder))
        yield engine
        self._free_engines.append(engine)  # not after an error: what it was left with is unknown

    def suppressed(self) -> Suppressed:
        """Who was erased, as it is known now; one such list is for one piece of work, in one thread.

        Raises:
            SuppressionKeyError: if the key is not there, or is another one.
        """
        return listing.load(self.database, self.settings)

    def keep_learned(self, suppressed: Suppressed) -> None:
        """Keep what a list of erased people has learned; before what was changed by it is stored."""
        listing.store(self.database, self.settings, suppressed, datetime.now(UTC))

    @property
    def locks_folder(self) -> Path:
        """Where the locks lie that keep two processes from merging one campaign at once."""
        folder = self.settings.data_dir / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def scratch_folder(self) -> Path:
        """Where work that outgrows memory spills to; what killed processes left there a day ago goes."""
        folder = self.settings.data_dir / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            with suppress(FileNotFoundError):  # another process may be sweeping, too
                if time.time() - left.stat().st_mtime > LEFTOVER_AGE_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
        return folder

    def close(self) -> None:
        """Close what was opened."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
