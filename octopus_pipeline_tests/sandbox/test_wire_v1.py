"""API v1.6 over HTTP: its shapes, its two ways of paging, its errors; and that it tells the same as v2."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import requests

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, Report
from octopus_pipeline_tests.sandbox.accounts import all_reports, campaign_in, largest_campaign
from octopus_pipeline_tests.sandbox.reader import TIMEOUT, get_v1, get_v2, pages_v1, rows_v1, rows_v2

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.serving import ServedSandbox


def test_a_report_row_holds_the_whole_contact(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    rows = rows_v1(sandbox, f"/campaigns/{campaign.id}/reports/sent")
    for row in rows:
        contact = sandbox.account.contacts.get(row["contact"]["id"])
        if contact:
            assert row["contact"] == {
                "id": contact.id,
                "email_address": contact.email_address,
                "fields": contact.fields,
                "tags": list(contact.tags),
                "status": contact.status.upper(),
                "created_at": contact.created_at.isoformat(),
                "last_updated_at": contact.last_updated_at.isoformat(),
            }


def test_of_a_deleted_contact_only_the_id_is_left(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    rows = rows_v1(sandbox, f"/campaigns/{campaign.id}/reports/sent")
    deleted = [row["contact"] for row in rows if row["contact"].get("deleted")]
    assert {each["id"] for each in deleted} == {
        event.contact_id
        for event in sandbox.account.rows(campaign.id, Report.SENT)
        if event.contact_id not in sandbox.account.contacts
    }
    assert deleted
    assert {value for each in deleted for key, value in each.items() if key not in {"id", "deleted"}} == {
        None
    }


def test_both_versions_report_the_same_rows(sandbox: ServedSandbox) -> None:
    for campaign_id, report, _ in all_reports(sandbox.account):
        new = rows_v2(sandbox, f"/campaigns/{campaign_id}/reports", status=report.value)
        if report is Report.OPENED and not sandbox.account.campaigns[campaign_id].tracks_opens:
            assert not new
            continue
        old = rows_v1(sandbox, f"/campaigns/{campaign_id}/reports/{report}")
        as_new = [
            {
                "contact_id": row["contact"]["id"],
                "contact_email_address": row["contact"]["email_address"],
                **({"occurred_at": row["occurred_at"]} if "occurred_at" in row else {}),
            }
            for row in old
        ]
        assert as_new == new
        summary = f"/campaigns/{campaign_id}/reports/summary"
        assert get_v1(sandbox, summary).json() == get_v2(sandbox, summary).json()


def test_a_report_ends_with_an_array_and_goes_on_with_a_relative_link_that_holds_the_key(
    sandbox: ServedSandbox,
) -> None:
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports/sent"
    *others, last = pages_v1(sandbox, path)
    assert last["paging"] == []
    assert others
    for page in others:
        link = urlsplit(page["paging"]["next"])
        assert (link.scheme, link.netloc, link.path) == ("", "", f"/api/1.6{path}")
        assert page["paging"].keys() == {"next"}
        parameters = parse_qs(link.query)
        assert parameters["api_key"] == [sandbox.api_key]
        assert quote(parameters["last"][0], safe="") != parameters["last"][0], "it must be encoded"


def test_page_is_ignored_on_reports_so_that_page_2_repeats_page_1(sandbox: ServedSandbox) -> None:
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports/sent"
    assert get_v1(sandbox, path, page=2).json()["data"] == get_v1(sandbox, path).json()["data"]


def test_a_cursor_that_is_encoded_twice_is_refused(sandbox: ServedSandbox) -> None:
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports/sent"
    link = urlsplit(get_v1(sandbox, path).json()["paging"]["next"])
    cursor = parse_qs(link.query)["last"][0]
    assert get_v1(sandbox, path, last=cursor).status_code == 200
    answer = get_v1(sandbox, path, last=quote(cursor))
    assert answer.json()["error"]["code"] == "INVALID_PARAMETERS"


def test_campaigns_lists_and_contacts_are_paged_by_number(sandbox: ServedSandbox) -> None:
    pages = list(pages_v1(sandbox, "/campaigns", limit=4))
    campaigns = [campaign for page in pages for campaign in page["data"]]
    assert [len(page["data"]) for page in pages] == [4, 4, 2]
    assert [each["id"] for each in campaigns] == [each["id"] for each in rows_v2(sandbox, "/campaigns")]
    assert (pages[0]["paging"]["previous"], pages[-1]["paging"]["next"]) == (None, None)
    assert {each["status"] for each in campaigns} == {"DRAFT", "ERROR", "SENT", "SENDING"}
    assert set(campaigns[0]["content"]) == {"html", "plain_text"}
    for contact_list in rows_v1(sandbox, "/lists", limit=1):
        everyone = rows_v1(sandbox, f"/lists/{contact_list['id']}/contacts")
        for status in ContactStatus:
            some = rows_v1(sandbox, f"/lists/{contact_list['id']}/contacts/{status}")
            assert some == [each for each in everyone if each["status"] == status.upper()]
            assert contact_list["counts"][status] == len(some)


def test_links_end_with_an_array_as_reports_do(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    answer = get_v1(sandbox, f"/campaigns/{campaign.id}/reports/links").json()
    assert answer["paging"] == []
    clicks = sandbox.account.rows(campaign.id, Report.CLICKED)
    assert sum(link["clicked_total"] for link in answer["data"]) == len(clicks)


def test_errors_have_a_code_and_a_message(sandbox: ServedSandbox) -> None:
    sent = f"/campaigns/{largest_campaign(sandbox.account).id}"
    draft = f"/campaigns/{campaign_in(sandbox.account, CampaignStatus.DRAFT).id}"
    untracked = next(each for each in sandbox.account.campaigns.values() if not each.tracks_opens)
    expected: list[tuple[str, dict[str, str | int], str]] = [
        (f"{sent}/reports/sent", {"limit": 101}, "INVALID_PARAMETERS"),
        ("/campaigns", {"page": 0}, "INVALID_PARAMETERS"),
        ("/campaigns", {"api_key": "wrong"}, "API_KEY_INVALID"),
        (f"{draft}/reports/opened", {}, "CAMPAIGN_NOT_SENT"),
        (f"{draft}/reports/summary", {}, "CAMPAIGN_NOT_SENT"),
        (f"/campaigns/{untracked.id}/reports/opened", {}, "CAMPAIGN_FEATURE_DISABLED"),
        ("/campaigns/unknown/reports/sent", {}, "CAMPAIGN_NOT_FOUND"),
        ("/lists/unknown", {}, "LIST_NOT_FOUND"),
        (f"{sent}/reports/nonsense", {}, "NOT_FOUND"),
    ]
    for path, parameters, code in expected:
        answer = get_v1(sandbox, path, **parameters)
        assert not answer.ok
        assert answer.json()["error"].keys() == {"code", "message"}
        assert answer.json()["error"]["code"] == code, path


def test_a_campaign_that_is_being_sent_has_reports(sandbox: ServedSandbox) -> None:
    sending = campaign_in(sandbox.account, CampaignStatus.SENDING)
    assert rows_v1(sandbox, f"/campaigns/{sending.id}/reports/sent")
    # A bearer key is API v2's way: v1.6 does not know it.
    answer = requests.get(
        f"{sandbox.url}/api/1.6/campaigns",
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
        timeout=TIMEOUT,
    )
    assert answer.json()["error"]["code"] == "API_KEY_INVALID"
