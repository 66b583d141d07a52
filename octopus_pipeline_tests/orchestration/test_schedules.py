"""The schedules: when they tick, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from octopus_pipeline.orchestration.jobs import DAILY_ENGAGEMENT, DAILY_SNAPSHOT, RANGE_END, RANGE_START
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.orchestration.schedules import schedules
from octopus_pipeline.orchestration.sensors import sensors
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync.plan import Mode

if TYPE_CHECKING:
    from octopus_pipeline_tests.orchestration.project import Project

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


def test_the_weekly_resync_asks_for_every_campaign_of_the_account_a_bounded_number_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions = project.definitions
    (at,) = ticks_on(definitions, "weekly_resync", "2026-03-01")
    assert (at.astimezone(OHIO).strftime("%A"), at.astimezone(OHIO).hour) == ("Sunday", 3)
    assert evaluate(definitions, project.instance, "weekly_resync", at) == []
    keys = project.list_campaigns()
    project.instance.add_dynamic_partitions("campaigns", ["2020-01-01_of_another_account"])
    project.bench.database.campaigns.update_one(
        {"partition_key": keys[0]}, {"$set": {"archived_at": datetime.now(OHIO)}}
    )
    monkeypatch.setattr("octopus_pipeline.orchestration.jobs.CAMPAIGNS_A_RUN", 4)
    requests = evaluate(definitions, project.instance, "weekly_resync", at)
    ranges = [
        (one.tags.get(RANGE_START, one.partition_key), one.tags.get(RANGE_END, one.partition_key))
        for one in requests
    ]
    parts = [keys[1:][start : start + 4] for start in range(0, len(keys) - 1, 4)]
    assert ranges == [(part[0], part[-1]) for part in parts]
    assert len({one.run_key for one in requests}) == len(requests) > 1
    for request in requests:
        assert request.run_config["ops"]["campaign_sync"]["config"] == {"mode": Mode.RESYNC.name}


@pytest.mark.parametrize(("on", "status"), [(True, "RUNNING"), (False, "STOPPED")])
def test_automation_is_switched_by_its_setting(on: bool, status: str) -> None:
    settings = Settings.model_validate({"octopus_automation": on})
    automation: list[dg.ScheduleDefinition | dg.SensorDefinition] = [*schedules(settings), *sensors(settings)]
    assert {one.default_status.value for one in automation} == {status}
