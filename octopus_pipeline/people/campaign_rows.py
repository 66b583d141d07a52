"""A campaign's contacts as rows of people: who each is, what it did, what is known of it and where it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.matching.residences import Quality
from octopus_pipeline.matching.source_columns import DEMOGRAPHIC_PREFIX, RESIDENCE_PREFIX, source_columns
from octopus_pipeline.people.identity import person_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    Part = dict[str, Any]

ENGAGEMENT_COLUMNS: Final = (
    "contact_id", "email_address", "status", "fields", "contact_updated_at", "cell", "zip", *FLAGS,
    *(f"{flag}_{end}_at" for flag in ("opened", "clicked") for end in ("first", "last")),
)  # fmt: skip
"""The columns of an engagement row that a person's document is made of."""

_RESIDENCE = ("county", "parcel_id", "parcel_address", "parcel_city", "parcel_zip", "year_built")
_DEMOGRAPHIC = (
    "county", "parcel_id", "customer_name", "email", "mobile", "annual_kwh_cost", "total_energy_burden",
    "estimated_income",
)  # fmt: skip
_FOUND = {"match_quality": "quality", "match_method": "method", "match_score": "score"}

MATCH_COLUMNS: Final = source_columns([*_RESIDENCE, *_FOUND, "reason"], [*_DEMOGRAPHIC, *_FOUND])
"""The columns of a row's two matches that a person's document is made of."""

CAMPAIGN_ROW_SCHEMA: Final = pa.schema(
    [*(ENGAGEMENT_SCHEMA.field(name) for name in ENGAGEMENT_COLUMNS), *MATCH_COLUMNS]
)
"""A campaign's contacts, of whom people's documents are made."""

_MATCHED = frozenset({Quality.EXACT, Quality.FUZZY})


def people_seen(
    campaign_id: str, batch: pa.RecordBatch, matched_at: datetime | None, now: datetime
) -> Iterator[Part]:
    """Each of a campaign's contacts (`CAMPAIGN_ROW_SCHEMA`) as a person seen once, for `merging.merge_people`.

    Args:
        campaign_id: the campaign.
        batch: its contacts.
        matched_at: since when counties and decisions have been those that the matches were made with.
        now: when this happens.
    """
    phones = cleaning.phones(batch.column("cell"))
    who = person_ids(batch.column("email_address"), phones, batch.column("contact_id"))
    zips = zip_texts(batch.column("zip"))
    columns = (one.to_pylist() for one in (who, phones, zips))
    for person, phone, zip_code, row in zip(*columns, batch.to_pylist(), strict=True):
        record = {
            "updated_at": row["contact_updated_at"],
            "seen_at": None,
            "email_address": row["email_address"],
            "phone_number": phone,
            "status": row["status"] and row["status"].upper(),
            "zip": zip_code,
            "fields": said({} if row["fields"] is None else orjson.loads(row["fields"])),
        }
        yield {
            "contact_id": person,
            "person_ids": [person],
            "contact": {
                "contact_id": row["contact_id"],
                "record": record,
                "match": _match(row, matched_at),
            },
            "engagement": _engagement(campaign_id, row),
            "synced_at": now,
        }


def said(fields: Part) -> Part:
    """A contact's fields that are not empty, by name."""
    return {tag: value for tag, value in sorted(fields.items()) if value is not None and value != ""}


def zip_texts(zips: pa.Array) -> pa.Array:
    """ZIP codes however written as five digits; null for what is none."""
    return pc.utf8_lpad(cleaning.zips(zips).cast(pa.string()), 5, "0")


def _engagement(campaign_id: str, row: Part) -> Part:
    engaged = [row[f"{flag}_{end}_at"] for flag in ("opened", "clicked") for end in ("first", "last")]
    times = [time for time in engaged if time is not None]
    return {
        "campaign_id": campaign_id,
        **{flag: row[flag] for flag in FLAGS},
        "engaged_at": min(times, default=None),
        "last_engaged_at": max(times, default=None),
    }


def _match(row: Part, matched_at: datetime | None) -> Part | None:
    """Where the person lives and whose customer it is; None if nobody was looked for."""
    if row["residence_match_quality"] is None:
        return None
    residence = _ref(row, RESIDENCE_PREFIX, _RESIDENCE)
    if residence and residence["parcel_zip"] is not None:
        residence["parcel_zip"] = f"{residence['parcel_zip']:05}"
    return {
        "matched_at": matched_at,
        "updated_at": row["contact_updated_at"],
        "match_quality": row["residence_match_quality"],
        "match_reason": row["residence_reason"],
        "residence_ref": residence,
        "demographic_ref": _ref(row, DEMOGRAPHIC_PREFIX, _DEMOGRAPHIC),
    }


def _ref(row: Part, prefix: str, names: Iterable[str]) -> Part | None:
    if row[f"{prefix}match_quality"] not in _MATCHED:
        return None
    found = {"address" if name == "parcel_address" else name: row[f"{prefix}{name}"] for name in names}
    return found | {shown: row[f"{prefix}{name}"] for name, shown in _FOUND.items()}
