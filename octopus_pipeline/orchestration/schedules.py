"""The schedules: the daily snapshot and refresh, and the weekly full re-sync."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.orchestration.jobs import (
    DAILY_ENGAGEMENT,
    DAILY_SNAPSHOT,
    LEARN_MATCH_WEIGHTS,
    SYNC_CAMPAIGNS,
    campaigns_config,
    range_tags,
    sync_requests,
)
from octopus_pipeline.store.mongo import MongoUnavailableError
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.plan import Mode

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

_LATE_DAYS = 3
"""Days made anew each night: opens of a day reach the reports for some days."""


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The schedules, switched on if the settings say so."""
    on, off = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
    status = on if settings.octopus_automation else off
    zone = settings.octopus_time_zone

    @dg.schedule(
        job=DAILY_SNAPSHOT, cron_schedule="0 2 * * *", execution_timezone=zone, default_status=status
    )
    def daily_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """02:00: today's campaign_statistics; once taken, `changed_campaigns` refreshes what changed."""
        today = context.scheduled_execution_time.astimezone(settings.time_zone).date().isoformat()
        return dg.RunRequest(partition_key=today, run_config=campaigns_config(summaries=False))

    @dg.schedule(
        job=DAILY_ENGAGEMENT, cron_schedule="0 5 * * *", execution_timezone=zone, default_status=status
    )
    def daily_engagement_of_late(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """05:00: what happened on each of the last days."""
        yesterday = context.scheduled_execution_time.astimezone(settings.time_zone).date() - timedelta(days=1)
        first = yesterday - timedelta(days=_LATE_DAYS - 1)
        return dg.RunRequest(tags=range_tags(first.isoformat(), yesterday.isoformat()))

    @dg.schedule(
        job=LEARN_MATCH_WEIGHTS, cron_schedule="30 2 * * 0", execution_timezone=zone, default_status=status
    )
    def weekly_learning() -> dg.RunRequest:
        """Sunday 02:30: what contacts teach about addresses, so that the re-sync matches with it."""
        return dg.RunRequest()

    @dg.schedule(
        job=SYNC_CAMPAIGNS, cron_schedule="0 3 * * 0", execution_timezone=zone, default_status=status
    )
    def weekly_resync(context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        """Sunday 03:00: every report of every campaign that the account has, anew."""
        keys = context.instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "")
        try:
            with Connections(settings) as connections:
                campaigns = known_campaigns(connections.database)
        except MongoUnavailableError as error:
            return dg.SkipReason(f"nothing to re-sync into: {error}")
        readable = {str(known.key) for known in campaigns if known.is_readable}
        requests = sync_requests(readable & set(keys), list(keys), Mode.RESYNC)
        # Dagster wants the runs of one tick told apart.
        return [
            request.with_replaced_attrs(run_key=f"part {part}")
            for part, request in enumerate(requests, start=1)
        ] or dg.SkipReason("there are no campaigns yet")

    return [daily_refresh, daily_engagement_of_late, weekly_learning, weekly_resync]
