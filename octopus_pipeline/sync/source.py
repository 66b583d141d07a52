"""Whose campaigns a database holds: those of EmailOctopus, or invented ones of a sandbox, never both."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.database import SYNC_STATE

if TYPE_CHECKING:
    from pymongo.database import Database

SANDBOX = "a sandbox on this machine"


class OtherSourceError(PipelineError):
    """The database holds the campaigns of another server than the settings name."""


def claim_source(database: Database[dict[str, Any]], base_url: str) -> None:
    """Remember where this database's campaigns come from, once they were read.

    Raises:
        OtherSourceError: as `require_source`.
    """
    source = {"kind": "source", "source": source_of(base_url)}
    database[SYNC_STATE].update_one({"_id": "source"}, {"$setOnInsert": source}, upsert=True)
    require_source(database, base_url)


def require_source(database: Database[dict[str, Any]], base_url: str) -> None:
    """Refuse to mix campaigns of another server into this database.

    Raises:
        OtherSourceError: naming both, and what to do.
    """
    source = source_of(base_url)
    held = database[SYNC_STATE].find_one({"_id": "source"})
    if held is not None and held["source"] != source:
        message = (
            f"the database {database.name} holds campaigns of {held['source']}, the settings name {source}. "
            "Set another MONGO_DATABASE and OCTOPUS_DATA_DIR; `make clean` removes the embedded database with all "
            "it holds."
        )
        raise OtherSourceError(message)


def source_of(base_url: str) -> str:
    """The server in words that stay the same from run to run: a sandbox's port, an API version's host do not."""
    host = urlsplit(base_url).hostname or base_url
    if host == "localhost" or _is_loopback(host):
        return SANDBOX
    return "emailoctopus.com" if host.endswith("emailoctopus.com") else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
