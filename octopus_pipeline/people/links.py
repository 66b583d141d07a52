"""Documents that turn out to be one person's are joined.

The same contact of EmailOctopus is the same person, whatever its address: who changes it, or is deleted, has two
documents until they are joined. So has whoever was once known by the id that another document is called by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octopus_pipeline.people.documents import joined_document
from octopus_pipeline.people.merging import merge_people, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pymongo.collection import Collection

    Document = dict[str, Any]

IDS_AT_ONCE = 5_000
_CONTACTS, _PERSONS = "contacts.contact_id", "person_ids"


def join_documents(people: Collection[Document], seen: Mapping[str, str]) -> set[str]:
    """Join the documents that share a contact, or an id of a person, that was just written.

    A document goes only if it is as it was when its content was merged into the other: whatever others write
    meanwhile, and wherever this is interrupted, nothing is lost, and calling it again finishes the work. One process
    at a time should do this.

    Args:
        people: the documents.
        seen: EmailOctopus's contact id -> the person, of the rows that were just merged.

    Returns:
        The campaigns of which two entries became one.
    """
    campaigns: set[str] = set()
    ids = list(seen)
    for start in range(0, len(ids), IDS_AT_ONCE):
        contacts = ids[start : start + IDS_AT_ONCE]
        persons = sorted({seen[contact] for contact in contacts})
        while groups := _linked(people, contacts, persons):
            for group in groups:
                campaigns |= _join(people, group)
    return campaigns


def _linked(people: Collection[Document], contacts: list[str], persons: list[str]) -> list[list[Any]]:
    """The `_id`s of documents that share something, two or more of a person at a time."""
    found = people.find(
        {"$or": [{_CONTACTS: {"$in": contacts}}, {_PERSONS: {"$in": persons}}]},
        {_CONTACTS: True, _PERSONS: True},
        batch_size=2 * IDS_AT_ONCE,
    )
    group_of: dict[Any, list[Any]] = {}
    owner: dict[str, Any] = {}
    for document in found:
        group_of[document["_id"]] = [document["_id"]]
        for name in _names(document):
            one, other = group_of[document["_id"]], group_of[owner.setdefault(name, document["_id"])]
            if one is not other:
                other += one
                group_of.update(dict.fromkeys(one, other))
    return [group for group in {id(group): group for group in group_of.values()}.values() if len(group) > 1]


def _names(document: Document) -> Iterator[str]:
    """What the document may share with another of the same person."""
    yield from (f"contact {contact['contact_id']}" for contact in document["contacts"])
    yield from (f"person {one}" for one in document["person_ids"])


def _join(people: Collection[Document], ids: Iterable[Any]) -> set[str]:
    """Join these documents into the one that is called by the right id; the campaigns that several of them had."""
    documents = list(people.find({"_id": {"$in": list(ids)}}))
    name = joined_document(documents)["contact_id"]
    others = [document for document in documents if document["contact_id"] != name]
    merge_people(people, (row for document in others for row in rows_of(document, name)))
    for document in others:
        # `$eq`, for what people write may look like an operator.
        unchanged = {part: {"$eq": document[part]} for part in ("person_ids", "contacts", "engagements")}
        people.delete_one({"_id": document["_id"], **unchanged})
    campaigns = [entry["campaign_id"] for document in documents for entry in document["engagements"]]
    return {one for one in campaigns if campaigns.count(one) > 1}
