"""Contacts compared field by field with the documents they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_texts
from octopus_pipeline.people.campaign_rows import zip_texts
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.migration.databases import PARTICIPANTS
from octopus_pipeline.people.migration.source import id_text, shown_id
from octopus_pipeline.people.migration.state import last_migration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]

_PLACES = {name: place for place, name in enumerate(FIELD_TAGS)}


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of a contact's record that none of its newest documents in the source says."""

    source_ids: tuple[str, ...]
    part: str


def sampled_differences(databases: Databases, contacts: list[str]) -> tuple[int, list[Difference]]:
    """Compare the records of some contacts with the source; one that has learned something newer is passed over.

    So is one whose documents a sync of this pipeline, which keeps its own there, has written since the migration.
    The result is how many were found under this very id, and how they differ.
    """
    migration = last_migration(databases.target)
    of_contact: dict[str, list[Document]] = {contact: [] for contact in contacts}
    for one in databases.source[PARTICIPANTS].find({"contact_id": {"$in": contacts}}):
        if id_text(one.get("campaign_id")) is not None:  # else it is not carried
            of_contact[one["contact_id"]].append(one)
    people = databases.target[PEOPLE].find(
        {"contacts.contact_id": {"$in": contacts}}, {"contacts.contact_id": True, "contacts.record": True}
    )
    records = {part["contact_id"]: part["record"] for one in people for part in one["contacts"]}
    newest = {contact: _newest(documents) for contact, documents in of_contact.items() if documents}
    compared = {
        contact: documents
        for contact, documents in newest.items()
        if migration is None or not _is_synced_since(documents, migration.started_at)
    }
    differences = [
        difference
        for contact, documents in compared.items()
        for difference in _differences(documents, records.get(contact))
    ]
    return len(compared), differences


def _newest(documents: Iterable[Document]) -> list[Document]:
    """Those synced last, of which each may be the one that is believed; the undated if none is dated."""
    dated = [(one["synced_at"], one) for one in documents if isinstance(one.get("synced_at"), datetime)]
    last = max((time for time, _ in dated), default=None)
    return [one for time, one in dated if time == last] if dated else list(documents)


def _is_synced_since(documents: Iterable[Mapping[str, Any]], since: datetime) -> bool:
    times = [one["synced_at"] for one in documents if isinstance(one.get("synced_at"), datetime)]
    return any(time > since for time in times)


def _differences(newest: list[Document], record: Mapping[str, Any] | None) -> list[Difference]:
    ids = tuple(sorted(shown_id(one["_id"]) for one in newest))
    if record is None:
        return [Difference(ids, "contact")]
    expected = [_expected(one) for one in newest]
    if record["updated_at"] is not None or _is_later(record, expected[0]):
        return []
    return [
        Difference(ids, part)
        for part in expected[0]
        if not any(
            one[part] == record[part] and _kinds(one[part]) == _kinds(record[part]) for one in expected
        )
    ]


def _is_later(record: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    seen, expected_seen = record["seen_at"], expected["seen_at"]
    return seen is not None and (expected_seen is None or seen > expected_seen)


def _expected(document: Mapping[str, Any]) -> Document:
    fields = document["fields"] if isinstance(document.get("fields"), dict) else {}
    texts = field_texts(fields)
    (phone,) = cleaning.phones(pa.array([texts[_PLACES["cell"]]], pa.string())).to_pylist()
    (zip_code,) = zip_texts(pa.array([texts[_PLACES["zip"]]], pa.string())).to_pylist()
    status, email = document.get("status"), document.get("email_address")
    synced_at = document.get("synced_at")
    return {
        "seen_at": synced_at if isinstance(synced_at, datetime) else None,
        "email_address": email if isinstance(email, str) and email else None,
        "status": status.upper() if isinstance(status, str) and status else None,
        "phone_number": phone,
        "zip": zip_code,
        "fields": {tag: value for tag, value in fields.items() if value not in (None, "")},
    }


def _kinds(value: object) -> object:
    """The types of a value and within: 1 is not true, nor 1.0."""
    if isinstance(value, dict):
        return {name: _kinds(part) for name, part in value.items()}
    return type(value)
