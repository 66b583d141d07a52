"""What is left when everything was rewritten: unfinished files, and the bytes of deleted documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from octopus_pipeline.erasure.certificate import Duty, Removed
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.store.scrubbing import delete_freed_files, rewrite_collection
from octopus_pipeline.sync.database import MATCH_DECISIONS, PARTICIPANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.erasure.erasure import Erasure


def erase_unfinished_files(erasure: Erasure) -> Iterator[Removed]:
    """What killed processes had begun to write, and what they had put aside, belongs to nobody now."""
    connections, removed = erasure.connections, 0
    removed += connections.tables.remove_unfinished()
    for path in connections.settings.county_index_dir.glob(".*.tmp"):
        path.unlink(missing_ok=True)
        removed += 1
    for path in connections.scratch_folder.rglob("*"):
        if path.is_file():  # folders may be those of processes that live and rest
            path.unlink(missing_ok=True)
            removed += 1
    if removed:
        yield Removed("unfinished files", "tables, county indices, scratch", "removed", removed)


def scrub_server(erasure: Erasure) -> Iterator[Removed | Duty]:
    """The embedded server's files lose what was deleted; of another server that is its owner's affair."""
    connections = erasure.connections
    if connections.settings.mongo_connection_url is not None:
        yield Duty(
            "whoever runs the MongoDB server",
            "its journal, oplog, logs and backups hold what was deleted until they are overwritten or expire; restored "
            "backups need `octopus forget --again`",
        )
        return
    rewritten = [
        connections.database[PARTICIPANTS],
        connections.database[MATCH_DECISIONS],
        connections.people_database[PEOPLE],
    ]
    if not erasure.is_any_removed:
        return
    for collection in rewritten:
        rewrite_collection(collection)
    delete_freed_files(connections.database, connections.settings.data_dir)
    yield Removed("embedded server", "collections", "written anew, journal emptied", len(rewritten))


def tell_of_stores(erasure: Erasure) -> Iterator[Duty]:
    """Object stores may keep versions of what was replaced."""
    files, _ = url_to_fs(erasure.connections.settings.tables_url)
    if not isinstance(files, LocalFileSystem):
        yield Duty(
            "whoever runs the store of OCTOPUS_TABLES_URL",
            "delete former versions of the tables, if it keeps them",
        )
