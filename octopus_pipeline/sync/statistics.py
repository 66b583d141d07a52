"""A day's snapshot of every campaign's summary. The API knows only the present, so a past day cannot be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.campaigns import known_campaigns, list_campaigns
from octopus_pipeline.sync.summaries import read_summaries

if TYPE_CHECKING:
    from datetime import date, datetime

    from octopus_pipeline.emailoctopus.errors import EmailOctopusError
    from octopus_pipeline.sync.connections import Connections

CAMPAIGN_STATISTICS = "campaign_statistics"

STATISTICS_SCHEMA = pa.schema(
    [
        pa.field("campaign_id", pa.string(), nullable=False, metadata={"description": "id of the campaign"}),
        pa.field("partition_key", pa.string(), metadata={"description": "its partition"}),
        pa.field(
            "taken_at", pa.timestamp("us", "UTC"), metadata={"description": "when the snapshot was taken"}
        ),
        *(
            pa.field(name, pa.int64(), metadata={"description": text})
            for name, text in (
                ("sent", "contacts it was sent to"),
                ("opened_unique", "contacts who opened it"),
                ("opened_total", "opens"),
                ("clicked_unique", "contacts who clicked a link"),
                ("clicked_total", "clicks"),
                ("bounced_soft", "contacts it bounced from for now"),
                ("bounced_hard", "contacts it bounced from for good"),
                ("complained", "contacts who complained"),
                ("unsubscribed", "contacts who unsubscribed"),
            )
        ),
    ]
)
"""One row a campaign that is sent or sending."""


class PastDayError(PipelineError):
    """Statistics of a day that is not today: they cannot be known, and must not be forged."""


def require_today(day: date, today: date) -> None:
    """Refuse any day but today.

    Raises:
        PastDayError: saying why, and what can be backfilled instead.
    """
    if day != today:
        message = (
            f"campaign_statistics of {day} cannot be taken: EmailOctopus tells only the totals of now, and today is "
            f"{today}. Materialise the partition {today}; for what happened on a past day use daily_engagement."
        )
        raise PastDayError(message)


def take_statistics(
    connections: Connections, day: date, now: datetime
) -> tuple[pa.Table, dict[str, EmailOctopusError]]:
    """Read the summary of every campaign and keep them as the table of `day`.

    Returns:
        The table, and by partition key why a campaign is missing in it.

    Raises:
        PastDayError: if `day` is not today in the settings' time zone.
    """
    require_today(day, now.astimezone(connections.settings.time_zone).date())
    campaigns = [known for known in known_campaigns(connections.database) if known.is_readable]
    if not campaigns:
        campaigns = [known for known in list_campaigns(connections, now) if known.is_readable]
    keys = {known.campaign.id: known.key for known in campaigns}
    read = read_summaries(connections, campaigns, now)
    table = pa.Table.from_pylist(
        [
            {
                "campaign_id": summary.campaign_id,
                "partition_key": keys[summary.campaign_id],
                "taken_at": now,
                "sent": summary.sent,
                "opened_unique": summary.opened.unique,
                "opened_total": summary.opened.total,
                "clicked_unique": summary.clicked.unique,
                "clicked_total": summary.clicked.total,
                "bounced_soft": summary.bounced_soft,
                "bounced_hard": summary.bounced_hard,
                "complained": summary.complained,
                "unsubscribed": summary.unsubscribed,
            }
            for summary in read.summaries
        ],
        STATISTICS_SCHEMA,
    )
    with connections.tables.writer(CAMPAIGN_STATISTICS, day.isoformat(), STATISTICS_SCHEMA) as writer:
        writer.write(table)
    return table, read.unread
