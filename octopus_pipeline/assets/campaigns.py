"""The asset `campaigns`: every campaign of the account, and the partitions of those that were sent."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, column_schema
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.sync.campaign_table import CAMPAIGN_SCHEMA, write_campaign_table
from octopus_pipeline.sync.campaigns import KnownCampaign, list_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.refresh import read_account

LISTING_VERSION = dg.DataVersion("1")
"""One and the same: a new listing alone makes no report outdated; the summaries tell which are."""


UNREAD = "summaries_not_read"
"""Metadata of `campaigns`: the partitions whose summary could not be read, each with the reason."""


class CampaignsConfig(dg.Config):
    """What is read of the account."""

    summaries: bool = True
    """Read the summaries of the campaigns that may still change; a full sync reads them itself."""


@dg.asset(
    group_name="ingestion",
    kinds={"python", "mongodb", "parquet"},
    owners=OWNERS,
    metadata={"dagster/column_schema": column_schema(CAMPAIGN_SCHEMA)},
)
def campaigns(
    context: dg.AssetExecutionContext, config: CampaignsConfig, connections: dg.ResourceParam[Connections]
) -> dg.MaterializeResult[None]:
    """Every campaign of the account with its summary statistics; the sent ones become partitions.

    Kept in MongoDB `emailoctopus_db.campaigns` and as a table. A listing that fails leaves all as it was.
    """
    with plain_failures():
        now = datetime.now(UTC)
        before = connections.octopus.statistics.snapshot()
        unread: dict[str, str] = {}
        if config.summaries:
            known, errors = read_account(connections, now)
            unread = {key: str(error) for key, error in errors.items()}
        else:
            known = list_campaigns(connections, now)
        for key, reason in unread.items():
            context.log.error(f"{key}: its summary could not be read: {reason}")
        write_campaign_table(connections, known)
        new = add_partitions(context.instance, known)
        asked = connections.octopus.statistics.snapshot() - before
    return dg.MaterializeResult(
        metadata={
            **campaigns_metadata(known),
            **({UNREAD: dg.MetadataValue.json(unread)} if unread else {}),
            "new_partitions": len(new),
            "requests": asked.requests,
            "seconds_waited_for_the_limit": round(asked.seconds_waited, 1),
        },
        data_version=LISTING_VERSION,
    )


def listing_materialization(known: list[KnownCampaign]) -> dg.AssetMaterialization:
    """What is recorded of `campaigns` when a sensor found something new in the account."""
    return dg.AssetMaterialization(
        "campaigns",
        description="Listed by the sensor new_campaigns.",
        metadata=campaigns_metadata(known),
        tags={"dagster/data_version": LISTING_VERSION.value},
    )


def campaigns_metadata(known: list[KnownCampaign]) -> dict[str, Any]:
    """How many campaigns there are, by status, and how many of them were synced."""
    return {
        "dagster/row_count": len(known),
        "by_status": dg.MetadataValue.json(Counter(str(one.campaign.status) for one in known)),
        "synced": sum(one.synced_at is not None for one in known),
    }


def add_partitions(instance: dg.DagsterInstance, known: list[KnownCampaign]) -> list[str]:
    """Add the partitions that are missing, in the order sent, so that recent campaigns are neighbours."""
    present = set(instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or ""))
    new = [one.key for one in known if one.key and one.key not in present]
    if new:
        instance.add_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "", new)
    return new
