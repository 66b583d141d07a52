"""Rows of campaigns as people are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.campaign_rows import CAMPAIGN_ROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HOME = {
    "residence_county": "Franklin",
    "residence_parcel_id": "010-000123-00",
    "residence_parcel_address": "345 MAPLE LN",
    "residence_parcel_zip": 4321,
    "residence_match_quality": "exact",
    "residence_match_method": "address exact",
    "residence_match_score": 0.9988,
    "demographic_match_quality": "no_match",
}


def person_row(
    contact_id: str,
    email_address: str | None,
    *,
    cell: str | None = None,
    zip_code: str | None = None,
    status: str = "subscribed",
    fields: Mapping[str, object] | None = None,
    updated: datetime | None = None,
    match: Mapping[str, object] | None = None,
    done: Mapping[str, datetime] | None = None,
    **also_done: datetime,
) -> dict[str, Any]:
    """A contact of a campaign; `done`, also by name: when it opened, clicked and so on."""
    done = {**(done or {}), **also_done}
    row: dict[str, Any] = dict.fromkeys(CAMPAIGN_ROW_SCHEMA.names)
    row |= dict.fromkeys(FLAGS, False) | dict.fromkeys(done, True)
    for flag, time in done.items():
        row |= {f"{flag}_first_at": time, f"{flag}_last_at": time}
    return row | {
        "contact_id": contact_id,
        "email_address": email_address,
        "cell": cell,
        "zip": zip_code,
        "status": status if email_address else None,
        "fields": None if fields is None else orjson.dumps(dict(fields)).decode(),
        "contact_updated_at": updated,
        **(match or {}),
    }


def batch_of(*rows: Mapping[str, Any]) -> pa.RecordBatch:
    """Contacts of a campaign, as people are made of them."""
    return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=CAMPAIGN_ROW_SCHEMA)
