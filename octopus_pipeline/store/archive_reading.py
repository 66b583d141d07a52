"""Reading an archive of `mongodump --archive`, or of ours, from end to end: form, counts and checksums.

The format is that of MongoDB's own tools (mongo-tools, common/archive): a magic number, a header, metadata of each
collection, then for each collection blocks of its documents as they are stored, and a header of its end with their
CRC-64 (XZ's, which Go calls ECMA). Each block ends with a terminator. Documents are never decoded here.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import bson
from bson.errors import BSONError
from fastcrc import crc64

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = (0x8199E26D).to_bytes(4, "little")
TERMINATOR = b"\xff\xff\xff\xff"
VIEW = "view"

VERSION = "0.1"
UNSIGNED = 2**64
"""Checksums are stored as signed numbers."""

_SMALLEST_DOCUMENT, _LARGEST_DOCUMENT = 5, 16 * 2**20 + 16 * 2**10
_DOCUMENTS_AT_ONCE = 1_000
_GZIP_MAGIC = b"\x1f\x8b"


class ArchiveError(PipelineError):
    """The archive cannot be written, or is not what was once written; the message names the file."""


@dataclass(frozen=True, slots=True)
class ArchivedCollection:
    """A collection, or a view, in an archive.

    `metadata` is its options and indexes as canonical extended JSON; a view has no documents.
    """

    name: str
    kind: str
    metadata: str
    documents: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds; `sha256` is of the file as it lies on the disk."""

    path: Path
    size: int
    sha256: str
    collections: tuple[ArchivedCollection, ...]


def read_archive(path: Path) -> Archive:
    """Read an archive from end to end and check it: form, counts and checksums.

    Raises:
        ArchiveError: the file cannot be read, or is no whole archive.
    """
    collections: dict[str, ArchivedCollection] = {}
    for collection, _ in archived_documents(path):
        collections[collection.name] = collection
    return Archive(path, path.stat().st_size, file_sha256(path), tuple(collections.values()))


def archived_documents(path: Path) -> Iterator[tuple[ArchivedCollection, list[bytes]]]:
    """The archive's documents, some at a time, as they were stored, each collection's in its order.

    With them the collection as far as it was read. Each comes a last time when it was read whole and its checksum was
    found right: without documents, with its counts and checksum.

    Raises:
        ArchiveError: the file cannot be read, or is no whole archive.
    """
    try:
        with path.open("rb") as file, _decompressed(file) as stream:
            yield from _Reader(path, stream).collections()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is cut off, or no archive"
        message = f"the archive {path} cannot be read: {reason}. Use another copy of it"
        raise ArchiveError(message) from error


def archive_documents(path: Path) -> Iterator[bytes | None]:
    """Every document of an archive that `read_archive` took, those of the archive itself too; None for a terminator."""
    with path.open("rb") as file, _decompressed(file) as stream:
        reader = _Reader(path, stream)
        stream.read(len(MAGIC))
        while (first := stream.read(len(TERMINATOR))) != b"":
            yield reader.document(first)


def file_sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Reader:
    """Reads one archive's stream."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream

    def collections(self) -> Iterator[tuple[ArchivedCollection, list[bytes]]]:
        """See `archived_documents`."""
        if self._stream.read(len(MAGIC)) != MAGIC:
            raise self._damaged("it does not begin as an archive does")
        header = self._header(self.document(), version=str)
        if header["version"] != VERSION:
            raise self._damaged("its version is another")
        unread: dict[str, ArchivedCollection] = {}
        while (document := self.document()) is not None:
            one = self._header(document, collection=str, metadata=str, type=str)
            name = one["collection"]
            unread[name] = ArchivedCollection(name, one["type"], one["metadata"], 0, 0, 0)
        while (first := self._stream.read(4)) != b"":
            block = self._header(self.document(first), collection=str, EOF=bool, CRC=int)
            name = block["collection"]
            if name not in unread:
                raise self._damaged("a collection begins that was not announced, or ended before")
            if not block["EOF"]:
                for documents in self._documents():
                    unread[name] = _with_documents(unread[name], documents)
                    yield unread[name], documents
                continue
            if self.document() is not None:
                raise self._damaged("documents follow the end of their collection")
            if block["CRC"] % UNSIGNED != unread[name].crc:
                raise self._damaged(f"the checksum of the collection {name} is wrong")
            yield unread.pop(name), []
        if unread:
            raise self._damaged(f"it ends before the collection {min(unread)} does")

    def _documents(self) -> Iterator[list[bytes]]:
        """The rest of a block, some documents at a time."""
        page: list[bytes] = []
        while (document := self.document()) is not None:
            page.append(document)
            if len(page) == _DOCUMENTS_AT_ONCE:
                yield page
                page = []
        if page:
            yield page

    def document(self, first: bytes | None = None) -> bytes | None:
        """The next document, or None if it is a terminator; its first four bytes may have been read."""
        prefix = self._stream.read(4) if first is None else first
        if prefix == TERMINATOR:
            return None
        size = int.from_bytes(prefix, "little")
        if len(prefix) < len(TERMINATOR) or not _SMALLEST_DOCUMENT <= size <= _LARGEST_DOCUMENT:
            raise self._damaged("it is cut off, or something in it is no document")
        rest = self._stream.read(size - len(prefix))
        if len(rest) != size - len(prefix) or rest[-1] != 0:
            raise self._damaged("it is cut off, or something in it is no document")
        return prefix + rest

    def _header(self, document: bytes | None, **kinds: type) -> dict[str, Any]:
        """A document of the archive itself, which has values of these kinds."""
        try:
            header = bson.decode(document or b"")
        except BSONError:
            header = {}
        if not all(isinstance(header.get(name), kind) for name, kind in kinds.items()):
            raise self._damaged("one of its headers is none")
        return header

    def _damaged(self, how: str) -> ArchiveError:
        return ArchiveError(f"the archive {self._path} is damaged: {how}. Use another copy of it")


def _with_documents(collection: ArchivedCollection, documents: list[bytes]) -> ArchivedCollection:
    raw = b"".join(documents)
    return ArchivedCollection(
        collection.name,
        collection.kind,
        collection.metadata,
        collection.documents + len(documents),
        collection.size + len(raw),
        crc64.xz(raw, collection.crc),
    )


@contextmanager
def _decompressed(file: IO[bytes]) -> Iterator[IO[bytes]]:
    beginning = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    if beginning != _GZIP_MAGIC:
        yield file
        return
    with gzip.GzipFile(fileobj=file) as unpacked:
        yield cast("IO[bytes]", unpacked)
