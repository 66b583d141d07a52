"""The asset `contacts`: the fields and status of every contact of the account's lists."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from datetime import UTC, datetime

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, PERSONAL, column_schema
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.assets.progress import ProgressOf
from octopus_pipeline.engagement.tables import CONTACT_SCHEMA
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.contacts import ListRefresh, refresh_all_lists


@dg.asset(
    group_name="ingestion",
    kinds={"python", "parquet"},
    owners=OWNERS,
    tags=PERSONAL,
    metadata={"dagster/column_schema": column_schema(CONTACT_SCHEMA)},
)
def contacts(
    context: dg.AssetExecutionContext,
    connections: dg.ResourceParam[Connections],
    progress_of: dg.ResourceParam[ProgressOf],
) -> dg.MaterializeResult[None]:
    """Fields and status of every contact, one table a list; only what changed since the last time is read.

    Contacts deleted since stay as last known. Campaigns refresh the lists they need by themselves; API v1.6's
    reports carry the fields, so it does not need them.
    """
    with plain_failures():
        now = datetime.now(UTC)
        progress = progress_of(context.log.info)
        before = connections.octopus.statistics.snapshot()
        refreshes = refresh_all_lists(connections, now, progress=progress)
        asked = connections.octopus.statistics.snapshot() - before
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(one.rows for one in refreshes),
            "lists": len(refreshes),
            "contacts_received": sum(one.received for one in refreshes),
            "requests": asked.requests,
            "seconds_waited_for_the_limit": round(asked.seconds_waited, 1),
        }
    )


def list_materialization(refresh: ListRefresh) -> dg.AssetMaterialization:
    """What is recorded of `contacts` when a campaign's sync refreshed one of the lists."""
    return dg.AssetMaterialization(
        "contacts",
        description="One list, refreshed for the campaigns that were sent to it.",
        metadata={
            "list": refresh.list_id,
            "dagster/row_count": refresh.rows,
            "contacts_received": refresh.received,
        },
    )
