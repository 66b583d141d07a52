"""The assets by day: `campaign_statistics`, a snapshot of now, and `daily_engagement`, what happened on any day."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from datetime import UTC, date, datetime

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, column_schema
from octopus_pipeline.assets.engagement import ENGAGEMENT_KEY
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.assets.partitions import daily_partitions
from octopus_pipeline.engagement.daily import DAILY_SCHEMA
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.daily import write_daily_engagement
from octopus_pipeline.sync.statistics import STATISTICS_SCHEMA, take_statistics


def daily_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The two assets, partitioned by the days of the settings' time zone."""
    days = daily_partitions(settings.octopus_daily_start.isoformat(), settings.octopus_time_zone)

    @dg.asset(
        deps=["campaigns"],
        partitions_def=days,
        group_name="ingestion",
        kinds={"python", "parquet"},
        owners=OWNERS,
        metadata={"dagster/column_schema": column_schema(STATISTICS_SCHEMA)},
    )
    def campaign_statistics(
        context: dg.AssetExecutionContext, connections: dg.ResourceParam[Connections]
    ) -> dg.MaterializeResult[None]:
        """Every campaign's summary on one day. The API knows only now: past days are refused, never forged."""
        day = date.fromisoformat(context.partition_key)
        with plain_failures():
            table, unread = take_statistics(connections, day, datetime.now(UTC))
        metadata = {"dagster/row_count": table.num_rows}
        if unread:
            # What was read is kept, for it can be read on this day only; the failure names what is missing.
            context.log_event(
                dg.AssetMaterialization(context.asset_key, partition=context.partition_key, metadata=metadata)
            )
            names = "\n".join(f"  {key}: {error}" for key, error in sorted(unread.items()))
            raise dg.Failure(
                f"{len(unread)} campaigns are missing in the statistics of {day}. Materialise that partition again "
                f"while it is {day}:\n{names}",
                allow_retries=False,
            )
        return dg.MaterializeResult(metadata=metadata)

    @dg.asset(
        deps=[dg.AssetDep(ENGAGEMENT_KEY, partition_mapping=dg.AllPartitionMapping())],
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="engagement",
        kinds={"python", "duckdb", "parquet"},
        owners=OWNERS,
        metadata={"dagster/column_schema": column_schema(DAILY_SCHEMA)},
    )
    def daily_engagement(
        context: dg.AssetExecutionContext, connections: dg.ResourceParam[Connections]
    ) -> None:
        """First opens, clicks, bounces ... of a day by campaign, from the reports' own times: any day can be made."""
        wanted = [date.fromisoformat(key) for key in context.partition_keys]
        with plain_failures():
            written = write_daily_engagement(connections, wanted)
        for day, rows in written.items():
            context.add_asset_metadata({"dagster/row_count": rows}, partition_key=day.isoformat())

    return [campaign_statistics, daily_engagement]
