"""People made of the source's rows written among those that are there already, by the law by which people merge."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pymongo.errors import BulkWriteError

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.people.documents import person_document
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import merge_people, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pymongo.collection import Collection

    Document = dict[str, Any]

_DUPLICATE_KEY = 11000
_SEEN = ("person_ids", "contacts", "engagements")
"""All else in a person's document is worked out of these."""


class PeopleWriteError(PipelineError):
    """The server refused people's documents; the message quotes none of them."""


def insert_people(people: Collection[Document], new: Sequence[Document]) -> int:
    """Insert documents of distinct persons; those whose id is there are merged; how many were.

    Whether they share a contact with others is not looked at (`links.join_documents` does, later).

    Raises:
        PeopleWriteError: the server refused documents.
    """
    merged = _insert(people, new)
    return merge_people(people, (row for one in merged for row in rows_of(one, one["contact_id"])))


def write_people(people: Collection[Document], new: Sequence[Document]) -> int:
    """Write documents of distinct persons; those that are there, under any of their names, learn what is new.

    New people are inserted, which costs a fifth of merging them. Safe to repeat, and while others write. The result
    says how many rows were merged.

    Raises:
        PeopleWriteError: the server refused documents.
    """
    known = _known(people, new)
    fresh = [one for one in new if not _names(one) & known.keys()]
    merged = [one for one in new if _names(one) & known.keys() and _says_more(one, known)]
    merged += _insert(people, fresh)
    rows = merge_people(people, (row for one in merged for row in rows_of(one, one["contact_id"])))
    shared = Counter(contact["contact_id"] for one in new for contact in one["contacts"])
    linked = [one for one in new if any(shared[part["contact_id"]] > 1 for part in one["contacts"])]
    join_documents(
        people,
        {part["contact_id"]: one["contact_id"] for one in [*merged, *linked] for part in one["contacts"]},
    )
    return rows


def _known(people: Collection[Document], new: Iterable[Document]) -> dict[str, Document]:
    """The documents that share a contact or an id of a person with new ones, by each of their names."""
    contacts = [contact["contact_id"] for one in new for contact in one["contacts"]]
    persons = [person for one in new for person in one["person_ids"]]
    sharing = {"$or": [{"contacts.contact_id": {"$in": contacts}}, {"person_ids": {"$in": persons}}]}
    return {name: one for one in people.find(sharing) for name in _names(one)}


def _names(document: Document) -> set[str]:
    contacts = {f"contact {contact['contact_id']}" for contact in document["contacts"]}
    return contacts | {f"person {person}" for person in document["person_ids"]}


def _says_more(new: Document, known: dict[str, Document]) -> bool:
    """Whether the one document that is known does not say already all that the new one says."""
    found = {id(one): one for name in _names(new) if (one := known.get(name)) is not None}
    if len(found) > 1:
        return True
    (former,) = found.values()
    joined = person_document(
        [*former["person_ids"], *new["person_ids"]],
        [*former["contacts"], *new["contacts"]],
        [*former["engagements"], *new["engagements"]],
        former["synced_at"],
    )
    return any(joined[part] != former[part] for part in _SEEN)


def _insert(people: Collection[Document], fresh: Sequence[Document]) -> list[Document]:
    """Insert documents; those that another process has inserted meanwhile are given back, to be merged."""
    if not fresh:
        return []
    try:
        people.insert_many(fresh, ordered=False)
    except BulkWriteError as error:
        errors = error.details["writeErrors"]
        codes = {one["code"] for one in errors} | {0 for _ in error.details["writeConcernErrors"]}
        failed = [fresh[one["index"]] for one in errors]
    else:
        return []
    if codes != {_DUPLICATE_KEY}:  # raised outside the handler: the driver's error quotes documents
        message = (
            f"the server refused people's documents (errors {sorted(codes)}). Check its disk and its log"
        )
        raise PeopleWriteError(message)
    return failed
