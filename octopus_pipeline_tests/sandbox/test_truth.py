"""The truth agrees with what the API says and with what a reader of the whole account needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import ContactStatus, Report
from octopus_pipeline.sandbox.truth import expected_participants, expected_requests, expected_summary
from octopus_pipeline_tests.sandbox.accounts import all_reports, largest_campaign, reported_campaigns
from octopus_pipeline_tests.sandbox.reader import get_v2, rows_v2

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.serving import ServedSandbox


def test_a_campaigns_summary_counts_its_participants(sandbox: ServedSandbox) -> None:
    for campaign in sandbox.account.campaigns.values():
        participants = expected_participants(sandbox.account, campaign.id).values()
        summary = expected_summary(sandbox.account, campaign.id)
        assert summary.sent == len(participants)
        assert summary.clicked.unique == sum(each.clicked for each in participants)
        assert summary.complained == sum(each.complained for each in participants)
        assert summary.unsubscribed == sum(each.unsubscribed for each in participants)
        assert summary.bounced_hard + summary.bounced_soft == sum(each.bounced for each in participants)
        assert summary.opened.total >= summary.opened.unique
        # A click implies an open, yet whoever only clicked is not in the report of opens.
        assert summary.opened.unique <= sum(each.opened for each in participants)
        assert all(each.opened for each in participants if each.clicked)


def test_the_api_serves_the_true_summary(sandbox: ServedSandbox) -> None:
    for campaign in reported_campaigns(sandbox.account):
        truth = expected_summary(sandbox.account, campaign.id)
        assert get_v2(sandbox, f"/campaigns/{campaign.id}/reports/summary").json() == {
            "id": campaign.id,
            "sent": truth.sent,
            "bounced": {"soft": truth.bounced_soft, "hard": truth.bounced_hard},
            "opened": {"total": truth.opened.total, "unique": truth.opened.unique},
            "clicked": {"total": truth.clicked.total, "unique": truth.clicked.unique},
            "complained": truth.complained,
            "unsubscribed": truth.unsubscribed,
        }


def test_first_and_last_times_enclose_the_reports_rows(sandbox: ServedSandbox) -> None:
    for campaign_id, report, rows in all_reports(sandbox.account):
        participants = expected_participants(sandbox.account, campaign_id)
        for row in rows:
            person = participants[row.contact_id]
            first, last = person.first_at[report], person.last_at[report]
            if row.occurred_at:
                assert first is not None
                assert last is not None
                assert first <= row.occurred_at <= last


def test_a_deleted_contact_keeps_its_flags_and_nothing_else(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    participants = expected_participants(sandbox.account, campaign.id)
    deleted = participants.keys() - sandbox.account.contacts.keys()
    assert deleted
    for contact_id in deleted:
        person = participants[contact_id]
        assert (person.email_address, person.status, person.fields) == (None, None, {})


def test_a_full_reading_needs_exactly_the_expected_requests(sandbox: ServedSandbox) -> None:
    sandbox.control.reset_statistics()
    rows_v2(sandbox, "/campaigns")
    for campaign in reported_campaigns(sandbox.account):
        get_v2(sandbox, f"/campaigns/{campaign.id}/reports/summary")
    for campaign_id, report, rows in all_reports(sandbox.account):
        if rows:
            rows_v2(sandbox, f"/campaigns/{campaign_id}/reports", status=report.value)
    for contact_list in rows_v2(sandbox, "/lists"):
        for status in ContactStatus:
            if contact_list["counts"][0][status]:
                rows_v2(sandbox, f"/lists/{contact_list['id']}/contacts", status=status.value)

    needed = expected_requests(sandbox.account)
    made = sandbox.control.statistics()
    assert made.total == needed.total
    assert made.requests["summary"] == needed.summaries
    assert made.requests["contacts"] == needed.contact_pages
    assert made.requests["campaigns"] == needed.campaign_pages
    assert sum(made.requests[f"reports/{each}"] for each in list(Report)[:6]) == needed.report_pages
    assert sandbox.control.account()["expected_requests"]["total"] == needed.total


def test_the_truth_is_served_as_json(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    truth = expected_participants(sandbox.account, campaign.id)
    served = sandbox.control.truth(campaign.id)
    assert served.keys() == truth.keys()
    for contact_id, person in truth.items():
        assert served[contact_id]["fields"] == person.fields
        assert served[contact_id]["opened"] == person.opened
        first = person.first_at[Report.SENT]
        assert served[contact_id]["first_at"]["sent"] == (first.isoformat() if first else None)
