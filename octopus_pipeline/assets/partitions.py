"""What assets are partitioned by: a campaign, a county, or a day."""

from __future__ import annotations

import dagster as dg

CAMPAIGN_PARTITIONS = dg.DynamicPartitionsDefinition(name="campaigns")
"""One partition a campaign that is sent or sending, in the order they were sent; none is ever deleted."""

COUNTY_PARTITIONS = dg.DynamicPartitionsDefinition(name="counties")
"""One partition a county (`Franklin`, `VanWert`) that has, or once had, records; none is ever deleted."""


def daily_partitions(start: str, time_zone: str) -> dg.DailyPartitionsDefinition:
    """The days from `start` up to and including today in the time zone."""
    return dg.DailyPartitionsDefinition(start_date=start, timezone=time_zone, end_offset=1)
