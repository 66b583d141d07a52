"""People's documents without those who were erased: theirs stay as nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.documents import RECORD, joined_document, person_document
from octopus_pipeline.people.identity import CONTACT_PREFIX
from octopus_pipeline.suppression.identifiers import Identifier, Kind
from octopus_pipeline.suppression.suppressed import PSEUDONYM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from pymongo.collection import Collection

    from octopus_pipeline.suppression.suppressed import Suppressed
    from octopus_pipeline.sync.connections import Connections

    Document = dict[str, Any]
    _Pair = tuple[str | None, str | None]
    _Said = tuple[object, object]

_DOCUMENTS_AT_ONCE = 2_000
_OF_RECORD = ("customer_name", "email", "mobile")
_OF_ENGAGEMENT = ("campaign_id", *FLAGS, "engaged_at", "last_engaged_at")


@dataclass(frozen=True, slots=True)
class _Names:
    """What names people in a document, clean.

    Attributes:
        contacts: each contact with the e-mail address and telephone number that it has.
        person: the addresses and numbers, in pairs, that the document is or was called by.
        records: each customer's record that it shows or may come to show, with the same two.
    """

    contacts: list[tuple[str, str | None, str | None]]
    person: list[_Pair]
    records: list[tuple[Document, str | None, str | None]]


def erase_from_people(connections: Connections, suppressed: Suppressed, now: datetime) -> tuple[int, int]:
    """Leave of an erased person pseudonyms and what they did: a later sync's rows of them join it again.

    Of others of the same household stays everything but the name in the customer's record, if it was the erased one's.
    One process at a time should do this.

    Returns:
        How many documents are nobody's now, and out of how many others a customer's name was taken.
    """
    people, erased, renamed, known = connections.people_database[PEOPLE], 0, 0, 0
    while known != len(suppressed):  # what a document teaches may concern one before it
        known = len(suppressed)
        documents = people.find()
        while page := list(islice(documents, _DOCUMENTS_AT_ONCE)):
            names = list(zip(page, _names_of(page), strict=True))
            theirs = [document for document, one in names if _is_erased(suppressed, one)]
            connections.keep_learned(suppressed)
            for document in theirs:
                _replace(people, document, _anonymous(suppressed, document, now))
            gone = {document["_id"] for document in theirs}
            others = [
                document
                for document, one in names
                if document["_id"] not in gone and _forget_records(suppressed, one)
            ]
            for document in others:
                people.replace_one({"_id": document["_id"]}, document)
            erased, renamed = erased + len(theirs), renamed + len(others)
    return erased, renamed


def without_erased(
    suppressed: Suppressed, documents: Sequence[Document], now: datetime
) -> list[Document | None]:
    """Of each document what may be kept of it, if that is not all: nobody's, or one without a customer's name."""
    kept: list[Document | None] = []
    for document, names in zip(documents, _names_of(documents), strict=True):
        if _is_erased(suppressed, names):
            kept.append({"_id": document["_id"], **_anonymous(suppressed, document, now)})
        else:
            kept.append(document if _forget_records(suppressed, names) else None)
    return kept


def _names_of(documents: Sequence[Document]) -> list[_Names]:
    """What names people in each document; cleaned together, as columns."""
    said = [[*_contacts(one), *_person(one), *_records(one)] for one in documents]
    pairs = [pair for of_document in said for _, pair in of_document]
    emails, phones = (
        [None if one is None else str(one) for one in column] for column in zip(*pairs, strict=True)
    )
    clean = iter(
        zip(
            cleaning.emails(pa.array(emails, pa.string())).to_pylist(),
            cleaning.phones(pa.array(phones, pa.string())).to_pylist(),
            strict=True,
        )
    )
    names = []
    for of_document in said:
        found = _Names([], [], [])
        for whose, _ in of_document:
            email, phone = next(clean)
            if whose is None:
                found.person.append((email, phone))
            elif isinstance(whose, str):
                found.contacts.append((whose, email, phone))
            else:
                found.records.append((whose, email, phone))
        names.append(found)
    return names


def _contacts(document: Mapping[str, Any]) -> Iterator[tuple[str, _Said]]:
    for contact in document.get("contacts", ()):
        yield contact["contact_id"], (contact["record"]["email_address"], contact["record"]["phone_number"])


def _person(document: Mapping[str, Any]) -> Iterator[tuple[None, _Said]]:
    yield None, (document.get("email_address"), document.get("phone_number"))
    for one in (document.get("contact_id"), *document.get("person_ids", ())):
        yield None, (one, one)


def _records(document: Mapping[str, Any]) -> Iterator[tuple[Document, _Said]]:
    matches = [contact["match"] or {} for contact in document.get("contacts", ())]
    for record in (document.get("demographic_ref"), *(match.get("demographic_ref") for match in matches)):
        if record:
            yield record, (record.get("email"), record.get("mobile"))


def _is_erased(suppressed: Suppressed, names: _Names) -> bool:
    """Whether a document is of somebody erased, by one of its contacts or of the names it is called by.

    The others are learned: all names of one document are one person's.
    """
    of_contacts = [suppressed.is_contact(*one) for one in names.contacts]
    if not any(of_contacts) and not any(suppressed.is_person(*one) for one in names.person):
        return False
    contacts = [one for one, _, _ in names.contacts if not one.startswith(PSEUDONYM)]
    emails = [email for email, _ in names.person] + [email for _, email, _ in names.contacts]
    suppressed.add(Identifier(Kind.CONTACT, one) for one in contacts)
    suppressed.add(Identifier(Kind.EMAIL, one) for one in emails if one)
    return True


def _forget_records(suppressed: Suppressed, names: _Names) -> bool:
    """Take the name of somebody erased out of the customers' records of a document; whether there was any."""
    theirs = [record for record, *name in names.records if suppressed.is_person(*name)]
    for record in theirs:
        record.update(dict.fromkeys(_OF_RECORD))
    return bool(theirs)


def _anonymous(suppressed: Suppressed, document: Document, now: datetime) -> Document:
    """The document as nobody's; one of the old database, which names no contacts, gets a pseudonym of its id."""
    names = [one["contact_id"] for one in document.get("contacts", ())] or [str(document["contact_id"])]
    ids = [one if one.startswith(PSEUDONYM) else suppressed.pseudonym(one) for one in names]
    nothing: Document = {**dict.fromkeys(RECORD), "fields": {}}
    contacts = [{"contact_id": one, "record": nothing, "match": None} for one in ids]
    engagements = [
        {name: entry.get(name, False if name in FLAGS else None) for name in _OF_ENGAGEMENT}
        for entry in document.get("engagements") or ()
    ]
    synced_at = document.get("synced_at") or now
    return person_document([CONTACT_PREFIX + one for one in ids], contacts, engagements, synced_at)


def _replace(people: Collection[Document], document: Document, anonymous: Document) -> None:
    """Put the anonymous document in the place of the person's; one that is there is joined. May be done again."""
    there = list(
        people.find({"person_ids": {"$in": anonymous["person_ids"]}, "_id": {"$ne": document["_id"]}})
    )
    joined = joined_document([anonymous, *there])
    kept = next((one["_id"] for one in there if one["contact_id"] == joined["contact_id"]), document["_id"])
    people.replace_one({"_id": kept}, joined)
    people.delete_many({"_id": {"$in": [one["_id"] for one in (document, *there) if one["_id"] != kept]}})
