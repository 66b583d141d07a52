"""Whose campaigns and people the databases hold: those of EmailOctopus, or invented ones of a sandbox, never both."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.people.database import WRITTEN
from octopus_pipeline.sync.database import SYNC_STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo import MongoClient
    from pymongo.collection import Collection

    from octopus_pipeline.settings import Settings

SANDBOX = "a sandbox on this machine"


class OtherSourceError(PipelineError):
    """The database holds the campaigns of another server than the settings name."""


def claim_source(client: MongoClient[dict[str, Any]], settings: Settings) -> None:
    """Remember where the databases' campaigns and people come from, once the campaigns were read.

    Raises:
        OtherSourceError: as `require_source`.
    """
    source = {"kind": "source", "source": source_of(settings.api_base_url)}
    for collection, _ in _marked(client, settings):
        collection.update_one({"_id": "source"}, {"$setOnInsert": source}, upsert=True)
    require_source(client, settings)


def require_source(client: MongoClient[dict[str, Any]], settings: Settings) -> None:
    """Refuse to mix campaigns or people of another server into the databases.

    Raises:
        OtherSourceError: naming both, and what to do.
    """
    source = source_of(settings.api_base_url)
    for collection, setting in _marked(client, settings):
        held = collection.find_one({"_id": "source"})
        if held is not None and held["source"] != source:
            message = (
                f"the database {collection.database.name} holds campaigns of {held['source']}, the settings name "
                f"{source}. Set another {setting} and OCTOPUS_DATA_DIR; `make clean` removes the embedded database "
                "with all it holds."
            )
            raise OtherSourceError(message)


def _marked(
    client: MongoClient[dict[str, Any]], settings: Settings
) -> Iterator[tuple[Collection[dict[str, Any]], str]]:
    """The collections that say where their databases' content comes from, and the settings that name those."""
    yield client[settings.mongo_database][SYNC_STATE], "MONGO_DATABASE"
    yield client[settings.mongo_people_database][WRITTEN], "MONGO_PEOPLE_DATABASE"


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
