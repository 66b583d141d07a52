"""The old tool's documents, one a campaign and contact and of any shape, read as rows; the source is only read.

What a row is made of may be missing or of another type; what cannot be a row at all is left out for a `Reason`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from uuid import UUID

import bson
import pyarrow as pa
import pyarrow.compute as pc
from bson import Binary, ObjectId
from bson.binary import UUID_SUBTYPE
from fastcrc import crc64

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_texts
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.campaign_rows import said, zip_texts
from octopus_pipeline.people.identity import UNKNOWN_CONTACT, person_ids
from octopus_pipeline.store.archive import split_documents
from octopus_pipeline.store.mongo import LENIENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pymongo.collection import Collection

    Document = dict[str, Any]

_Kind = TypeVar("_Kind")

DOCUMENTS_AT_ONCE: Final = 5_000

ROW_SCHEMA: Final = pa.schema(
    [
        pa.field("person", pa.string(), nullable=False),
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("campaign_id", pa.string(), nullable=False),
        pa.field("flags", pa.uint8(), nullable=False),
        pa.field("engaged_at", pa.timestamp("ms")),
        pa.field("last_engaged_at", pa.timestamp("ms")),
        pa.field("seen_at", pa.timestamp("ms")),
        pa.field("document", pa.binary(), nullable=False),
    ]
)
"""A row: who, what it did (a bit a flag, in the order of `FLAGS`), when, and the document as it is stored."""

_AWARE = LENIENT.with_options(tz_aware=True)
_CELL, _ZIP = (tuple(FIELD_TAGS).index(name) for name in ("cell", "zip"))


class Reason(StrEnum):
    """Why a document, or a part of one, cannot be carried."""

    NO_CAMPAIGN = "the document names no campaign"
    NOBODY = "the document has neither a contact id, nor an e-mail address, nor a telephone number"
    EMAIL = "the e-mail address is no text"
    STATUS = "the status is no text"
    FIELDS = "the fields are no document"
    ENGAGEMENT = "the engagement is no document"
    SEEN = "the time of the last sync is no date"


@dataclass(slots=True)
class SourceBatch:
    """Some documents as rows (`ROW_SCHEMA`), and what of them cannot be carried."""

    documents: int
    rows: pa.RecordBatch
    left_out: list[tuple[Reason, str]] = field(default_factory=list)
    """Documents, by what `shown_id` makes of their `_id`."""
    parts: Counter[Reason] = field(default_factory=Counter)
    """Parts of documents that are carried without them."""
    crc: int = 0
    """Checksum of all documents so far, as they are stored."""


def read_source(participants: Collection[Document]) -> Iterator[SourceBatch]:
    """All documents in the order in which they are stored."""
    crc = 0
    found = participants.find_raw_batches(sort=[("$natural", 1)], batch_size=DOCUMENTS_AT_ONCE)
    for raw in cast("Iterator[bytes]", found):
        crc = crc64.xz(raw, crc)
        batch = _batch(raw)
        batch.crc = crc
        yield batch


def records(documents: Sequence[bytes]) -> list[Document]:
    """Of each document the contact's record, as it is in people's documents."""
    decoded = bson.decode_all(b"".join(documents), _AWARE)
    fields = [_document(one.get("fields")) for one in decoded]
    texts = [field_texts(one) for one in fields]
    phones = cleaning.phones(pa.array([one[_CELL] for one in texts], pa.string())).to_pylist()
    zips = zip_texts(pa.array([one[_ZIP] for one in texts], pa.string())).to_pylist()
    return [
        {
            "updated_at": None,
            "seen_at": _date(document.get("synced_at")),
            "email_address": _text(document.get("email_address")),
            "phone_number": phone,
            "status": status.upper() if (status := _text(document.get("status"))) else None,
            "zip": zip_code,
            "fields": said(tags),
        }
        for document, tags, phone, zip_code in zip(decoded, fields, phones, zips, strict=True)
    ]


def id_text(value: object) -> str | None:
    """An id as text; what is no id (a document, a list, a flag) is None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, Binary) and value.subtype == UUID_SUBTYPE:
        return str(UUID(bytes=bytes(value)))
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number or isinstance(value, ObjectId) else None


