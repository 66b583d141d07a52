"""The assets on a real instance: what a run materialises, what it fails, and what it tells."""

from __future__ import annotations

import re
import socket
from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from octopus_pipeline.assets.engagement import PEOPLE_KEY
from octopus_pipeline.assets.run_lease import HOST_TAG
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.orchestration.jobs import (
    DAILY_ENGAGEMENT,
    DAILY_SNAPSHOT,
    RANGE_END,
    RANGE_START,
    SYNC_CAMPAIGNS,
)
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.truth import expected_participants, expected_summary
from octopus_pipeline.sync.campaigns import campaign_of_key
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline_tests.orchestration.project import CAMPAIGN_ASSETS, Project, checks, failure
from octopus_pipeline_tests.sync.history import assert_true, trace
from octopus_pipeline_tests.truth import FLAGS, assert_documents_true, assert_people_true, sent_campaigns

OHIO = ZoneInfo("America/New_York")


def test_campaigns_makes_a_partition_of_each_sent_campaign_in_the_order_sent(project: Project) -> None:
    keys = project.list_campaigns()
    account = project.bench.account
    assert {project.campaign_id(key) for key in keys} == set(sent_campaigns(account))
    times = [account.campaigns[project.campaign_id(key)].sent_at or account.now for key in keys]
    assert times == sorted(times)
    assert project.list_campaigns() == keys, "a second time adds none"


@pytest.fixture(scope="module")
def first_run(project: Project) -> dg.ExecuteInProcessResult:
    """A ranged run of all campaigns."""
    return project.sync(project.list_campaigns())


