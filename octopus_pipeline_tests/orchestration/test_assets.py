"""The assets on a real instance: what a run materialises, what it fails, and what it tells."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.orchestration.jobs import DAILY_ENGAGEMENT, DAILY_SNAPSHOT, RANGE_END, RANGE_START
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.truth import expected_participants, expected_summary
from octopus_pipeline.sync.campaigns import campaign_of_key
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline_tests.orchestration.project import CAMPAIGN_ASSETS, checks, failure
from octopus_pipeline_tests.sync.history import assert_true, trace
from octopus_pipeline_tests.truth import FLAGS, assert_documents_true, sent_campaigns

if TYPE_CHECKING:
    from octopus_pipeline_tests.orchestration.project import Project

OHIO = ZoneInfo("America/New_York")


def test_campaigns_makes_a_partition_of_each_sent_campaign_in_the_order_sent(project: Project) -> None:
    keys = project.list_campaigns()
    account = project.bench.account
    assert {project.campaign_id(key) for key in keys} == set(sent_campaigns(account))
    times = [account.campaigns[project.campaign_id(key)].sent_at or account.now for key in keys]
    assert times == sorted(times)
    assert project.list_campaigns() == keys, "a second time adds none"


def test_a_ranged_run_materialises_every_asset_of_every_campaign_with_its_checks(project: Project) -> None:
    keys = project.list_campaigns()
    result = project.sync(keys)
    assert result.success
    assert_documents_true(project.bench.database, project.bench.account)
    for key in keys:
        rows = len(expected_participants(project.bench.account, project.campaign_id(key)))
        for asset in CAMPAIGN_ASSETS:
            assert project.materialized(asset, key)
        for asset in CAMPAIGN_ASSETS[-3:]:
            event = project.materialized(asset, key)
            assert event
            assert event.metadata["dagster/row_count"].value == rows
    assert len(checks(result)) == 6 * len(keys)
    assert all(checks(result).values())


def test_a_failed_campaign_is_named_fails_alone_and_can_be_retried_alone(project: Project) -> None:
    keys = project.list_campaigns()
    project.sync(keys)
    project.bench.sandbox.control.advance(6, seed=1)
    victim = max(keys, key=lambda key: len(project.bench.account.rows(project.campaign_id(key), Report.SENT)))
    known = campaign_of_key(project.bench.database, victim)
    before = {key: trace(project.bench, campaign_of_key(project.bench.database, key)) for key in keys}
    materialized = project.materialized("campaign_csv", victim)
    fault = FaultRule(FaultKind.VANISHED, path=f"*/{known.campaign.id}/*", report=Report.SENT)
    project.bench.sandbox.control.set_faults([fault])
    result = project.sync(keys)
    assert not result.success
    assert f"1 of {len(keys)} campaigns failed" in failure(result)
    assert [key for key in keys if key in failure(result)] == [victim]
    assert trace(project.bench, known) == before[victim]
    assert project.materialized("campaign_csv", victim) == materialized
    assert {key for _, key in checks(result)} == set(keys) - {victim}
    for key in keys:
        recorded = {
            event.partition
            for event in result.get_asset_materialization_events()
            if event.asset_key == dg.AssetKey("campaign_csv")
        }
        assert (key in recorded) == (key != victim)
        if key != victim:
            assert_true(project.bench, campaign_of_key(project.bench.database, key), before[key])
    project.bench.sandbox.control.set_faults([])
    assert project.run("sync_campaigns", partition_key=victim).success
    assert_true(project.bench, known, before[victim])


def test_a_refresh_asks_for_what_changed_and_a_resync_for_everything(project: Project) -> None:
    keys = project.list_campaigns()
    control = project.bench.sandbox.control
    project.sync(keys)

    def reports_asked_for(mode: Mode) -> int:
        control.reset_statistics()
        assert project.sync(keys, mode).success
        asked = control.statistics().requests
        return sum(count for kind, count in asked.items() if kind.startswith("reports/"))

    assert reports_asked_for(Mode.REFRESH) == 0
    assert reports_asked_for(Mode.RESYNC) == control.account()["expected_requests"]["report_pages"]
    event = project.materialized("engagement", keys[-1])
    assert event
    assert event.metadata["dagster/row_count"].value


def test_statistics_are_taken_of_today_and_refused_of_any_other_day(project: Project) -> None:
    today = datetime.now(OHIO).date()
    assert project.run(DAILY_SNAPSHOT.name, partition_key=today.isoformat()).success
    table = project.bench.connections.tables.read("campaign_statistics", today.isoformat())
    truth = {one: expected_summary(project.bench.account, one) for one in sent_campaigns(project.bench.account)}
    assert {row["campaign_id"]: (row["sent"], row["opened_total"]) for row in table.to_pylist()} == {
        one: (summary.sent, summary.opened.total) for one, summary in truth.items()
    }
    yesterday = today - timedelta(days=1)
    result = project.run(DAILY_SNAPSHOT.name, partition_key=yesterday.isoformat())
    assert not result.success
    assert f"campaign_statistics of {yesterday} cannot be taken" in failure(result)
    assert "daily_engagement" in failure(result)
    assert not project.bench.connections.tables.exists("campaign_statistics", yesterday.isoformat())


def test_daily_engagement_of_any_past_days_is_what_first_happened_on_them(project: Project) -> None:
    project.sync(project.list_campaigns())
    truth = first_times_by_day(project)
    days = sorted({day for day, _ in truth})
    tags = {RANGE_START: days[0].isoformat(), RANGE_END: days[-1].isoformat()}
    assert project.run(DAILY_ENGAGEMENT.name, tags=tags).success
    day, made = days[0], Counter[tuple[date, str]]()
    while day <= days[-1]:
        table = project.bench.connections.tables.read("daily_engagement", day.isoformat())
        for row in table.to_pylist():
            made.update({(day, f"{row['campaign_id']} {flag}"): row[flag] for flag in FLAGS if row[flag]})
        day += timedelta(days=1)
    assert made == truth


def first_times_by_day(project: Project) -> Counter[tuple[date, str]]:
    """How many contacts of a campaign first did what on which day in Ohio; a click is an open, too."""
    counts: Counter[tuple[date, str]] = Counter()
    for campaign_id in sent_campaigns(project.bench.account):
        for one in expected_participants(project.bench.account, campaign_id).values():
            first = {flag: one.first_at[Report(flag)] for flag in FLAGS}
            first["opened"] = min(filter(None, (first["opened"], first["clicked"])), default=None)
            counts.update(
                (moment.astimezone(OHIO).date(), f"{campaign_id} {flag}")
                for flag, moment in first.items()
                if moment
            )
    return counts


def test_neither_events_nor_files_of_the_instance_hold_an_address_a_name_or_the_key(project: Project) -> None:
    keys = project.list_campaigns()
    project.sync(keys)
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
