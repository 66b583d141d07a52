"""Erasing from `empowersave_development`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.erasure.certificate import Removed
from octopus_pipeline.people.database import PEOPLE, is_passing
from octopus_pipeline.sync.erased_people import erase_from_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.erasure.erasure import Erasure


def erase_people(erasure: Erasure) -> Iterator[Removed]:
    """The document of an erased person stays as nobody's; what killed processes left in collections beside goes."""
    database = erasure.connections.people_database
    for name in filter(is_passing, database.list_collection_names()):
        database.drop_collection(name)
    erased, renamed = erase_from_people(erasure.connections, erasure.suppressed, erasure.now)
    where = database[PEOPLE].full_name
    if erased:
        yield Removed("database", where, "documents left with pseudonyms and engagement", erased)
    if renamed:
        yield Removed("database", where, "others' documents without that customer's name", renamed)
