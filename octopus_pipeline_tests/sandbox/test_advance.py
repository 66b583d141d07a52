"""The passing of time: it only adds, it is deterministic, and there is something new to find."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, Report
from octopus_pipeline.sandbox.account import event_order
from octopus_pipeline.sandbox.advance import advance_account
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.truth import expected_participants, expected_summary
from octopus_pipeline_tests.sandbox.accounts import all_reports, campaign_in, reported_campaigns
from octopus_pipeline_tests.sandbox.reader import get_v2, rows_v2

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.serving import ServedSandbox

ACCOUNT = generate_account(seed=11, campaigns=12, rows=3_000)
FLAGS = ("opened", "clicked", "bounced", "complained", "unsubscribed")


@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.floats(0.02, 100), st.integers(0, 9)), min_size=1, max_size=4))
def test_nothing_that_was_reported_is_taken_back(steps: list[tuple[float, int]]) -> None:
    account = deepcopy(ACCOUNT)
    for hours, seed in steps:
        before = deepcopy(account)
        advance_account(account, hours=hours, seed=seed)
        assert account.now > before.now
        assert account.campaigns.keys() >= before.campaigns.keys()
        for campaign_id, report, rows in all_reports(before):
            assert set(rows) <= set(account.rows(campaign_id, report))
        for campaign_id, report, rows in all_reports(account):
            assert rows == sorted(rows, key=event_order)
            new = set(rows) - set(before.rows(campaign_id, report))
            assert all(row.occurred_at and before.now < row.occurred_at <= account.now for row in new)
            sent = {row.contact_id for row in account.rows(campaign_id, Report.SENT)}
            assert {row.contact_id for row in rows} <= sent
        for contact_id, contact in account.contacts.items():
            if contact != before.contacts[contact_id]:
                assert before.now < contact.last_updated_at <= account.now


def test_the_truth_rises_with_the_account() -> None:
    account = deepcopy(ACCOUNT)
    advance_account(account, hours=60)
    for campaign_id in ACCOUNT.campaigns:
        after = expected_participants(account, campaign_id)
        for contact_id, person in expected_participants(ACCOUNT, campaign_id).items():
            assert all(getattr(after[contact_id], flag) >= getattr(person, flag) for flag in FLAGS)
            for report, first in person.first_at.items():
                assert first is None or after[contact_id].first_at[report] == first


def test_the_same_seed_brings_the_same_future_and_another_seed_another() -> None:
    futures = []
    for seed in (1, 1, 2):
        account = deepcopy(ACCOUNT)
        advance_account(account, hours=24, seed=seed)
        futures.append(account)
    assert futures[0] == futures[1] != futures[2]


def test_an_hour_brings_something_new_and_leaves_most_campaigns_alone() -> None:
    account = deepcopy(ACCOUNT)
    advance_account(account, hours=1)
    changed = {
        campaign_id
        for campaign_id in ACCOUNT.campaigns
        if expected_summary(account, campaign_id) != expected_summary(ACCOUNT, campaign_id)
    }
    assert 1 <= len(changed) <= 3


def test_a_campaign_that_is_being_sent_reaches_its_recipients_within_a_day() -> None:
    account = deepcopy(ACCOUNT)
    campaign = campaign_in(account, CampaignStatus.SENDING)
    goal, counts = campaign.recipients, []
    while campaign.status is CampaignStatus.SENDING:
        counts.append(len(account.rows(campaign.id, Report.SENT)))
        advance_account(account, hours=6)
    assert 1 < len(counts) <= 4
    assert counts == sorted(set(counts))
    assert len(account.rows(campaign.id, Report.SENT)) == goal
    ids = [row.contact_id for row in account.rows(campaign.id, Report.SENT)]
    assert len(ids) == len(set(ids)), "nobody is mailed twice"


def test_weeks_bring_campaigns_changes_deletions_and_people_who_leave() -> None:
    account = deepcopy(ACCOUNT)
    for day in range(15):
        advance_account(account, hours=24, seed=day)
    new = account.campaigns.keys() - ACCOUNT.campaigns.keys()
    assert 4 <= len(new) <= 12
    assert all(account.rows(campaign_id, Report.SENT) for campaign_id in new)
    assert account.contacts.keys() < ACCOUNT.contacts.keys()
    was, now = ACCOUNT.contacts, account.contacts
    assert any(each.fields != was[each.id].fields for each in now.values())
    left = [
        each
        for each in now.values()
        if each.status is not was[each.id].status and each.status is ContactStatus.UNSUBSCRIBED
    ]
    assert left


def test_time_does_not_stand_still() -> None:
    with pytest.raises(ValueError, match="a minute"):
        advance_account(deepcopy(ACCOUNT), hours=0)


def test_a_running_sandbox_serves_what_time_has_brought(fresh_sandbox: ServedSandbox) -> None:
    sandbox = fresh_sandbox
    since = sandbox.account.now.isoformat()
    totals = {row["id"]: row["summary"] for row in sandbox.control.account()["campaigns"]}
    for campaign in reported_campaigns(sandbox.account):
        get_v2(sandbox, f"/campaigns/{campaign.id}/reports/summary")
    assert sandbox.control.advance(hours=48, seed=1) == sandbox.account.now.isoformat()
    grown = [
        campaign["id"]
        for campaign in sandbox.control.account()["campaigns"]
        if campaign["id"] in totals and campaign["summary"] != totals[campaign["id"]]
    ]
    assert grown
    for campaign_id in grown:
        opened = rows_v2(sandbox, f"/campaigns/{campaign_id}/reports", status="opened")
        summary = get_v2(sandbox, f"/campaigns/{campaign_id}/reports/summary").json()
        assert summary["opened"]["total"] == len(opened)
    changed = [
        row
        for list_id in sandbox.account.lists
        for row in rows_v2(sandbox, f"/lists/{list_id}/contacts", **{"last_updated_at.gte": since})
    ]
    assert changed
