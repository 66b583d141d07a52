"""From where and to where a migration goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from octopus_pipeline.people.migration.state import MigrationError
from octopus_pipeline.store.mongo import LENIENT

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

PARTICIPANTS: Final = "participants"
"""The old tool's collection of a document a campaign and contact."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The old tool's database, which is only read, and the people's; nothing of either is prepared."""

    source: Database[dict[str, Any]]
    target: Database[dict[str, Any]]

    @classmethod
    def named(cls, client: MongoClient[dict[str, Any]], source: str, target: str) -> Self:
        """The databases of these names, of which the old tool's may hold anything."""
        old = client.get_database(source, LENIENT.with_options(tz_aware=client.codec_options.tz_aware))
        return cls(old, client[target])


def require_migratable(databases: Databases) -> None:
    """See that the one database can be carried into the other.

    Raises:
        MigrationError: it cannot.
    """
    source, target = databases.source, databases.target
    if source.name == target.name:
        message = f"MONGO_DATABASE and MONGO_PEOPLE_DATABASE are both {source.name}: set two different names"
        raise MigrationError(message)
    if source[PARTICIPANTS].find_one({}, {"_id": True}) is None:
        message = (
            f"{source.name}.{PARTICIPANTS} holds nothing that could be migrated. Set MONGO_DATABASE to the old tool's "
            "database, and MONGO_CONNECTION_URL to its server"
        )
        raise MigrationError(message)
