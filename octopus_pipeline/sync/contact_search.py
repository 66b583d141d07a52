"""Contacts by their e-mail address, with what they say of themselves: for the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import pyarrow.compute as pc
from pymongo import DESCENDING

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_columns
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.contacts import CONTACTS
from octopus_pipeline.sync.database import PARTICIPANTS

if TYPE_CHECKING:
    from octopus_pipeline.sync.connections import Connections

_FIELDS = {
    "address": "address",
    "city": "city",
    "zip": "zip",
    "first_name": "first_name",
    "last_name": "last_name",
    "phone": "cell",
}
"""What a participant says -> the named column of contact fields that has it."""


class UnknownContactError(PipelineError):
    """No contact has this e-mail address."""


def contacts_with(connections: Connections, email: str) -> list[dict[str, str | None]]:
    """Each contact with an e-mail address, as a participant to be matched; those who say the same are one.

    A contact's newest fields count: those of its list, else those that the last synced campaign left in MongoDB. The
    contact updated last comes first.

    Raises:
        UnknownContactError: if there is none.
    """
    wanted = email.strip()
    newest: dict[str, str | None] = {}
    for contact_id, fields in _listed(connections, wanted) or _synced(connections, wanted):
        newest.setdefault(contact_id, fields)
    if not newest:
        message = (
            "no contact has this e-mail address, in any list or campaign that was synced. Is it spelt as in the CSVs? "
            'An address can be explained without one: octopus match explain "345 MAPLE LN" --zip 44906'
        )
        raise UnknownContactError(message)
    columns = dict(zip(FIELD_TAGS, field_columns(list(newest.values())), strict=True))
    people = [
        {"email": wanted, **{name: columns[column][place].as_py() for name, column in _FIELDS.items()}}
        for place in range(len(newest))
    ]
    return [person for place, person in enumerate(people) if person not in people[:place]]


def _listed(connections: Connections, email: str) -> list[tuple[str, str | None]]:
    """Contacts of the lists, the newest first: id, and fields as JSON."""
    columns = ["contact_id", "email_address", "fields", "last_updated_at"]
    found = []
    for list_id in connections.tables.partitions(CONTACTS):
        for batch in connections.tables.batches(CONTACTS, list_id, columns):
            is_theirs = pc.equal(pc.utf8_lower(batch.column("email_address")), email.lower())
            found += batch.filter(is_theirs).to_pylist()
    found.sort(key=lambda one: str(one["last_updated_at"] or ""), reverse=True)
    return [(one["contact_id"], one["fields"]) for one in found]


def _synced(connections: Connections, email: str) -> list[tuple[str, str | None]]:
    """The same of the campaigns' participants; casing counts unless nobody spells it like that."""
    participants = connections.database[PARTICIPANTS]
    for spelling in (
        {"$in": [email, email.lower()]},
        {"$regex": f"^{re.escape(email)}$", "$options": "i"},
    ):
        found = participants.find({"email_address": spelling}).sort("synced_at", DESCENDING).to_list()
        if found:
            return [(str(one["contact_id"]), _json(one.get("fields"))) for one in found]
    return []


def _json(fields: object) -> str | None:
    return orjson.dumps(fields, default=str).decode() if isinstance(fields, dict) else None
