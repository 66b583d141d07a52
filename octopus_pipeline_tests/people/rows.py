"""Rows of campaigns as people are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.exports.match_columns import MATCH_SOURCE_COLUMNS
from octopus_pipeline.people.updates import ENGAGEMENT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PERSON_ROW_SCHEMA = pa.schema(
    [*(ENGAGEMENT_SCHEMA.field(name) for name in ENGAGEMENT_COLUMNS), *MATCH_SOURCE_COLUMNS]
)

HOME = {
    "residence_county": "Franklin",
    "residence_parcel_id": "010-000123-00",
    "residence_parcel_address": "345 MAPLE LN",
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
    status: str = "subscribed",
    fields: Mapping[str, object] | None = None,
    updated: datetime | None = None,
    match: Mapping[str, object] | None = None,
    **done: datetime,
) -> dict[str, Any]:
    """A contact of a campaign; `done`: when it opened, clicked and so on."""
    row: dict[str, Any] = dict.fromkeys(PERSON_ROW_SCHEMA.names)
    row |= dict.fromkeys(FLAGS, False) | dict.fromkeys(done, True)
    for flag, time in done.items():
        row |= {f"{flag}_first_at": time, f"{flag}_last_at": time}
    return row | {
        "contact_id": contact_id,
        "email_address": email_address,
        "cell": cell,
        "status": status if email_address else None,
        "fields": None if fields is None else orjson.dumps(dict(fields)).decode(),
        "contact_updated_at": updated,
        **(match or {}),
    }