def test_a_ranged_run_materialises_every_asset_of_every_campaign_with_its_checks(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    assert first_run.success
    assert_documents_true(project.bench.database, project.bench.account)
    assert_people_true(project.bench.people.database, project.bench.account)
    for key in project.partitions():
        rows = len(expected_participants(project.bench.account, project.campaign_id(key)))
        assert all(project.materialized(asset, key) for asset in CAMPAIGN_ASSETS)
        for asset in CAMPAIGN_ASSETS[-7:-1]:
            event = project.materialized(asset, key)
            assert event
            told = "contacts" if asset == PEOPLE_KEY else "dagster/row_count"
            assert event.metadata[told].value == rows
    run = project.instance.get_run_by_id(first_run.run_id)
    assert run
    assert run.tags[HOST_TAG] == socket.gethostname()
    assert not list(project.bench.connections.locks_folder.glob("run-*")), "its lock is gone with it"
    assert len(checks(first_run)) == 8 * len(project.partitions())
    assert all(checks(first_run).values())


def test_what_the_ui_shows_of_a_campaign(project: Project, first_run: dg.ExecuteInProcessResult) -> None:
    key = max(
        project.partitions(),
        key=lambda one: len(project.bench.account.rows(project.campaign_id(one), Report.SENT)),
    )
    truth = expected_participants(project.bench.account, project.campaign_id(key)).values()
    shown = {
        asset.to_user_string(): event.metadata
        for asset in CAMPAIGN_ASSETS
        if (event := project.materialized(asset, key))
    }
    sent = shown["reports/sent"]
    rows = project.bench.account.rows(project.campaign_id(key), Report.SENT)
    assert sent["dagster/row_count"].value == len(rows)
    assert sent["requests"].value == ceil(len(rows) / 100)
    assert isinstance(sent["requests_of_this_run_so_far"].value, int)
    assert isinstance(sent["seconds_waited_for_the_limit_so_far"].value, float)
    engagement = shown["engagement"]
    opened = sum(one.opened for one in truth)
    assert engagement["open_rate"].value == round(100 * opened / len(truth), 2)
    lineage = engagement["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert set(lineage.deps_by_column) == set(ENGAGEMENT_SCHEMA.names)
    preview = str(engagement["preview"].value)
    assert "•••@•••" in preview
    assert not any(one.email_address and one.email_address in preview for one in truth)
    file = Path(str(shown["campaign_csv"]["file"].value))
    assert file.name.startswith(f"campaign_{project.campaign_id(key)}_")
    assert file.is_file()


def test_a_partition_of_another_account_fails_alone(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    last = project.partitions()[-1]
    project.instance.add_dynamic_partitions("campaigns", ["2030-01-01_unknown"])
    result = project.sync([last, "2030-01-01_unknown"])
    project.instance.delete_dynamic_partition("campaigns", "2030-01-01_unknown")
    assert not result.success
    assert "1 of 2 campaigns failed" in failure(result)
    assert "another account's" in failure(result)
    assert {one.partition for one in result.get_asset_materialization_events() if one.partition} == {last}


def test_a_failed_campaign_is_named_fails_alone_and_can_be_retried_alone(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    keys = project.partitions()[-3:]
    victim, *others = sorted(
        keys, key=lambda key: -len(project.bench.account.rows(project.campaign_id(key), Report.SENT))
    )
    known = campaign_of_key(project.bench.database, victim)
    before, materialized = trace(project.bench, known), project.materialized("campaign_csv", victim)
    fault = FaultRule(FaultKind.VANISHED, path=f"*/{known.campaign.id}/*", report=Report.SENT)
    project.bench.sandbox.control.set_faults([fault])
    result = project.sync(keys)
    assert not result.success
    assert "1 of 3 campaigns failed" in failure(result)
    assert [key for key in keys if f"{key}:" in failure(result)] == [victim]
    assert trace(project.bench, known) == before
    assert project.materialized("campaign_csv", victim) == materialized
    made = {(event.asset_key, event.partition) for event in result.get_asset_materialization_events()}
    assert {one for one in made if one[1]} == {(asset, key) for asset in CAMPAIGN_ASSETS for key in others}
    assert {key for _, key in checks(result)} == set(others)
    project.bench.sandbox.control.set_faults([])
    assert project.run(SYNC_CAMPAIGNS.name, partition_key=victim).success
    assert_true(project.bench, known, before)


def test_a_refresh_asks_for_what_changed_and_a_resync_for_everything(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    keys, control = project.partitions()[-2:], project.bench.sandbox.control
    reports = [project.bench.account.events.get(project.campaign_id(key), {}) for key in keys]
    pages = sum(ceil(len(rows) / 100) for one in reports for rows in one.values())

    def reports_asked_for(mode: Mode) -> int:
        control.reset_statistics()
        assert project.sync(keys, mode).success
        asked = control.statistics().requests
        return sum(count for kind, count in asked.items() if kind.startswith("reports/"))

    assert reports_asked_for(Mode.REFRESH) == 0
    event = project.materialized("reports/sent", keys[-1])
    assert event
    assert event.metadata["read"].value == "unchanged since the last sync"
    assert reports_asked_for(Mode.RESYNC) == pages


def test_statistics_are_taken_of_today_and_refused_of_any_other_day(project: Project) -> None:
    today = datetime.now(OHIO).date()
    assert project.run(DAILY_SNAPSHOT.name, partition_key=today.isoformat()).success
    table = project.bench.connections.tables.read("campaign_statistics", today.isoformat())
    truth = {
        one: expected_summary(project.bench.account, one) for one in sent_campaigns(project.bench.account)
    }
    assert {row["campaign_id"]: (row["sent"], row["opened_total"]) for row in table.to_pylist()} == {
        one: (summary.sent, summary.opened.total) for one, summary in truth.items()
    }
    yesterday = today - timedelta(days=1)
    result = project.run(DAILY_SNAPSHOT.name, partition_key=yesterday.isoformat())
    assert not result.success
    assert f"campaign_statistics of {yesterday} cannot be taken" in failure(result)
    assert "daily_engagement" in failure(result)
    assert not project.bench.connections.tables.exists("campaign_statistics", yesterday.isoformat())


def test_daily_engagement_of_any_past_days_is_what_first_happened_on_them(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    everything = first_times_by_day(project, OHIO)
    (busy, _), _ = everything.most_common(1)[0]
    days = [busy + timedelta(days=apart) for apart in range(-3, 4)]
    tags = {RANGE_START: days[0].isoformat(), RANGE_END: days[-1].isoformat()}
    assert project.run(DAILY_ENGAGEMENT.name, tags=tags).success
    made: Counter[tuple[date, str]] = Counter()
    for day in days:
        table = project.bench.connections.tables.read("daily_engagement", day.isoformat())
        for row in table.to_pylist():
            made.update({(day, f"{row['campaign_id']} {flag}"): row[flag] for flag in FLAGS if row[flag]})
    assert made == of_days(everything, days)
    assert made != of_days(first_times_by_day(project, UTC), days), (
        "an evening in Ohio is the next day in UTC"
    )


def of_days(counts: Counter[tuple[date, str]], days: list[date]) -> dict[tuple[date, str], int]:
    return {key: count for key, count in counts.items() if key[0] in days}


def first_times_by_day(project: Project, zone: tzinfo) -> Counter[tuple[date, str]]:
    """How many contacts of a campaign first did what on which day of a time zone; a click is an open, too."""
    counts: Counter[tuple[date, str]] = Counter()
    for campaign_id in sent_campaigns(project.bench.account):
        for one in expected_participants(project.bench.account, campaign_id).values():
            first = {flag: one.first_at[Report(flag)] for flag in FLAGS}
            first["opened"] = min(filter(None, (first["opened"], first["clicked"])), default=None)
            counts.update(
                (moment.astimezone(zone).date(), f"{campaign_id} {flag}")
                for flag, moment in first.items()
                if moment
            )
    return counts


def test_neither_events_nor_files_of_the_instance_hold_an_address_a_name_or_the_key(
    project: Project, first_run: dg.ExecuteInProcessResult
) -> None:
    keys = project.partitions()[-2:]
    project.bench.sandbox.control.set_faults([FaultRule(FaultKind.SHORT_REPORT), FaultRule(FaultKind.HTML)])
    project.sync(keys)
    project.bench.sandbox.control.set_faults([FaultRule(FaultKind.WRONG_KEY, path="*/reports*")])
    project.sync(keys)
    told = project.events_as_text()
    kept = b"".join(path.read_bytes() for path in project.home.rglob("*") if path.is_file())
    assert "engagement" in told
    assert b"engagement" in kept
    people = project.bench.account.contacts.values()
    secrets = {project.bench.sandbox.api_key, *(contact.email_address for contact in people)}
    for secret in secrets:
        assert secret not in told
        assert secret.encode() not in kept
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", told)
