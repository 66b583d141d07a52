"""Rows merged into people's documents by the server, which is sent the law once, not once a row.

A row is a person seen once, `{contact_id, person_ids, contact, engagement, synced_at}`: its parts are as in
`documents`, the engagement may be null.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from octopus_pipeline.people.expressions import joined_with_new, new_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pymongo.collection import Collection
    from pymongo.database import Database

    Part = dict[str, Any]

INCOMING = "incoming_people"
"""What the names of the collections begin with in which rows lie until they are merged."""

ROWS_AT_ONCE = 10_000
_LEFTOVER_AGE = timedelta(days=1)


def merge_people(people: Collection[Part], rows: Iterable[Part]) -> int:
    """Merge rows into people's documents, a bounded number at a time; how many there were.

    They are put into a collection beside, and the server merges from there. What people write is data all the way,
    never an expression.

    Args:
        people: the collection, with a unique index on `contact_id`.
        rows: persons seen, each once; one may come again.
    """
    remaining, merged = iter(rows), 0
    while page := list(islice(remaining, ROWS_AT_ONCE)):
        _merge(people, page)
        merged += len(page)
    return merged


def rows_of(document: Mapping[str, Any], contact_id: str) -> Iterator[Part]:
    """A document taken apart into rows that make the same one again, of the person `contact_id`."""
    contacts, engagements = document["contacts"], document["engagements"]
    for number in range(max(len(contacts), len(engagements))):
        yield {
            "contact_id": contact_id,
            "person_ids": document["person_ids"],
            "contact": contacts[min(number, len(contacts) - 1)],
            "engagement": engagements[min(number, len(engagements) - 1)] if engagements else None,
            "synced_at": document["synced_at"],
        }


def sweep(database: Database[Part], now: datetime) -> None:
    """Drop the collections that killed processes left a day ago."""
    for name in database.list_collection_names(filter={"name": {"$regex": rf"^{re.escape(INCOMING)}_"}}):
        made = datetime.fromtimestamp(int(name.split("_")[2]), UTC)
        if now - made > _LEFTOVER_AGE:
            database.drop_collection(name)


def _merge(people: Collection[Part], rows: list[Part]) -> None:
    made = int(datetime.now(UTC).timestamp())
    incoming = people.database[f"{INCOMING}_{made}_{uuid.uuid4().hex}"]
    merge = {
        "into": people.name,
        "on": "contact_id",
        "whenMatched": joined_with_new(),
        "whenNotMatched": "insert",
    }
    try:
        incoming.insert_many(rows, ordered=False)
        incoming.aggregate([*new_person(), {"$merge": merge}])
    finally:
        incoming.drop()
