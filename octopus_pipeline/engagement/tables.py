"""The columns of the report, contact and engagement tables, and pages of API records as Arrow batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octopus_pipeline.emailoctopus.records import Contact, ReportRow

FLAGS = ("opened", "clicked", "bounced", "complained", "unsubscribed")
"""What a contact can have done with a campaign; each is also the name of the report that says so."""

_TEXT = pa.string()
_TIME = pa.timestamp("us", "UTC")


def _column(name: str, kind: pa.DataType, description: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"description": description})


_CONTACT_ID = _column("contact_id", _TEXT, "EmailOctopus's id of the contact on its list.", required=True)
_EMAIL = _column("email_address", _TEXT, "E-mail address; empty for a contact deleted since.")
_STATUS = _column("status", _TEXT, "Subscription status: subscribed, unsubscribed or pending.")
_FIELDS = _column("fields", _TEXT, "All contact fields as one JSON object, as the API gave them.")
_CONTACT_UPDATED_AT = _column("contact_updated_at", _TIME, "When the contact itself was last changed.")

REPORT_SCHEMA = pa.schema(
    [
        _CONTACT_ID,
        _EMAIL,
        _column("occurred_at", _TIME, "When it happened; empty where the API leaves it out."),
        _STATUS,
        _FIELDS,
        _CONTACT_UPDATED_AT,
    ]
)
"""One row a row of a campaign's report, as the API gave it; a contact may have several."""

CONTACT_SCHEMA = pa.schema(
    [
        _column("list_id", _TEXT, "EmailOctopus's id of the list."),
        _CONTACT_ID,
        _EMAIL,
        _STATUS,
        _FIELDS,
        _column("tags", _TEXT, "The contact's tags as a JSON list."),
        _column("created_at", _TIME, "When the contact joined the list."),
        _column("last_updated_at", _TIME, "When the contact was last changed."),
    ]
)
"""One row a contact of a list."""

ENGAGEMENT_SCHEMA = pa.schema(
    [
        _CONTACT_ID,
        _EMAIL,
        _STATUS,
        *(_column(flag, pa.bool_(), f"Whether the contact ever {flag}.", required=True) for flag in FLAGS),
        *(
            _column(f"{flag}_{end}_at", _TIME, f"When the contact {end} {flag}; empty if unknown.")
            for flag in FLAGS
            for end in ("first", "last")
        ),
        _FIELDS,
        _CONTACT_UPDATED_AT,
        *(_column(name, _TEXT, f"Contact field {tag}.") for name, tag in FIELD_TAGS.items()),
    ]
)
"""One row a contact of a campaign: what it did, when first and last, and who it is."""


def report_batch(rows: Sequence[ReportRow]) -> pa.RecordBatch:
    """A page of a report in `REPORT_SCHEMA`."""
    columns: list[Sequence[object]] = [
        [row.contact_id for row in rows],
        [row.email_address for row in rows],
        [row.occurred_at for row in rows],
        [row.status for row in rows],
        [None if row.fields is None else orjson.dumps(row.fields).decode() for row in rows],
        [row.contact_updated_at for row in rows],
    ]
    return _batch(columns, REPORT_SCHEMA)


def contact_batch(contacts: Sequence[Contact]) -> pa.RecordBatch:
    """A page of a list's contacts in `CONTACT_SCHEMA`."""
    columns: list[Sequence[object]] = [
        [contact.list_id for contact in contacts],
        [contact.id for contact in contacts],
        [contact.email_address for contact in contacts],
        [contact.status for contact in contacts],
        [orjson.dumps(contact.fields).decode() for contact in contacts],
        [orjson.dumps(contact.tags).decode() for contact in contacts],
        [contact.created_at for contact in contacts],
        [contact.last_updated_at for contact in contacts],
    ]
    return _batch(columns, CONTACT_SCHEMA)


def _batch(columns: Sequence[Sequence[object]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
