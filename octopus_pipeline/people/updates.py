"""A campaign's rows as updates of people's documents in `empowersave_development.participants`.

A document is `{contact_id, email_address, phone_number, status, fields, engagements, contacts, residence_ref,
demographic_ref, match_quality, match_reason, campaigns_received, campaigns_{flag}, first_engaged_at, last_engaged_at,
synced_at}`. `contact_id` is the person (`identity`), `contacts` has EmailOctopus's contacts that are this person, each
with its newest record and match, and `engagements` an entry a campaign.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import orjson

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.matching.residences import Quality
from octopus_pipeline.people.expressions import merged_with_new, new_person
from octopus_pipeline.people.identity import person_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    import pyarrow as pa
    from pymongo.collection import Collection

    Row = dict[str, Any]

ENGAGEMENT_COLUMNS = (
    "contact_id", "email_address", "status", "fields", "contact_updated_at", "cell", *FLAGS,
    *(f"{flag}_{end}_at" for flag in ("opened", "clicked") for end in ("first", "last")),
)  # fmt: skip
"""The columns of an engagement row that a person's document is made of; those of its matches stand beside them."""

_MATCHED = frozenset({Quality.EXACT, Quality.FUZZY})
_RESIDENCE = ("county", "parcel_id", "parcel_address", "parcel_city", "parcel_zip", "year_built")
_DEMOGRAPHIC = (
    "county", "parcel_id", "customer_name", "annual_kwh_cost", "total_energy_burden", "estimated_income",
)  # fmt: skip
_FOUND = {"match_quality": "quality", "match_method": "method", "match_score": "score"}


def write_people(
    people: Collection[Row], campaign_id: str, batches: Iterable[pa.RecordBatch], now: datetime
) -> None:
    """Merge a campaign's rows into people's documents; a row that is nobody's is left out.

    The rows are put into a collection beside, and the server merges from there: it is sent the law once, not once a
    row, and what people write is data, never an expression.

    Args:
        people: the collection, with a unique index on `contact_id`.
        campaign_id: the campaign.
        batches: its rows with `ENGAGEMENT_COLUMNS` and `MATCH_SOURCE_COLUMNS`.
        now: when this happens.
    """
    incoming = people.database[f"{people.name}_incoming_{uuid.uuid4().hex}"]
    try:
        for batch in batches:
            rows = [*_seen(campaign_id, batch, now)]
            if rows:
                incoming.insert_many(rows, ordered=False)
        merge = {
            "into": people.name,
            "on": "contact_id",
            "whenMatched": merged_with_new(),
            "whenNotMatched": "insert",
        }
        incoming.aggregate([*new_person(), {"$merge": merge}])
    finally:
        incoming.drop()


def nobody(batch: pa.RecordBatch) -> int:
    """How many rows are nobody's: contacts deleted before their address was ever known."""
    return int(person_ids(batch.column("email_address"), batch.column("cell")).null_count)


def _seen(campaign_id: str, batch: pa.RecordBatch, now: datetime) -> Iterator[Row]:
    """Of each row that is somebody: the person, the contact and its engagement."""
    phones = cleaning.phones(batch.column("cell"))
    who = person_ids(batch.column("email_address"), phones).to_pylist()
    for person, phone, row in zip(who, phones.to_pylist(), batch.to_pylist(), strict=True):
        if person is not None:
            yield {
                "contact_id": person,
                "engagement": _engagement(campaign_id, row),
                "contact": _contact(row, phone, now),
                "synced_at": now,
            }


def _engagement(campaign_id: str, row: Row) -> Row:
    engaged = [row[f"{flag}_{end}_at"] for flag in ("opened", "clicked") for end in ("first", "last")]
    times = [time for time in engaged if time is not None]
    return {
        "campaign_id": campaign_id,
        **{flag: row[flag] for flag in FLAGS},
        "engaged_at": min(times, default=None),
        "last_engaged_at": max(times, default=None),
    }


def _contact(row: Row, phone: str | None, now: datetime) -> Row:
    record = {
        "updated_at": row["contact_updated_at"],
        "email_address": row["email_address"],
        "phone_number": phone,
        "status": row["status"] and row["status"].upper(),
        "fields": _said(row["fields"]),
    }
    return {"contact_id": row["contact_id"], "record": record, "match": _match(row, now)}


def _said(fields: str | None) -> Row:
    """A contact's fields that are not empty."""
    said: Row = {} if fields is None else orjson.loads(fields)
    return {tag: value for tag, value in sorted(said.items()) if value not in (None, "")}


def _match(row: Row, now: datetime) -> Row | None:
    """Where the person lives and whose customer it is, as it was found `now`; None if nobody was looked for."""
    if row["residence_match_quality"] is None:
        return None
    return {
        "matched_at": now,
        "match_quality": row["residence_match_quality"],
        "match_reason": row["residence_reason"],
        "residence_ref": _ref(row, "residence_", _RESIDENCE),
        "demographic_ref": _ref(row, "demographic_", _DEMOGRAPHIC),
    }


def _ref(row: Row, prefix: str, names: Iterable[str]) -> Row | None:
    if row[f"{prefix}match_quality"] not in _MATCHED:
        return None
    found = {
        name.removeprefix("parcel_") if name == "parcel_address" else name: row[f"{prefix}{name}"]
        for name in names
    }
    return found | {shown: row[f"{prefix}{name}"] for name, shown in _FOUND.items()}
