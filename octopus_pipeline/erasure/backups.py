"""Erasing from the backups that migrations made: whoever restores one does not bring an erased person back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
from bson.codec_options import CodecOptions

from octopus_pipeline.erasure.certificate import Removed
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.migration.state import record_backup
from octopus_pipeline.store.archive import UNFINISHED
from octopus_pipeline.store.archive_reading import archived_documents
from octopus_pipeline.store.archive_rewriting import rewrite_archive
from octopus_pipeline.store.whole_file import unfinished_files
from octopus_pipeline.sync.erased_people import without_erased
from octopus_pipeline.sync.migration import backup_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octopus_pipeline.erasure.erasure import Erasure

_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


def erase_backups(erasure: Erasure) -> Iterator[Removed]:
    """Documents of erased people become nobody's in each backup, as in the database; its checksum is noted anew.

    One that a killed process has not finished goes as a whole.

    Raises:
        ArchiveError: if a backup is damaged, or cannot be written; it is as it was.
    """
    for unfinished in unfinished_files(backup_folder(erasure.connections), UNFINISHED):
        unfinished.unlink(missing_ok=True)
        yield Removed("backup", "an unfinished one", "removed", 1)
    for path in sorted(backup_folder(erasure.connections).glob("*.archive*")):
        changed = _changed_documents(erasure, path)
        if changed:
            archive = rewrite_archive(path, changed)
            record_backup(erasure.connections.people_database, archive)
            what = "documents left with pseudonyms and engagement, or without a customer's name"
            yield Removed("backup", path.name, what, len(changed))


def _changed_documents(erasure: Erasure, path: Path) -> dict[bytes, bytes | None]:
    """People's documents that name somebody erased, as they are stored -> as they may be; None: not at all."""
    suppressed, known = erasure.suppressed, -1
    changed: dict[bytes, bytes | None] = {}
    while known != len(suppressed):  # what a document teaches may concern one before it
        known = len(suppressed)
        changed, names = {}, set[str]()
        for collection, page in archived_documents(path):
            if collection.name != PEOPLE or not page:
                continue
            people = bson.decode_all(b"".join(page), _AWARE)
            kept = without_erased(suppressed, people, erasure.now)
            for document, one in zip(page, kept, strict=True):
                if one is not None:
                    # Two documents of one person would have one name, which the index takes once.
                    changed[document] = None if one["contact_id"] in names else bson.encode(one)
                    names.add(one["contact_id"])
        erasure.connections.keep_learned(suppressed)
    return changed
