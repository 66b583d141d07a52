"""API v2 over HTTP: the field names of the published specification, complete paging, filters and errors."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest
import requests

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, Report
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import serve_in_thread
from octopus_pipeline_tests.sandbox.accounts import all_reports, campaign_in, largest_campaign
from octopus_pipeline_tests.sandbox.reader import TIMEOUT, get_v2, pages_v2, rows_v2

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Event
    from octopus_pipeline.sandbox.serving import ServedSandbox

# An extract of the specification, written by hand: every field of each answer, and what is inside it.
NEXT = {"url": str, "starting_after": str}
CAMPAIGN = {
    "id": str, "status": str, "name": str, "subject": str, "to": [str],
    "from": {"name": str, "email_address": str}, "content": {"html": str}, "created_at": str, "sent_at": str,
}  # fmt: skip
REPORT_ROW = {"contact_id": str, "contact_email_address": str, "occurred_at": str}
COUNT = {"total": int, "unique": int}
SUMMARY = {
    "id": str, "sent": int, "bounced": {"hard": int, "soft": int}, "opened": COUNT, "clicked": COUNT,
    "complained": int, "unsubscribed": int,
}  # fmt: skip
LINK = {"url": str, "clicked_total": int, "clicked_unique": int}
FIELD = {"label": str, "tag": str, "type": str, "fallback": str, "choices": [str]}
LIST = {
    "id": str, "name": str, "double_opt_in": bool, "fields": [FIELD], "tags": [str],
    "counts": [{"pending": int, "subscribed": int, "unsubscribed": int}], "created_at": str, "last_updated_at": str,
}  # fmt: skip
CONTACT = {
    "id": str, "email_address": str, "fields": dict, "tags": [str], "status": str, "created_at": str,
    "last_updated_at": str,
}  # fmt: skip
OPTIONAL = {"choices", "occurred_at"}


def page_of(row: object) -> dict[str, object]:
    return {"data": [row], "paging": {"next": NEXT}}


def assert_shape(value: Any, shape: Any, at: str = "answer") -> None:
    """The value has exactly the fields of the shape, of its types; null is allowed anywhere."""
    if value is None:
        return
    if isinstance(shape, dict):
        missing, unknown = shape.keys() - value.keys() - OPTIONAL, value.keys() - shape.keys()
        assert not missing, f"{at} lacks {missing}"
        assert not unknown, f"{at} has {unknown}, which the specification does not know"
        for key, inner in value.items():
            assert_shape(inner, shape[key], f"{at}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), at
        for inner in value:
            assert_shape(inner, shape[0], f"{at}[]")
    else:
        assert isinstance(value, shape), f"{at} is no {shape.__name__}"


def test_answers_have_exactly_the_fields_of_the_specification(sandbox: ServedSandbox) -> None:
    campaign = f"/campaigns/{largest_campaign(sandbox.account).id}"
    contact_list = f"/lists/{list(sandbox.account.lists)[-1]}"
    some: dict[str, str | int] = {"limit": 50}
    shapes: list[tuple[str, dict[str, str | int], object]] = [
        ("/campaigns", {"limit": 5}, page_of(CAMPAIGN)),
        (campaign, {}, CAMPAIGN),
        (f"{campaign}/reports/summary", {}, SUMMARY),
        (f"{campaign}/reports/links", {}, {"data": [LINK]}),
        ("/lists", {"limit": 1}, page_of(LIST)),
        (contact_list, {}, LIST),
        (f"{contact_list}/contacts", some, page_of(CONTACT)),
        (f"{contact_list}/tags", {"limit": 2}, page_of({"tag": str})),
    ]
    shapes += [
        (f"{campaign}/reports", {"status": report.value}, {"status": str, **page_of(REPORT_ROW)})
        for report in Report
    ]
    for path, parameters, shape in shapes:
        answer = get_v2(sandbox, path, **parameters)
        assert answer.headers["content-type"] == "application/json"
        assert_shape(answer.json(), shape, path)


def test_every_report_pages_to_exactly_its_rows(sandbox: ServedSandbox) -> None:
    for campaign_id, report, rows in all_reports(sandbox.account):
        pages = list(pages_v2(sandbox, f"/campaigns/{campaign_id}/reports", status=report.value))
        assert [row for page in pages for row in page["data"]] == [row_of(sandbox, row) for row in rows]
        assert len(pages) == max(1, -(-len(rows) // 100)), "no page is empty but that of an empty report"
        assert {page["status"] for page in pages} == {report.value}


def row_of(sandbox: ServedSandbox, event: Event) -> dict[str, str | None]:
    contact = sandbox.account.contacts.get(event.contact_id)
    row = {
        "contact_id": event.contact_id,
        "contact_email_address": contact.email_address if contact else None,
    }
    return row | ({"occurred_at": event.occurred_at.isoformat()} if event.occurred_at else {})


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_any_size_hold_the_same_rows(sandbox: ServedSandbox, limit: int) -> None:
    # The oldest campaign: its rows have no times, so that only their place tells several opens apart.
    path = f"/campaigns/{next(iter(sandbox.account.campaigns))}/reports"
    assert rows_v2(sandbox, path, status="opened", limit=limit) == rows_v2(sandbox, path, status="opened")


def test_a_full_last_page_is_known_to_be_the_last() -> None:
    account = generate_account(seed=1, campaigns=1, rows=200)
    with serve_in_thread(account, requests_per_second=None) as sandbox:
        path = f"/campaigns/{next(iter(account.campaigns))}/reports"
        assert [len(page["data"]) for page in pages_v2(sandbox, path, status="sent")] == [100, 100]


def test_rows_that_arrive_between_two_pages_neither_shift_nor_repeat_rows(
    fresh_sandbox: ServedSandbox,
) -> None:
    sandbox = fresh_sandbox
    sending = campaign_in(sandbox.account, CampaignStatus.SENDING)
    path = f"/campaigns/{sending.id}/reports"
    first = get_v2(sandbox, path, status="sent").json()
    sandbox.control.advance(hours=3)
    rest = rows_v2(sandbox, first["paging"]["next"]["url"])
    ids = [row["contact_id"] for row in first["data"] + rest]
    assert ids == [event.contact_id for event in sandbox.account.rows(sending.id, Report.SENT)]


def test_not_opened_is_the_complement_of_opened_within_sent(sandbox: ServedSandbox) -> None:
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports"
    ids = {
        status: {row["contact_id"] for row in rows_v2(sandbox, path, status=status)}
        for status in ("sent", "opened", "not-opened")
    }
    assert ids["not-opened"] == ids["sent"] - ids["opened"]


def test_contacts_are_the_subscribed_ones_unless_another_status_is_asked_for(sandbox: ServedSandbox) -> None:
    for list_id in sandbox.account.lists:
        path = f"/lists/{list_id}/contacts"
        for status in ContactStatus:
            expected = {
                each.id
                for each in sandbox.account.contacts.values()
                if each.list_id == list_id and each.status is status
            }
            assert {row["id"] for row in rows_v2(sandbox, path, status=status.value)} == expected
        assert rows_v2(sandbox, path) == rows_v2(sandbox, path, status="subscribed")


def test_contacts_can_be_narrowed_to_those_that_changed_and_to_a_tag(sandbox: ServedSandbox) -> None:
    list_id = next(iter(sandbox.account.lists))
    subscribed = [
        each
        for each in sandbox.account.contacts.values()
        if each.list_id == list_id and each.status is ContactStatus.SUBSCRIBED
    ]
    since = sorted(each.last_updated_at for each in subscribed)[len(subscribed) // 2]
    path = f"/lists/{list_id}/contacts"

    later = rows_v2(sandbox, path, **{"last_updated_at.gte": since.isoformat()})
    assert {row["id"] for row in later} == {each.id for each in subscribed if each.last_updated_at >= since}
    earlier = since - timedelta(seconds=1)
    before = rows_v2(sandbox, path, **{"last_updated_at.lte": earlier.isoformat()})
    assert len(before) + len(later) == len(subscribed)
    tagged = rows_v2(sandbox, path, tag="heap")
    assert {row["id"] for row in tagged} == {each.id for each in subscribed if "heap" in each.tags}


def test_a_contact_is_found_by_id_and_by_the_md5_of_its_address_in_lower_case(sandbox: ServedSandbox) -> None:
    contact = next(each for each in sandbox.account.contacts.values() if each.email_address[0].isupper())
    digest = md5(contact.email_address.lower().encode()).hexdigest()
    for name in (contact.id, digest):
        found = get_v2(sandbox, f"/lists/{contact.list_id}/contacts/{name}").json()
        assert (found["id"], found["fields"]) == (contact.id, contact.fields)


def test_refusals_are_problem_documents(sandbox: ServedSandbox) -> None:
    reports = f"/campaigns/{largest_campaign(sandbox.account).id}/reports"
    draft = campaign_in(sandbox.account, CampaignStatus.DRAFT).id
    refusals: list[tuple[str, dict[str, str | int], int, str, str | None]] = [
        (reports, {"status": "sent", "limit": 101}, 400, "bad-request", "limit"),
        (reports, {"status": "sent", "limit": 0}, 400, "bad-request", "limit"),
        (reports, {}, 400, "bad-request", "status"),
        (reports, {"status": "SENT"}, 400, "bad-request", "status"),
        (reports, {"status": "sent", "starting_after": "made-up"}, 400, "bad-request", "starting_after"),
        (f"/lists/{next(iter(sandbox.account.lists))}/contacts", {"last_updated_at.gte": "soon"}, 400,
         "bad-request", "last_updated_at.gte"),
        (f"/campaigns/{draft}/reports", {"status": "sent"}, 403, "access-denied", None),
        (f"/campaigns/{draft}/reports/summary", {}, 403, "access-denied", None),
        ("/campaigns/unknown/reports/summary", {}, 404, "not-found", None),
        ("/lists/unknown/contacts", {}, 404, "not-found", None),
        ("/nonsense", {}, 404, "not-found", None),
    ]  # fmt: skip
    for path, parameters, status, slug, parameter in refusals:
        answer = get_v2(sandbox, path, **parameters)
        body = answer.json()
        assert (answer.status_code, body["status"], body["type"]) == (
            status,
            status,
            f"https://emailoctopus.com/api-documentation/v2#{slug}",
        ), path
        assert [each["parameter"] for each in body.get("errors", [])] == ([parameter] if parameter else [])


def test_the_key_is_asked_for(sandbox: ServedSandbox) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": sandbox.api_key}):
        answer = requests.get(f"{sandbox.url}/campaigns", headers=headers, timeout=TIMEOUT)
        assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid key.")
    assert requests.post(f"{sandbox.url}/campaigns", timeout=TIMEOUT).status_code == 405
