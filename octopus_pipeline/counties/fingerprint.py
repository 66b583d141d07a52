"""Noticing that counties' collections changed without reading them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from bson import json_util
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from octopus_pipeline.counties.collections import read_failure

if TYPE_CHECKING:
    from collections.abc import Collection

    from pymongo.database import Database

_WRITES = ("insert", "modify", "remove", "update")
_AT_ONCE = 8
"""Collections asked about at once: with a server far away each question takes long and costs nobody anything."""


class Fingerprint(NamedTuple):
    """What tells a collection's content from another: a text. And about how many documents it has."""

    text: str
    documents: int


def fingerprints(database: Database[dict[str, Any]], names: Collection[str]) -> dict[str, Fingerprint]:
    """A text a collection that changes when its content does; collections that are not there are left out.

    It is made of what the server knows without looking at documents, some milliseconds however large the collection:
    its identity (another one when it is dropped and made again, or replaced by renaming), the number of
    documents and of their bytes, the least and greatest `_id`, and the storage engine's own counts of
    writes. It may change without a change of content: when the server was restarted (its counts of writes begin anew),
    another member of the replica set became primary, or a document was rewritten as it was.
    Then the collection is read once in vain.

    It stays the same in spite of a change only by chance, or if all of this comes together: documents were changed
    in place, to the very same size, their server restarted since, and it had also just restarted, before any
    write, when the fingerprint was last taken. Where the server does not tell its counts of writes (other storage
    engines than WiredTiger, emulations of MongoDB) any change in place to the same size goes unnoticed.

    Raises:
        CountyReadError: if the server refuses.
        MongoUnavailableError: if it was lost.
    """
    try:
        listed = database.list_collections(filter={"name": {"$in": list(names)}})
        identities = {one["name"]: one.get("info", {}).get("uuid") for one in listed}
    except PyMongoError as error:
        failure = read_failure(error, database, "its list of collections")
    else:
        with ThreadPoolExecutor(_AT_ONCE, "fingerprint") as threads:
            found = threads.map(lambda name: _fingerprint(database, name, identities[name]), identities)
            return dict(zip(identities, found, strict=True))
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def _fingerprint(database: Database[dict[str, Any]], name: str, identity: object) -> Fingerprint:
    collection = database[name]
    try:
        documents = collection.estimated_document_count()
        parts = [
            identity,
            documents,
            *(next(iter(collection.find({}, {"_id": 1}).sort("_id", way).limit(1)), None) for way in (1, -1)),
            _storage(database, name),
        ]
    except PyMongoError as error:
        failure = read_failure(error, database, name)
    else:
        text = hashlib.sha256(json_util.dumps(parts, sort_keys=True).encode()).hexdigest()
        return Fingerprint(text, documents)
    raise failure


def _storage(database: Database[dict[str, Any]], name: str) -> list[tuple[int, int, list[tuple[str, int]]]]:
    """Documents, bytes and counts of writes a shard; empty where the server does not tell."""
    try:
        answers = list(database[name].aggregate([{"$collStats": {"storageStats": {}}}]))
    except ConnectionFailure:
        raise
    except OperationFailure:
        return []
    return sorted(_shard(answer.get("storageStats", {})) for answer in answers)


def _shard(storage: dict[str, Any]) -> tuple[int, int, list[tuple[str, int]]]:
    cursor = storage.get("wiredTiger", {}).get("cursor", {})
    writes = sorted((what, int(count)) for what, count in cursor.items() if what.startswith(_WRITES))
    return int(storage.get("count", 0)), int(storage.get("size", 0)), writes
