"""A database as one file that `mongorestore --archive` takes: written whole or not at all, and read back checked.

`archive_reading` tells the format. Documents are never decoded here.
"""

from __future__ import annotations

import gzip
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, cast

import bson
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps
from fastcrc import crc64

from octopus_pipeline.store.archive_reading import (
    MAGIC,
    TERMINATOR,
    UNSIGNED,
    VERSION,
    VIEW,
    Archive,
    ArchivedCollection,
    ArchiveError,
    read_archive,
)
from octopus_pipeline.store.whole_file import whole_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pymongo.collection import Collection
    from pymongo.database import Database

UNFINISHED: Final = "archive_"
"""What the names of unfinished archives begin with, after a dot: each has a name of its own, and all are swept up."""

_TIME_SERIES = "timeseries"
_TOOL_VERSION = "octopus-pipeline"
_GZIP_LEVEL = 1  # gzip's best costs ten times as much and saves a third of the space


def write_archive(
    database: Database[dict[str, Any]], path: Path, leave_out: Callable[[str], bool] = lambda _: False
) -> Archive:
    """Write all collections of the database to `path`, with gzip if its name ends with `.gz`, and read it back.

    Only its owner may read the file: it holds what the database holds.

    Args:
        database: what is archived; nobody should write to it meanwhile.
        path: the file, which must not be there yet; its folder is made if need be.
        leave_out: whether the collection of this name is left out.

    Raises:
        ArchiveError: the file cannot be written, or read back as it was written; then there is no file.
    """
    found = [one for one in _collections(database) if not leave_out(one["name"])]
    for one in found:
        if one["type"] == _TIME_SERIES:
            message = (
                f"{database.name}.{one['name']} is a time series collection, which cannot be put back in place. Move "
                "it to a database of its own first"
            )
            raise ArchiveError(message)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_path(path, UNFINISHED) as unfinished:
            with archive_file(unfinished, path) as out:
                written = _write(database, found, out)
            read = read_archive(unfinished)
            if read.collections != written:
                message = f"{path} reads back otherwise than it was written: the disk or the memory is faulty"
                raise ArchiveError(message)
    except OSError as error:
        raise unwritable(path, error) from error
    return Archive(path, read.size, read.sha256, written)


def metadata_of(database: Database[dict[str, Any]], name: str) -> str:
    """Options and indexes of a collection or a view as an archive holds them, its own UUID and name left out."""
    (found,) = database.list_collections(filter={"name": name})
    return _metadata(database, found, own=False)


def _collections(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Collections and views by name; what the server keeps for itself is no one's to archive."""
    found = [dict(one) for one in database.list_collections()]
    return sorted(
        (one for one in found if not one["name"].startswith("system.")), key=lambda one: str(one["name"])
    )


def _metadata(database: Database[dict[str, Any]], found: Mapping[str, Any], *, own: bool) -> str:
    indexes = [] if found["type"] == VIEW else list(database[found["name"]].list_indexes())
    metadata: dict[str, Any] = {"options": found["options"], "indexes": indexes}
    if own:
        identity = found.get("info", {}).get("uuid")
        metadata |= {"uuid": identity.hex() if identity else "", "collectionName": found["name"]}
    return dumps(metadata, json_options=CANONICAL_JSON_OPTIONS)


def _write(
    database: Database[dict[str, Any]], found: list[dict[str, Any]], out: IO[bytes]
) -> tuple[ArchivedCollection, ...]:
    header = {
        "concurrent_collections": 1,
        "version": VERSION,
        "server_version": database.client.server_info()["version"],
        "tool_version": _TOOL_VERSION,
    }
    out.write(MAGIC + bson.encode(header))
    metadata = {one["name"]: _metadata(database, one, own=True) for one in found}
    for one in found:
        described = {
            "db": database.name,
            "collection": one["name"],
            "metadata": metadata[one["name"]],
            "size": 0,  # as mongodump has it; it is for progress bars
            "type": one["type"],
        }
        out.write(bson.encode(described))
    out.write(TERMINATOR)
    return tuple(_write_collection(database, one, metadata[one["name"]], out) for one in found)


def _write_collection(
    database: Database[dict[str, Any]], found: Mapping[str, Any], metadata: str, out: IO[bytes]
) -> ArchivedCollection:
    namespace = {"db": database.name, "collection": found["name"]}
    documents, size, crc = 0, 0, 0
    if found["type"] != VIEW:
        for raw in stored_bytes(database[found["name"]]):
            if raw and not size:
                out.write(bson.encode({**namespace, "EOF": False, "CRC": bson.Int64(0)}))
            out.write(raw)
            documents += sum(1 for _ in split_documents(raw))
            size += len(raw)
            crc = crc64.xz(raw, crc)
        if size:
            out.write(TERMINATOR)
    out.write(bson.encode({**namespace, "EOF": True, "CRC": bson.Int64(signed(crc))}) + TERMINATOR)
    return ArchivedCollection(found["name"], found["type"], metadata, documents, size, crc)


def stored_bytes(collection: Collection[dict[str, Any]]) -> Iterator[bytes]:
    """The collection's documents as they are stored and in the order of storage, many at a time."""
    batches = collection.find_raw_batches(sort=[("$natural", 1)])
    return cast("Iterator[bytes]", batches)  # its type says documents


def split_documents(raw: bytes) -> Iterator[bytes]:
    """The BSON documents that lie one behind the other in `raw`."""
    start = 0
    while start < len(raw):
        end = start + int.from_bytes(raw[start : start + 4], "little")
        yield raw[start:end]
        start = end


@contextmanager
def archive_file(unfinished: Path, path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read and that is to be `path`; packed if that ends with `.gz`."""
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_GZIP_LEVEL) as packed:
            yield cast("IO[bytes]", packed)


def signed(crc: int) -> int:
    """A checksum as archives have it."""
    return crc - UNSIGNED if crc >= UNSIGNED // 2 else crc


def unwritable(path: Path, error: OSError) -> ArchiveError:
    """The error to raise when an archive cannot be written."""
    reason = error.strerror or type(error).__name__
    return ArchiveError(
        f"the archive {path} cannot be written: {reason}. Make the folder writable or free disk space"
    )
