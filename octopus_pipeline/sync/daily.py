"""What happened on each day, campaign by campaign, read off the engagement tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.engagement.daily import DAILY_SCHEMA, FIRST_TIMES, daily_engagement
from octopus_pipeline.sync.campaign import ENGAGEMENT
from octopus_pipeline.sync.campaigns import known_campaigns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from octopus_pipeline.sync.connections import Connections

DAILY_ENGAGEMENT = "daily_engagement"


def write_daily_engagement(connections: Connections, days: Sequence[date]) -> dict[date, int]:
    """Write the table of each day and say how many rows it has: one a campaign with something to tell."""
    tables = connections.tables
    keys = {known.campaign.id: str(known.key) for known in known_campaigns(connections.database) if known.key}
    engagement = {
        campaign_id: tables.batches(ENGAGEMENT, key, columns=list(FIRST_TIMES))
        for campaign_id, key in keys.items()
        if tables.exists(ENGAGEMENT, key)
    }
    rows = {}
    for day, table in daily_engagement(engagement, days, connections.settings.time_zone).items():
        with tables.writer(DAILY_ENGAGEMENT, day.isoformat(), DAILY_SCHEMA) as writer:
            writer.write(table)
        rows[day] = writer.rows
    return rows
