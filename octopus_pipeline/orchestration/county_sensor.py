"""The sensor of counties: it compares collections with what was read of them, and requests runs for the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.partitions import COUNTY_PARTITIONS
from octopus_pipeline.counties.collections import CountyReadError
from octopus_pipeline.orchestration.in_flight import keys_in_flight
from octopus_pipeline.orchestration.jobs import SYNC_COUNTIES, county_requests
from octopus_pipeline.store.mongo import MongoUnavailableError
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.county_source import require_fitting_counties
from octopus_pipeline.sync.known_counties import CountyStatus, KnownCounty, known_counties
from octopus_pipeline.sync.source import OtherSourceError

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

_TICK_SECONDS = 300


def county_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor, switched on if the settings say so."""
    running = (
        dg.DefaultSensorStatus.RUNNING if settings.octopus_automation else dg.DefaultSensorStatus.STOPPED
    )

    @dg.sensor(job=SYNC_COUNTIES, minimum_interval_seconds=_TICK_SECONDS, default_status=running)
    def new_counties(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Adds new counties' partitions; requests runs for them and for counties whose collections changed.

        It asks for collections' fingerprints, never for records.
        """
        try:
            with Connections(settings) as connections:
                require_fitting_counties(connections)
                known = known_counties(connections)
                locks_folder = connections.locks_folder
        except (CountyReadError, MongoUnavailableError, OtherSourceError) as error:
            return dg.SkipReason(f"Nothing was looked at: {error}")
        present = context.instance.get_dynamic_partitions(COUNTY_PARTITIONS.name or "")
        new = [one.county for one in known if one.county not in present]
        ordered = [*present, *new]
        wanted = {one.county for one in known if one.is_stale and not one.is_left_alone}
        wanted -= keys_in_flight(context.instance, ordered, locks_folder)
        return dg.SensorResult(
            run_requests=county_requests(wanted, ordered),
            dynamic_partitions_requests=[COUNTY_PARTITIONS.build_add_request(new)] if new else [],
            skip_reason=None if wanted else dg.SkipReason(_nothing_to_do(known)),
        )

    return new_counties


def _nothing_to_do(known: list[KnownCounty]) -> str:
    told = [f"{len(known)} counties looked at, none to be read now"]
    for what, counties in (
        ("gone", [one.county for one in known if one.status is CountyStatus.GONE]),
        ("failed and left alone", [one.county for one in known if one.is_stale and one.is_left_alone]),
    ):
        if counties:
            told.append(f"{what}: {', '.join(counties)}")
    return "; ".join(told)
