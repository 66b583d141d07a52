"""The table `campaigns`: one row a campaign of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

_EVENTFUL = (Report.OPENED, Report.CLICKED)


def _text(name: str, description: str, *, nullable: bool = True) -> pa.Field:
    return pa.field(name, pa.string(), nullable=nullable, metadata={"description": description})


def _time(name: str, description: str) -> pa.Field:
    return pa.field(name, pa.timestamp("us", "UTC"), metadata={"description": description})


def _count(name: str, description: str) -> pa.Field:
    return pa.field(name, pa.int64(), metadata={"description": description})


CAMPAIGN_SCHEMA = pa.schema(
    [
        _text("campaign_id", "id of the campaign", nullable=False),
        _text("partition_key", "its partition; none for drafts"),
        _text("name", "name in EmailOctopus"),
        _text("subject", "subject line"),
        _text("status", "draft, sending, sent or error"),
        _text("from_name", "sender's name"),
        _text("from_email", "sender's address"),
        pa.field(
            "to_lists", pa.list_(pa.string()), metadata={"description": "ids of the lists it is sent to"}
        ),
        _time("created_at", "when it was made"),
        _time("sent_at", "when it was sent"),
        *(_count(str(report), f"contacts in the report {report}") for report in ENGAGEMENT_REPORTS),
        *(_count(f"{report}_total", f"events in the report {report}") for report in _EVENTFUL),
        _time("statistics_read_at", "when the counts were read"),
        _time("synced_at", "when it was last synced whole"),
        _time("archived_at", "when the account listed it no more"),
    ]
)
"""One row a campaign of the account, drafts included."""


def write_campaign_table(connections: Connections, known: Iterable[KnownCampaign]) -> None:
    """Replace the table `campaigns`."""
    with connections.tables.writer("campaigns", None, CAMPAIGN_SCHEMA) as writer:
        writer.write(campaign_table(known))


def campaign_table(known: Iterable[KnownCampaign]) -> pa.Table:
    """The campaigns as a table of `CAMPAIGN_SCHEMA`."""
    return pa.Table.from_pylist([_row(one) for one in known], CAMPAIGN_SCHEMA)


def _row(known: KnownCampaign) -> dict[str, Any]:
    campaign, counts = known.campaign, known.counts
    return {
        "campaign_id": campaign.id,
        "partition_key": known.key,
        "name": campaign.name,
        "subject": campaign.subject,
        "status": str(campaign.status),
        "from_name": campaign.from_name,
        "from_email": campaign.from_email,
        "to_lists": list(campaign.list_ids),
        "created_at": campaign.created_at,
        "sent_at": campaign.sent_at,
        **{str(report): counts[report].unique for report in ENGAGEMENT_REPORTS if report in counts},
        **{f"{report}_total": counts[report].total for report in _EVENTFUL if report in counts},
        "statistics_read_at": known.counts_read_at,
        "synced_at": known.synced_at,
        "archived_at": known.archived_at,
    }
