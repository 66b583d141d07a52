"""The sensors on a real instance: they request what differs from what was synced, and nothing twice."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from octopus_pipeline.assets.run_lease import HOST_TAG
from octopus_pipeline.orchestration.inventory import no_campaign_left_failed
from octopus_pipeline.orchestration.jobs import (
    DAILY_SNAPSHOT,
    RANGE_END,
    RANGE_START,
    SYNC_CAMPAIGNS,
    range_tags,
)
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sync.plan import MAX_FAILURES, Mode
from octopus_pipeline.sync.refresh import stale_campaigns
from octopus_pipeline_tests.orchestration.project import Project, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dagster._core.definitions.sensor_definition import SensorExecutionData


HOLD_LOCK = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def keys(project: Project) -> list[str]:
    """The partitions of campaigns that were all synced."""
    keys = project.list_campaigns()
    project.sync(keys)
    return keys


def test_new_campaigns_are_added_and_requested_until_a_run_has_them(fresh_project: Project) -> None:
    project = fresh_project
    first = tick(project)
    (added,) = first.dynamic_partitions_requests or []
    sent = sorted(added.partition_keys)
    assert added.partition_keys == sent, "in the order sent, which their keys begin with"
    assert requested(first, added.partition_keys) == sent
    modes = {
        str(request.run_config["ops"]["campaign_sync"]["config"]["mode"])
        for request in first.run_requests or []
    }
    assert modes == {Mode.REFRESH.name}
    project.instance.add_dynamic_partitions("campaigns", added.partition_keys)
    project.instance.create_run_for_job(
        project.definitions.resolve_job_def(SYNC_CAMPAIGNS.name),
        tags=range_tags(sent[0], sent[-2]),
        status=dg.DagsterRunStatus.STARTED,
    )
    second = tick(project, first.cursor)
    assert requested(second, sent) == sent[-1:], "what a run is working on is not requested again"
    assert not second.dynamic_partitions_requests


def test_a_repeated_tick_asks_for_the_list_of_campaigns_only(project: Project, keys: list[str]) -> None:
    first = tick(project)
    assert requested(first, keys) == []
    assert first.skip_message
    project.bench.sandbox.control.reset_statistics()
    second = tick(project, first.cursor)
    assert project.bench.sandbox.control.statistics().requests == {"campaigns": 1}
    assert json.loads(second.cursor or "") == json.loads(first.cursor or "")


def test_campaigns_whose_summary_changed_are_requested_until_they_are_synced(
    project: Project, keys: list[str]
) -> None:
    changed = ids_of_changed_campaigns(project, hours=3)
    wanted = look(project)
    assert {project.campaign_id(key) for key in wanted} == changed
    for key in wanted:
        assert project.run(SYNC_CAMPAIGNS.name, partition_key=key).success
    assert look(project) == []


def test_a_summary_that_cannot_be_read_keeps_no_other_campaign_back(fresh_project: Project) -> None:
    project = fresh_project
    campaigns = sorted(project.bench.account.campaigns.values(), key=lambda one: str(one.sent_at))
    victim = next(one.id for one in campaigns if one.status == "sent")
    project.bench.sandbox.control.set_faults([FaultRule(FaultKind.SERVER_ERROR, path=f"*/{victim}/*")])
    data = tick(project)
    (added,) = data.dynamic_partitions_requests or []
    keys = list(added.partition_keys)
    project.instance.add_dynamic_partitions("campaigns", keys)
    assert victim not in json.loads(data.cursor or ""), "it is looked at again at the next tick"
    today = datetime.now(project.settings.time_zone).date().isoformat()
    result = project.run(DAILY_SNAPSHOT.name, partition_key=today)
    assert not result.success
    (missing,) = [key for key in keys if f"  {key}: " in failure(result)]
    assert project.campaign_id(missing) == victim
    table = project.bench.connections.tables.read("campaign_statistics", today)
    assert table.num_rows == len(keys) - 1
    assert project.materialized("campaign_statistics", today)


def test_a_run_whose_process_was_killed_is_ended_and_its_campaigns_are_requested_again(
    fresh_project: Project,
) -> None:
    project = fresh_project
    keys = project.list_campaigns()
    run = project.instance.create_run_for_job(
        project.definitions.resolve_job_def(SYNC_CAMPAIGNS.name),
        tags={**range_tags(keys[0], keys[-1]), HOST_TAG: socket.gethostname()},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert requested(tick(project), keys) == [], "its step has not begun"
    with worker_of(project, run.run_id) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == b"locked\n"
        assert requested(tick(project), keys) == []
        worker.kill()
    assert requested(tick(project), keys) == keys
    ended = project.instance.get_run_by_id(run.run_id)
    assert ended
    assert ended.status is dg.DagsterRunStatus.FAILURE


def worker_of(project: Project, run_id: str) -> subprocess.Popen[bytes]:
    """A process that holds a run's lock as one that works on it does, until it is killed."""
    path = project.bench.connections.locks_folder / f"run-{run_id}.lock"
    return subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_an_outage_is_a_reason_to_skip_and_loses_nothing(project: Project, keys: list[str]) -> None:
    project.bench.sandbox.control.set_faults([FaultRule(FaultKind.SERVER_ERROR, status=503)])
    cursor = json.dumps({"campaign": "2026-01-01T00:00:00+00:00"})
    before = project.partitions()
    data = tick(project, cursor)
    assert "Nothing was looked at" in str(data.skip_message)
    assert project.bench.sandbox.api_key not in str(data.skip_message)
    assert data.cursor == cursor
    assert not data.run_requests
    assert not data.dynamic_partitions_requests
    assert project.partitions() == before


