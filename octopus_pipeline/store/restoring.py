"""A database made what an archive of it says, byte for byte, and able to go on wherever it was stopped.

Every collection is first made beside the one that it will replace, and compared with the archive; only when all are
there they take their places, each in one step. What the archive does not have is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from bson.json_util import CANONICAL_JSON_OPTIONS, loads
from bson.raw_bson import RawBSONDocument
from fastcrc import crc64
from pymongo.errors import BulkWriteError

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.archive import metadata_of, stored_bytes
from octopus_pipeline.store.archive_reading import VIEW, ArchivedCollection, archived_documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pymongo.database import Database

BESIDE = "restored_"
"""What the names of the collections begin with that are not yet in their places."""

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


class RestoreError(PipelineError):
    """A collection could not be made what the archive says; all that the database had is still there."""


def restore_archive(
    database: Database[dict[str, Any]],
    path: Path,
    *,
    last: str | None = None,
    told: Callable[[str, int], None] = lambda _name, _documents: None,
) -> None:
    """Give the database the very collections, documents, indexes and options of the archive, and nothing else.

    Stopped at any moment and called again, it comes to the same end. Nobody may write to the database meanwhile.

    Args:
        database: it may have another name than the one that was archived.
        path: the archive.
        last: the collection that changes after all others: whoever finds it changed knows that all is done.
        told: hears the collection and how many of its documents are there.

    Raises:
        ArchiveError: the archive cannot be read, or is damaged; the database is as it was.
        RestoreError: the server did not take a collection as it is; the database is as it was.
    """
    _drop_beside(database)
    archived: dict[str, ArchivedCollection] = {}
    for collection, documents in archived_documents(path):
        if collection.name not in archived and collection.kind != VIEW:
            _create_beside(database, collection)
        archived[collection.name] = collection
        if documents:
            _insert(database, collection.name, documents)
        elif collection.kind != VIEW:
            _finish_beside(database, collection)
        told(collection.name, collection.documents)
    _take_places(database, archived, last)


def _drop_beside(database: Database[dict[str, Any]]) -> None:
    for name in database.list_collection_names(filter={"name": {"$regex": f"^{BESIDE}"}}):
        database.drop_collection(name)


def _create_beside(database: Database[dict[str, Any]], collection: ArchivedCollection) -> None:
    options = _parts(collection.metadata)["options"]
    database.command({"create": BESIDE + collection.name, **options})


def _insert(database: Database[dict[str, Any]], name: str, documents: list[bytes]) -> None:
    """Insert documents as they are, in their order; rules that they break now were broken when they were archived."""
    beside = database.get_collection(BESIDE + name, codec_options=_RAW)
    try:
        beside.insert_many(map(RawBSONDocument, documents), bypass_document_validation=True)
    except BulkWriteError:
        refused = True
    else:
        refused = False
    if refused:  # raised outside the handler: the driver's error quotes documents
        message = (
            f"the server refused documents of {database.name}.{name}; nothing was changed. Is its disk full?"
        )
        raise RestoreError(message)


def _finish_beside(database: Database[dict[str, Any]], collection: ArchivedCollection) -> None:
    """Make the indexes and compare all with what was archived."""
    name = BESIDE + collection.name
    archived = _parts(collection.metadata)
    wanted = [one for one in archived["indexes"] if one["name"] != "_id_" and not one.get("clustered")]
    if wanted:
        database.command({"createIndexes": name, "indexes": wanted})
    crc, size = 0, 0
    for raw in stored_bytes(database[name]):
        crc, size = crc64.xz(raw, crc), size + len(raw)
    if (crc, size) != (collection.crc, collection.size):
        what = "documents"
    elif _parts(metadata_of(database, name)) != archived:
        what = "options or indexes"
    else:
        return
    _drop_beside(database)
    message = (
        f"the server keeps the {what} of {database.name}.{collection.name} otherwise than they are in the archive; "
        "nothing was changed. Restore with a server of the version that the backup was made with"
    )
    raise RestoreError(message)


def _parts(metadata: str) -> dict[str, Any]:
    """Options and indexes; mongodump leaves out options that there are none of."""
    parts = loads(metadata, json_options=CANONICAL_JSON_OPTIONS)
    return {"options": parts.get("options", {}), "indexes": parts["indexes"]}


def _take_places(
    database: Database[dict[str, Any]], archived: dict[str, ArchivedCollection], last: str | None
) -> None:
    there = {
        one["name"]: one["type"]
        for one in database.list_collections()
        if not one["name"].startswith(("system.", BESIDE))
    }
    views = [name for name, collection in archived.items() if collection.kind == VIEW]
    for name, kind in there.items():
        if name != last and (kind == VIEW or name not in archived or name in views):
            database.drop_collection(name)
    # Views may stand on any collection, also on one that is replaced now.
    for name in sorted(archived.keys() - {last, *views}):
        database[BESIDE + name].rename(name, dropTarget=True)
    for name in views:
        options = _parts(archived[name].metadata)["options"]
        database.command({"create": name, **options})
    if last in archived:
        database[BESIDE + str(last)].rename(str(last), dropTarget=True)
    elif last in there:
        database.drop_collection(str(last))
