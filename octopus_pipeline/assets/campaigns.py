"""The asset `campaigns`: every campaign of the account, and the partitions of those that were sent."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from collections import Counter
from datetime import UTC, datetime

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, column_schema
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.sync.campaign_table import CAMPAIGN_SCHEMA, campaign_table
from octopus_pipeline.sync.campaigns import (
    KnownCampaign,
    known_campaigns,
    list_campaigns,
    read_summaries,
    watched,
)
from octopus_pipeline.sync.connections import Connections


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
        known = list_campaigns(connections, now)
        if config.summaries:
            read_summaries(connections, watched(known, connections, now), now)
            known = known_campaigns(connections.database)
        with connections.tables.writer("campaigns", None, CAMPAIGN_SCHEMA) as writer:
            writer.write(campaign_table(known))
        new = add_partitions(context.instance, known)
        asked = connections.octopus.statistics.snapshot() - before
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(known),
            "new_partitions": len(new),
            "requests": asked.requests,
            "seconds_waited_for_the_limit": round(asked.seconds_waited, 1),
            "by_status": dg.MetadataValue.json(_by_status(known)),
        }
    )


def add_partitions(instance: dg.DagsterInstance, known: list[KnownCampaign]) -> list[str]:
    """Add the partitions that are missing, in the order sent, so that recent campaigns are neighbours."""
    present = set(instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or ""))
    new = [one.key for one in known if one.key and one.key not in present]
    if new:
        instance.add_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "", new)
    return new


def _by_status(known: list[KnownCampaign]) -> dict[str, int]:
    return dict(Counter(str(one.campaign.status) for one in known))