def test_after_the_daily_snapshot_changed_campaigns_are_requested(project: Project, keys: list[str]) -> None:
    look(project)
    stale = {one.campaign.id for one in stale_campaigns(project.bench.connections)}
    changed = ids_of_changed_campaigns(project, hours=1)
    today = datetime.now(project.settings.time_zone).date().isoformat()
    result = project.run(DAILY_SNAPSHOT.name, partition_key=today)
    assert result.success
    context = dg.build_run_status_sensor_context(
        sensor_name="changed_campaigns",
        dagster_event=result.get_run_success_event(),
        dagster_instance=project.instance,
        dagster_run=result.dagster_run,
    )
    sensor = project.definitions.resolve_sensor_def("changed_campaigns")
    requests = sensor(context)
    assert isinstance(requests, list)
    wanted = {project.campaign_id(key) for key in partitions_of(requests, project.partitions())}
    assert wanted == stale | changed


def test_a_campaign_that_keeps_failing_goes_quiet_and_the_inventory_names_it(
    project: Project, keys: list[str]
) -> None:
    project.bench.sandbox.control.advance(3)
    victim = look(project)[-1]
    fault = FaultRule(FaultKind.VANISHED, path=f"*/{project.campaign_id(victim)}/reports")
    for attempt in range(1, MAX_FAILURES + 1):
        project.bench.sandbox.control.set_faults([fault])
        assert not project.run(SYNC_CAMPAIGNS.name, partition_key=victim).success
        project.bench.sandbox.control.set_faults([])
        assert (victim in look(project)) == (attempt < MAX_FAILURES)
    result = no_campaign_left_failed(project.bench.connections)
    assert isinstance(result, dg.AssetCheckResult)
    assert not result.passed
    assert result.metadata["campaigns"].value == {victim: f"NotFoundError, {MAX_FAILURES} times"}
    assert project.run(SYNC_CAMPAIGNS.name, partition_key=victim).success
    mended = no_campaign_left_failed(project.bench.connections)
    assert isinstance(mended, dg.AssetCheckResult)
    assert mended.passed


def tick(project: Project, cursor: str | None = None) -> SensorExecutionData:
    """A tick of `new_campaigns`, as the daemon would make it."""
    definitions = project.definitions
    context = dg.SensorEvaluationContext(
        instance_ref=project.instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=cursor,
        repository_name=None,
        sensor_name="new_campaigns",
        definitions=definitions,
    )
    with context:
        return definitions.resolve_sensor_def("new_campaigns").evaluate_tick(context)


def look(project: Project) -> list[str]:
    """Do with a tick what the daemon does: add its partitions; those that it requests runs for."""
    data = tick(project)
    for added in data.dynamic_partitions_requests or []:
        project.instance.add_dynamic_partitions("campaigns", added.partition_keys)
    return requested(data, project.partitions())


def requested(data: SensorExecutionData, ordered: Sequence[str]) -> list[str]:
    """The partitions that a tick's run requests are for."""
    return partitions_of(data.run_requests or [], ordered)


def partitions_of(requests: Iterable[dg.RunRequest], ordered: Sequence[str]) -> list[str]:
    """The partitions that runs are for, single or ranged."""
    places = list(ordered)
    keys = []
    for request in requests:
        first = request.tags.get(RANGE_START, request.partition_key)
        last = request.tags.get(RANGE_END, request.partition_key)
        keys += places[places.index(str(first)) : places.index(str(last)) + 1]
    return keys


def ids_of_changed_campaigns(project: Project, *, hours: float) -> set[str]:
    """Let time pass; the campaigns that are new or whose summary is another now."""
    control = project.bench.sandbox.control
    before = {one["id"]: one["summary"] for one in control.account()["campaigns"]}
    control.advance(hours)
    after = {one["id"]: one["summary"] for one in control.account()["campaigns"]}
    return {one for one, summary in after.items() if before.get(one) != summary}
