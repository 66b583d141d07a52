"""An archive written anew with some of its documents changed, in its former place: whole or not at all."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import bson
from fastcrc import crc64

from octopus_pipeline.store.archive import UNFINISHED, archive_file, signed, unwritable
from octopus_pipeline.store.archive_reading import (
    MAGIC,
    TERMINATOR,
    Archive,
    archive_documents,
    read_archive,
)
from octopus_pipeline.store.whole_file import whole_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Changed = Mapping[bytes, bytes | None]
    """Stored document -> what is to be in its place; None for nothing."""


def rewrite_archive(path: Path, changed: Changed) -> Archive:
    """Put other documents in the place of some of an archive's; all else stays as it is.

    Raises:
        ArchiveError: the archive cannot be read, or written; it is as it was.
    """
    read_archive(path)  # what is damaged is not made to look whole
    try:
        with whole_path(path, UNFINISHED) as unfinished:
            with archive_file(unfinished, path) as out:
                _rewrite(path, changed, out)
            written = read_archive(unfinished)
    except OSError as error:
        raise unwritable(path, error) from error
    return Archive(path, written.size, written.sha256, written.collections)


def _rewrite(path: Path, changed: Changed, out: IO[bytes]) -> None:
    crcs: dict[str, int] = {}
    collection = ""
    is_prelude, is_header = True, True
    out.write(MAGIC)
    for document in archive_documents(path):
        if document is None:  # the end of the prelude, or of a block
            out.write(TERMINATOR)
            is_prelude, is_header = False, True
        elif is_prelude:
            out.write(document)
        elif is_header:
            block = bson.decode(document)
            collection, is_header = block["collection"], False
            if block["EOF"]:
                block["CRC"] = bson.Int64(signed(crcs.get(collection, 0)))
            out.write(bson.encode(block))
        else:
            kept = changed.get(document, document)
            if kept is not None:
                crcs[collection] = crc64.xz(kept, crcs.get(collection, 0))
                out.write(kept)
