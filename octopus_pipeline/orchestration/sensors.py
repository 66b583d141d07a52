"""The sensors: they compare what is with what was synced, and request runs for the difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.campaigns import listing_materialization
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.emailoctopus.errors import EmailOctopusError
from octopus_pipeline.orchestration.in_flight import keys_in_flight
from octopus_pipeline.orchestration.jobs import DAILY_SNAPSHOT, SYNC_CAMPAIGNS, sync_requests
from octopus_pipeline.store.mongo import MongoUnavailableError
from octopus_pipeline.sync.campaign_table import write_campaign_table
from octopus_pipeline.sync.campaigns import known_campaigns, list_campaigns, watched
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.plan import Mode, due_for_a_look
from octopus_pipeline.sync.refresh import stale_campaigns
from octopus_pipeline.sync.summaries import read_summaries

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

_TICK_SECONDS = 300
_LOOKS_A_TICK = 200
"""Summaries read in one tick: 20 s at ten a second, well within the 60 s that Dagster allows a tick."""


def sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors, switched on if the settings say so."""
    running = (
        dg.DefaultSensorStatus.RUNNING if settings.octopus_automation else dg.DefaultSensorStatus.STOPPED
    )
    # A tick has a minute: it gives up early and looks again at the next one.
    patience = {"emailoctopus_max_attempts": 2, "emailoctopus_timeout_seconds": 10.0}
    hasty = settings.model_copy(update=patience)

    @dg.sensor(job=SYNC_CAMPAIGNS, minimum_interval_seconds=_TICK_SECONDS, default_status=running)
    def new_campaigns(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Adds new campaigns' partitions; requests runs for them and for campaigns whose summary changed.

        The cursor has the time of the last look at each campaign: the older a campaign, the rarer the look.
        """
        now = datetime.now(UTC)
        looks = {key: datetime.fromisoformat(at) for key, at in json.loads(context.cursor or "{}").items()}
        try:
            with Connections(hasty) as connections:
                known = list_campaigns(connections, now)
                due = due_for_a_look(watched(known, connections, now), looks, now)[:_LOOKS_A_TICK]
                unread = read_summaries(connections, due, now).unread
                stale = {str(one.key) for one in stale_campaigns(connections)}
                write_campaign_table(connections, known_campaigns(connections.database))
        except (EmailOctopusError, MongoUnavailableError) as error:
            return dg.SkipReason(f"Nothing was looked at: {error}")
        live = {one.campaign.id for one in watched(known, connections, now)}
        for key, reason in unread.items():
            context.log.warning(f"{key}: its summary could not be read: {reason}")
        looked = {one.campaign.id: now for one in due if one.key not in unread}
        cursor = {key: at.isoformat() for key, at in {**looks, **looked}.items() if key in live}
        present = context.instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "")
        new = [one.key for one in known if one.key and one.key not in present]
        ordered = [*present, *new]
        wanted = (stale & set(ordered)) - keys_in_flight(context.instance, ordered, connections.locks_folder)
        return dg.SensorResult(
            run_requests=sync_requests(wanted, ordered, Mode.REFRESH),
            dynamic_partitions_requests=[CAMPAIGN_PARTITIONS.build_add_request(new)] if new else [],
            asset_events=[listing_materialization(known)] if new or wanted else [],
            cursor=json.dumps(cursor),
            skip_reason=None if wanted else dg.SkipReason(_nothing_to_do(len(due), sorted(unread))),
        )

    return [
        new_campaigns,
        _changed_campaigns("changed_campaigns", dg.DagsterRunStatus.SUCCESS, hasty, running),
        # It also fails because of single campaigns; the others are refreshed all the same.
        _changed_campaigns(
            "changed_campaigns_though_some_failed", dg.DagsterRunStatus.FAILURE, hasty, running
        ),
    ]


def _changed_campaigns(
    name: str, run_status: dg.DagsterRunStatus, settings: Settings, default: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=run_status,
        monitored_jobs=[DAILY_SNAPSHOT],
        request_job=SYNC_CAMPAIGNS,
        default_status=default,
    )
    def changed_campaigns(context: dg.RunStatusSensorContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        """After the daily snapshot: requests runs for the campaigns whose summary is not the one last synced."""
        with Connections(settings) as connections:
            stale = {str(one.key) for one in stale_campaigns(connections)}
        ordered = context.instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "")
        wanted = (stale & set(ordered)) - keys_in_flight(context.instance, ordered, connections.locks_folder)
        return sync_requests(wanted, list(ordered), Mode.REFRESH) or dg.SkipReason("no campaign changed")

    return changed_campaigns


def _nothing_to_do(looked_at: int, unread: list[str]) -> str:
    unknown = f"; not to be read: {', '.join(unread)}" if unread else ""
    return f"{looked_at - len(unread)} campaigns looked at, none changed{unknown}"
