"""What happened on a day: how many contacts of a campaign first opened, clicked, bounced ... on it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

FIRST_TIMES = tuple(f"{flag}_first_at" for flag in FLAGS)
"""The columns of the engagement table that days are read off."""

DAILY_SCHEMA = pa.schema(
    [
        pa.field("campaign_id", pa.string(), nullable=False, metadata={"description": "id of the campaign"}),
        *(
            pa.field(
                flag,
                pa.int64(),
                nullable=False,
                metadata={"description": f"contacts whose first time {flag} was that day"},
            )
            for flag in FLAGS
        ),
    ]
)
"""One row a campaign with something that happened on the day."""


def daily_engagement(
    engagement: Mapping[str, Iterable[pa.RecordBatch]], days: Sequence[date], zone: ZoneInfo
) -> dict[date, pa.Table]:
    """The table of each day, in `DAILY_SCHEMA`, by campaign id.

    Args:
        engagement: for each campaign id, batches with the columns `FIRST_TIMES`.
        days: the days wanted.
        zone: where a day begins and ends.
    """
    counts = {campaign: _counts(batches, sorted(days), zone) for campaign, batches in engagement.items()}
    return {day: _table(day, counts) for day in days}


def _counts(
    batches: Iterable[pa.RecordBatch], days: Sequence[date], zone: ZoneInfo
) -> Counter[tuple[date, str]]:
    """How often each flag was first set on each of the days."""
    starts = [datetime.combine(day, time(), zone) for day in days]
    ends = [datetime.combine(day + timedelta(days=1), time(), zone) for day in days]
    counts: Counter[tuple[date, str]] = Counter()
    for batch in batches:
        for flag, column in zip(FLAGS, FIRST_TIMES, strict=True):
            for moment in batch.column(column).drop_null().to_pylist():
                place = bisect_right(starts, moment) - 1
                if place >= 0 and moment < ends[place]:
                    counts[days[place], flag] += 1
    return counts


def _table(day: date, counts: Mapping[str, Counter[tuple[date, str]]]) -> pa.Table:
    rows = [
        {"campaign_id": campaign, **{flag: of_campaign[day, flag] for flag in FLAGS}}
        for campaign, of_campaign in sorted(counts.items())
    ]
    eventful = [row for row in rows if any(row[flag] for flag in FLAGS)]
    return pa.Table.from_pylist(eventful, DAILY_SCHEMA)
