"""From where and to where a migration goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from octopus_pipeline.people.migration.state import MigrationError

if TYPE_CHECKING:
    from pymongo.database import Database

PARTICIPANTS: Final = "participants"
"""The old tool's collection of a document a campaign and contact."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The old tool's database, which is only read, and the people's; nothing of either is prepared."""

    source: Database[dict[str, Any]]
    target: Database[dict[str, Any]]


def require_migratable(databases: Databases) -> None:
    """See that the one database can be carried into the other.

    Raises:
        MigrationError: it cannot.
    """
    source, target = databases.source, databases.target
    if source.name == target.name:
        message = f"MONGO_DATABASE and MONGO_PEOPLE_DATABASE are both {source.name}: set two different names"
        raise MigrationError(message)
