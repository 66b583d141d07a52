"""Who is meant by an e-mail address or a telephone number: all names that one person goes by, wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS
from octopus_pipeline.engagement.participants import prior_rows
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.suppression.identifiers import Identifier, Kind
from octopus_pipeline.suppression.rows import phones_of
from octopus_pipeline.suppression.suppressed import PSEUDONYM
from octopus_pipeline.sync.campaign import ENGAGEMENT
from octopus_pipeline.sync.contacts import CONTACTS
from octopus_pipeline.sync.database import PARTICIPANTS
from octopus_pipeline.sync.reports import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octopus_pipeline.sync.connections import Connections

_SIGHTING = pa.schema([(name, pa.string()) for name in ("contact_id", "email", "phone")])
_DOCUMENTS_AT_ONCE = 5_000

_TABLES = {
    CONTACTS: ["contact_id", "email_address", "fields"],
    ENGAGEMENT: ["contact_id", "email_address", "cell"],
    **{table_of(report): ["contact_id", "email_address", "fields"] for report in ENGAGEMENT_REPORTS},
}


class SharedPhoneError(PipelineError):
    """Several people have the telephone number that was to say who is meant."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person, or everybody with a telephone number.

    Attributes:
        asked: the name that was asked for.
        names: all names, that one among them.
        shared_phones: how many of the person's telephone numbers others have, too: they recognise nobody.
    """

    asked: Identifier
    names: frozenset[Identifier]
    shared_phones: int

    @property
    def contacts(self) -> int:
        """How many EmailOctopus contacts were found."""
        return sum(one.kind is Kind.CONTACT for one in self.names)

    @property
    def addresses(self) -> int:
        """How many e-mail addresses, the one that was asked for included."""
        return sum(one.kind is Kind.EMAIL for one in self.names)


def find_person(connections: Connections, asked: Identifier, *, everyone: bool = False) -> Person:
    """Everything that one person is known by: whoever shares a contact, or an e-mail address, is one person.

    Args:
        connections: where to look.
        asked: an e-mail address or a telephone number.
        everyone: whether all people with a telephone number are meant.

    Raises:
        SharedPhoneError: if several people have the telephone number, and not everyone is meant.
    """
    names = {asked}
    if asked.kind is Kind.PHONE:
        people = _people_with(connections, asked.value)
        if len(people) > 1 and not everyone:
            message = (
                f"{len(people)} people have this telephone number. Give the e-mail address of the one who is meant, or "
                "say --everyone"
            )
            raise SharedPhoneError(message)
        names = names.union(*people)
    names, phones = _closure(connections, names)
    own = phones - _phones_of_others(connections, phones, names)
    alone = {Identifier(Kind.PHONE_ALONE, phone) for phone in own}
    return Person(asked, frozenset(names | alone), len(phones - own))


def _people_with(connections: Connections, phone: str) -> list[set[Identifier]]:
    """The names of each person with a telephone number."""
    left: list[set[Identifier]] = []
    for batch in _sightings(connections):
        theirs = batch.filter(pc.fill_null(pc.equal(batch["phone"], phone), fill_value=False))
        left += [_names(row) for row in theirs.to_pylist()]
    people: list[set[Identifier]] = []
    while left:
        names, _ = _closure(connections, left[0])
        people.append(names)
        left = [one for one in left if not one & names]
    return people


def _closure(connections: Connections, names: set[Identifier]) -> tuple[set[Identifier], set[str]]:
    """The names of whoever shares one of these, and of whoever shares one of theirs; and their telephone numbers."""
    while True:
        known, phones = set(names), set[str]()
        for row in _rows_with(connections, known):
            names |= _names(row)
            phones |= {row["phone"]} - {None}
        if names == known:
            return names, phones


def _names(row: Mapping[str, Any]) -> set[Identifier]:
    """What links a sighting to others of the same person: the contact, and the law of `people.identity`."""
    names = set[Identifier]()
    if row["contact_id"] is not None and not row["contact_id"].startswith(PSEUDONYM):
        names.add(Identifier(Kind.CONTACT, row["contact_id"]))
    if row["email"] is not None:
        names.add(Identifier(Kind.EMAIL, row["email"]))
    elif row["phone"] is not None:
        names.add(Identifier(Kind.PHONE_ALONE, row["phone"]))
    return names


def _rows_with(connections: Connections, names: set[Identifier]) -> Iterator[dict[str, Any]]:
    wanted = {kind: pa.array([one.value for one in names if one.kind is kind], pa.string()) for kind in Kind}
    for batch in _sightings(connections):
        no_email = batch["email"].is_null()
        theirs = pc.or_(
            pc.or_(
                pc.is_in(batch["contact_id"], wanted[Kind.CONTACT]),
                pc.is_in(batch["email"], wanted[Kind.EMAIL]),
            ),
            pc.and_(no_email, pc.is_in(batch["phone"], wanted[Kind.PHONE_ALONE])),
        )
        yield from batch.filter(theirs).to_pylist()


def _phones_of_others(connections: Connections, phones: set[str], names: set[Identifier]) -> set[str]:
    """Those of the telephone numbers that somebody else with an e-mail address has."""
    wanted, others = pa.array(sorted(phones), pa.string()), set[str]()
    if not phones:
        return others
    for batch in _sightings(connections):
        for row in batch.filter(pc.is_in(batch["phone"], wanted)).to_pylist():
            if row["email"] is not None and not _names(row) & names:
                others.add(row["phone"])
    return others


def _sightings(connections: Connections) -> Iterator[pa.RecordBatch]:
    """Contact, e-mail address and telephone number, wherever they stand together."""
    tables = connections.tables
    for table, columns in _TABLES.items():
        for partition in tables.partitions(table):
            for batch in tables.batches(table, partition, columns):
                yield _of_contacts(batch)
    shown = {"contact_id": True, "email_address": True, "fields": True}
    for batch in prior_rows(connections.database[PARTICIPANTS].find({}, shown)):
        yield _of_contacts(batch)
    yield from _of_people(connections)


def _of_contacts(batch: pa.RecordBatch) -> pa.RecordBatch:
    emails = cleaning.emails(batch.column("email_address"))
    return pa.RecordBatch.from_arrays(
        [batch.column("contact_id"), emails, phones_of(batch)], schema=_SIGHTING
    )


def _of_people(connections: Connections) -> Iterator[pa.RecordBatch]:
    """People's documents: each is one person, whose contacts are put beside each of its addresses."""
    shown = {
        "contacts": True,
        "person_ids": True,
        "email_address": True,
        "phone_number": True,
        "contact_id": True,
    }
    documents = connections.people_database[PEOPLE].find({}, shown)
    while page := list(islice(documents, _DOCUMENTS_AT_ONCE)):
        rows = [row for document in page for row in _of_document(document)]
        columns = [[row[place] for row in rows] for place in range(len(_SIGHTING))]
        contact_ids, emails, phones = (pa.array(column, pa.string()) for column in columns)
        clean = [contact_ids, cleaning.emails(emails), cleaning.phones(phones)]
        yield pa.RecordBatch.from_arrays(clean, schema=_SIGHTING)


def _of_document(document: Mapping[str, Any]) -> Iterator[tuple[str | None, str | None, str | None]]:
    records = [contact["record"] for contact in document.get("contacts", ())]
    ids = [document["contact_id"], *document.get("person_ids", ())]
    said = [document.get("email_address"), *ids, *(record["email_address"] for record in records)]
    numbers = [document.get("phone_number"), *ids, *(record["phone_number"] for record in records)]
    emails: set[str | None] = {
        one.strip().lower() for one in said if isinstance(one, str) and "@" in one
    } or {None}
    phones: set[str | None] = {str(one) for one in numbers if one and "@" not in str(one)} or {None}
    contacts: set[str | None] = {one["contact_id"] for one in document.get("contacts", ())} or {None}
    for contact in contacts:
        for email in emails:
            yield from ((contact, email, phone) for phone in phones)
