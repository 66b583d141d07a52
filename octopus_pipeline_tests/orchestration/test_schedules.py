"""The schedules: when they tick, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from octopus_pipeline.assets.campaign_sync import CAMPAIGNS_A_RUN
from octopus_pipeline.orchestration.jobs import DAILY_ENGAGEMENT, DAILY_SNAPSHOT, RANGE_END, RANGE_START
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.orchestration.schedules import schedules
from octopus_pipeline.orchestration.sensors import sensors
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync.plan import Mode

OHIO = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings.model_validate({}))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    folder = str(tmp_path_factory.mktemp("schedules"))
    with dg.DagsterInstance.local_temp(folder, {"telemetry": {"enabled": False}}) as opened:
        yield opened


def evaluate(
    definitions: dg.Definitions, instance: dg.DagsterInstance, name: str, at: datetime
) -> list[dg.RunRequest]:
    """The runs that a schedule asks for at a moment."""
    repository = definitions.get_repository_def()
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=at, repository_def=repository
    )
    with context:
        return list(repository.get_schedule_def(name).evaluate_tick(context).run_requests or [])


@pytest.mark.parametrize("day", ["2026-03-07", "2026-03-08", "2026-07-01", "2026-11-01", "2025-12-31"])
def test_the_daily_refresh_asks_for_the_day_it_ticks_on(
    definitions: dg.Definitions, instance: dg.DagsterInstance, day: str
) -> None:
    """Twice a year the clocks change at 02:00: on one of these days there is no such hour, on one there are two."""
    ticks = ticks_on(definitions, "daily_refresh", day)
    assert len(ticks) == 1
    (request,) = evaluate(definitions, instance, "daily_refresh", ticks[0])
    assert request.partition_key == day
    assert request.run_config["ops"]["campaigns"]["config"] == {"summaries": False}
    assert definitions.resolve_schedule_def("daily_refresh").job_name == DAILY_SNAPSHOT.name


def ticks_on(definitions: dg.Definitions, name: str, day: str) -> list[datetime]:
    """The moments of a day in Ohio at which a schedule ticks."""
    schedule = definitions.resolve_schedule_def(name)
    assert schedule.execution_timezone == "America/New_York"
    midnight = datetime.fromisoformat(day).replace(tzinfo=OHIO)
    ticks = schedule_execution_time_iterator(
        midnight.timestamp(), schedule.cron_schedule, schedule.execution_timezone
    )
    return list(takewhile(lambda tick: tick.astimezone(OHIO).date().isoformat() == day, ticks))


def test_daily_engagement_is_made_anew_of_the_last_three_whole_days(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    at = datetime(2026, 3, 9, 5, tzinfo=OHIO)
    (request,) = evaluate(definitions, instance, "daily_engagement_of_late", at)
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("2026-03-06", "2026-03-08")
    assert definitions.resolve_schedule_def("daily_engagement_of_late").job_name == DAILY_ENGAGEMENT.name


def test_the_weekly_resync_asks_for_every_campaign_a_bounded_number_a_run(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    (at,) = ticks_on(definitions, "weekly_resync", "2026-03-01")
    assert (at.astimezone(OHIO).strftime("%A"), at.astimezone(OHIO).hour) == ("Sunday", 3)
    assert evaluate(definitions, instance, "weekly_resync", at) == []
    keys = [f"campaign-{number:03}" for number in range(2 * CAMPAIGNS_A_RUN + 1)]
    instance.add_dynamic_partitions("campaigns", keys)
    *ranged, single = evaluate(definitions, instance, "weekly_resync", at)
    assert [(one.tags[RANGE_START], one.tags[RANGE_END]) for one in ranged] == [
        (keys[0], keys[24]),
        (keys[25], keys[49]),
    ]
    assert single.partition_key == keys[-1]
    for request in (*ranged, single):
        assert request.run_config["ops"]["campaign_sync"]["config"] == {"mode": Mode.RESYNC.name}


@pytest.mark.parametrize(("on", "status"), [(True, "RUNNING"), (False, "STOPPED")])
def test_automation_is_switched_by_its_setting(on: bool, status: str) -> None:
    settings = Settings.model_validate({"octopus_automation": on})
    automation: list[dg.ScheduleDefinition | dg.SensorDefinition] = [*schedules(settings), *sensors(settings)]
    assert {one.default_status.value for one in automation} == {status}
