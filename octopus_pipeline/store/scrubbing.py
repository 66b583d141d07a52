"""What was deleted goes out of the embedded server's files, too.

MongoDB marks the place of a deleted document as free and writes over it some day; its journal holds it until a
checkpoint and the next file. So a collection is written anew beside itself and takes its own place, which deletes the
files of the former one after a checkpoint, and the journal is brought to its next file.
"""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store import embedded_keeper as keeper

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.collection import Collection
    from pymongo.database import Database

_BESIDE: Final = "rewritten_"
_FILLING: Final = "filling_the_journal"
_PART_BYTES = 2 * 2**20
_MOST_PARTS = 50
_DROP_SECONDS = 30.0
_POLL_SECONDS = 0.1


class ScrubbingError(PipelineError):
    """Deleted data could not be brought out of the embedded server's files."""


def rewrite_collection(collection: Collection[dict[str, Any]]) -> None:
    """Write a collection anew, with its indexes, so that nothing but its documents is in its files.

    A crash leaves the collection as it was; doing it again finishes it. Nobody may write to it meanwhile.
    """
    database, beside = collection.database, f"{_BESIDE}{collection.name}"
    indexes = [
        {name: value for name, value in index.items() if name not in {"v", "ns"}}
        for index in collection.list_indexes()
        if index["name"] != "_id_"
    ]
    collection.aggregate([{"$out": beside}])
    if beside not in database.list_collection_names():  # of an empty collection nothing is made
        database.create_collection(beside)
    if indexes:
        database.command("createIndexes", beside, indexes=indexes)
    database[beside].rename(collection.name, dropTarget=True)


def delete_freed_files(database: Database[dict[str, Any]], data_dir: Path) -> None:
    """See that the files of dropped collections are deleted, and the journal's up to now.

    Args:
        database: one of the embedded server's; what fills the journal is written to it, and dropped.
        data_dir: the project's data folder.

    Raises:
        ScrubbingError: if they are not deleted in time.
    """
    folder = data_dir.resolve() / "mongodb" / keeper.DATABASE_DIR
    journal = _journal(folder)
    filling = database[f"{_FILLING}_{uuid.uuid4().hex}"]
    try:
        for _ in range(_MOST_PARTS):
            if _journal(folder) - journal:
                break
            filling.insert_one({"part": os.urandom(_PART_BYTES)})
    finally:
        filling.drop()
    deadline = time.monotonic() + _DROP_SECONDS
    while _journal(folder) & journal or _collections(folder) - _in_use(database):
        if time.monotonic() > deadline:
            message = f"the embedded MongoDB keeps files in {folder} that it needs no more. Do this again"
            raise ScrubbingError(message)
        database.client.admin.command("fsync")  # a checkpoint, after which they may go
        time.sleep(_POLL_SECONDS)


def _journal(folder: Path) -> set[str]:
    return {path.name for path in (folder / "journal").glob("WiredTigerLog.*")}


def _collections(folder: Path) -> set[str]:
    """The names of the files of collections and indexes, without their ends."""
    return {path.stem for kind in ("collection", "index") for path in folder.glob(f"{kind}-*.wt")}


def _in_use(database: Database[dict[str, Any]]) -> set[str]:
    """The same of those that exist."""
    names = set[str]()
    for one in database.client.admin.aggregate([{"$listCatalog": {}}]):
        names |= {one.get("ident", ""), *one.get("idxIdent", {}).values()}
    return names