def shown_id(value: object) -> str:
    """A document's `_id` for reports: as it is, but a digest where it might be personal."""
    if isinstance(value, ObjectId) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return f"sha256:{sha256(bson.encode({'_id': value})).hexdigest()[:16]}"


def _batch(raw: bytes) -> SourceBatch:
    documents = bson.decode_all(raw, LENIENT)
    parts: Counter[Reason] = Counter()

    def column(name: str, kind: type[_Kind], reason: Reason) -> list[_Kind | None]:
        """A part of each document; what is of another kind is counted as lost, and None."""
        values = [one.get(name) for one in documents]
        if set(map(type, values)) <= {kind, NoneType}:
            return values
        parts[reason] += sum(1 for one in values if one is not None and not isinstance(one, kind))
        return [one if isinstance(one, kind) else None for one in values]

    emails = column("email_address", str, Reason.EMAIL)
    seen = column("synced_at", datetime, Reason.SEEN)
    engagements = column("engagement", dict, Reason.ENGAGEMENT)
    fields = column("fields", dict, Reason.FIELDS)
    column("status", str, Reason.STATUS)
    campaigns, contacts = (
        _ids([one.get(name) for one in documents]) for name in ("campaign_id", "contact_id")
    )
    people = _people(emails, fields, contacts)
    named = pc.coalesce(contacts, pc.binary_join_element_wise(UNKNOWN_CONTACT, people, ""))
    times = [_engaged(one) if "engagement_times" in one else () for one in documents]
    columns = [
        people,
        named,
        campaigns,
        _flags(engagements),
        pa.array([min(one) if one else None for one in times], pa.timestamp("ms")),
        pa.array([max(one) if one else None for one in times], pa.timestamp("ms")),
        pa.array(seen, pa.timestamp("ms")),
        pa.array(list(split_documents(raw)), pa.binary()),
    ]
    rows = pa.record_batch(columns, names=ROW_SCHEMA.names)
    carried = pc.and_(campaigns.is_valid(), people.is_valid())
    left_out = [
        (
            Reason.NOBODY if campaigns[row].is_valid else Reason.NO_CAMPAIGN,
            shown_id(documents[row].get("_id")),
        )
        for row in pc.indices_nonzero(pc.invert(carried)).to_pylist()
    ]
    kept = rows.filter(carried).cast(ROW_SCHEMA)
    return SourceBatch(len(documents), kept, left_out, parts)


def _ids(values: list[Any]) -> pa.Array:
    """Ids as texts, null for what is none."""
    if not set(map(type, values)) <= {str, NoneType}:
        values = [id_text(value) for value in values]
    texts = pa.array(values, pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _people(emails: list[str | None], fields: list[Document | None], contacts: pa.Array) -> pa.Array:
    """Of each document the person, null for nobody; telephones are looked at only where they decide."""
    addresses = pa.array(emails, pa.string())
    cells: list[str | None] = [None] * len(emails)
    for row in pc.indices_nonzero(cleaning.emails(addresses).is_null()).to_pylist():
        cells[row] = field_texts(fields[row] or {})[_CELL]
    return person_ids(addresses, pa.array(cells, pa.string()), contacts)


def _flags(engagements: list[Document | None]) -> pa.Array:
    """The flags that are set, whatever they are set to, as bits."""
    said_of_each = [one or {} for one in engagements]
    bits = pa.repeat(pa.scalar(0, pa.uint8()), len(engagements))
    for bit, flag in enumerate(FLAGS):
        is_set = pa.array([bool(one.get(flag)) for one in said_of_each], pa.bool_())
        bits = pc.bit_wise_or(bits, pc.shift_left(is_set.cast(pa.uint8()), pa.scalar(bit, pa.uint8())))
    return bits


def _engaged(document: Mapping[str, Any]) -> list[datetime]:
    """When the contact opened or clicked."""
    times = _document(document["engagement_times"])
    ends = [
        _document(times.get(flag)).get(end) for flag in ("opened", "clicked") for end in ("first", "last")
    ]
    return [time for time in ends if isinstance(time, datetime)]


def _document(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _date(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
