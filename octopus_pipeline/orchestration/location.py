"""Everything Dagster shows and runs, gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.campaign_sync import campaign_sync
from octopus_pipeline.assets.campaigns import campaigns
from octopus_pipeline.assets.consolidated import consolidated_csv
from octopus_pipeline.assets.contacts import contacts
from octopus_pipeline.assets.counties import county_sync
from octopus_pipeline.assets.daily import daily_assets
from octopus_pipeline.assets.match_report import match_report
from octopus_pipeline.assets.match_weights import match_weights
from octopus_pipeline.assets.progress import ProgressOf, logged_progress
from octopus_pipeline.assets.resources import connections_resource
from octopus_pipeline.orchestration.alerts import alert_sensors
from octopus_pipeline.orchestration.county_sensor import county_sensor
from octopus_pipeline.orchestration.inventory import no_campaign_left_failed
from octopus_pipeline.orchestration.jobs import JOBS
from octopus_pipeline.orchestration.migration import (
    MIGRATION_JOBS,
    MigrationProgressOf,
    logged_migration_progress,
)
from octopus_pipeline.orchestration.report_sensors import report_sensors
from octopus_pipeline.orchestration.schedules import schedules
from octopus_pipeline.orchestration.sensors import sensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.connections import Connections


def build_definitions(
    settings: Settings,
    *,
    progress_of: ProgressOf = logged_progress,
    migration_progress_of: MigrationProgressOf = logged_migration_progress,
    connections: Connections | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors, working with what the settings name.

    Args:
        settings: the project's settings.
        progress_of: how long steps show their progress.
        migration_progress_of: how a migration shows it.
        connections: opened ones to work with, which stay open, instead of a run's own.
        loggers: where runs log to besides the instance; the terminal by default.
    """
    return dg.Definitions(
        assets=[
            campaigns,
            campaign_sync,
            contacts,
            match_weights,
            match_report,
            consolidated_csv,
            *daily_assets(settings),
            county_sync,
        ],
        asset_checks=[no_campaign_left_failed],
        jobs=[*JOBS, *MIGRATION_JOBS],
        schedules=schedules(settings),
        sensors=[
            *sensors(settings),
            county_sensor(settings),
            *report_sensors(settings),
            *alert_sensors(settings),
        ],
        resources={
            "connections": connections or connections_resource(settings),
            "progress_of": progress_of,
            "migration_progress_of": migration_progress_of,
        },
        loggers=loggers,
        executor=dg.in_process_executor,
    )
