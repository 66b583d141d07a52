"""Bodies in all the shapes that were documented or seen, and what is no such shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.emailoctopus.errors import ProtocolError
from octopus_pipeline.emailoctopus.records import (
    Contact,
    ContactList,
    ContactStatus,
    LinkClicks,
    Report,
    ReportRow,
)
from octopus_pipeline_tests.emailoctopus.clients import KEY, VERSIONS, client_for
from octopus_pipeline_tests.emailoctopus.scripted_server import Answer, serve

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.emailoctopus.credentials import Version

OPENED_AT = datetime(2025, 3, 3, 9, 15, 27, tzinfo=UTC)
CONTACT = {
    "id": "contact-1",
    "email_address": "ada@example.com",
    "fields": {"FirstName": "Ada", "kWh": 11369, "Topics": ["solar", "heat"], "LastName": None},
    "tags": ["vip"],
    "status": "subscribed",
    "created_at": "2024-11-02T10:00:00+00:00",
    "last_updated_at": "2025-02-14T07:12:00+00:00",
}
V1_CONTACT = {**CONTACT, "status": "SUBSCRIBED"}
UPDATED_AT = datetime(2025, 2, 14, 7, 12, tzinfo=UTC)


def v2_row(number: int, **changes: object) -> dict[str, object]:
    row = {"contact_id": f"c{number}", "contact_email_address": None, "occurred_at": None, **changes}
    return {"an_addition": 1, **row}


def v1_row(number: int, **changes: object) -> dict[str, object]:
    return {"contact": {**V1_CONTACT, "id": f"c{number}"}, "an_addition": 1, **changes}


def rows_of(
    folder: Path, version: Version, *bodies: object, report: Report = Report.OPENED
) -> list[ReportRow]:
    with serve(*map(Answer, bodies)) as server, client_for(server.url, folder, version) as client:
        return [row for page in client.report("1", report) for row in page]


@pytest.mark.parametrize(
    "end",
    [
        {},
        {"paging": None},
        {"paging": []},
        {"paging": {}},
        {"paging": {"next": None}},
        {"paging": {"next": {}}},
        {"paging": {"next": []}},
        {"paging": {"next": {"url": None, "starting_after": None}}},
    ],
)
def test_every_shape_of_a_v2_listings_end_is_an_end(tmp_path: Path, end: dict[str, object]) -> None:
    assert [row.contact_id for row in rows_of(tmp_path, "v2", {"data": [v2_row(1)], **end})] == ["c1"]


@pytest.mark.parametrize("end", [{"paging": []}, {}, {"paging": {"previous": None, "next": None}}])
def test_every_shape_of_a_v1_listings_end_is_an_end(tmp_path: Path, end: dict[str, object]) -> None:
    assert [row.contact_id for row in rows_of(tmp_path, "v1.6", {"data": [v1_row(1)], **end})] == ["c1"]


def test_v2_follows_the_next_url_to_the_letter_and_shows_the_key_in_the_header_only(tmp_path: Path) -> None:
    with serve() as server:
        following = (
            f"{server.url}/campaigns/1/reports?limit=100&status=opened&starting_after=Wz%3DE3.MDAsI~_-"
        )
        first = {"data": [v2_row(1)], "paging": {"next": {"url": following, "starting_after": "another"}}}
        server.answers += [Answer(first), Answer({"data": [v2_row(2)], "paging": {"next": None}})]
        pages = list(client_for(server.url, tmp_path).report("1", Report.OPENED))
    assert [[row.contact_id for row in page] for page in pages] == [["c1"], ["c2"]]
    assert server.targets == [
        "/campaigns/1/reports?status=opened&limit=100",
        following.removeprefix(server.url),
    ]
    assert [headers["Authorization"] for headers in server.headers] == [f"Bearer {KEY}"] * 2


def test_v1_follows_the_relative_next_link_to_the_letter_without_doubling_the_key(tmp_path: Path) -> None:
    following = (
        "/api/1.6/campaigns/1/reports/opened?api_key=eo_c0ffee%2F%2Bsecret&limit=100&last=OPAQUE%3D%3D"
    )
    with serve() as server:
        server.answers += [
            Answer({"data": [v1_row(1)], "paging": {"next": following}}),
            Answer({"data": [v1_row(2)], "paging": []}),
        ]
        pages = list(client_for(server.url, tmp_path, "v1.6").report("1", Report.OPENED))
    assert [[row.contact_id for row in page] for page in pages] == [["c1"], ["c2"]]
    assert server.targets == [
        "/api/1.6/campaigns/1/reports/opened?limit=100&api_key=eo_c0ffee%2F%2Bsecret",
        "/api/1.6/campaigns/1/reports/opened?limit=100&last=OPAQUE%3D%3D&api_key=eo_c0ffee%2F%2Bsecret",
    ]
    assert all("Authorization" not in headers for headers in server.headers)


@pytest.mark.parametrize(
    "elsewhere", ["http://127.0.0.1:1/x", "https://127.0.0.1{port}/x", "//example.com/x"]
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_next_page_on_another_server_is_refused_before_it_gets_the_key(
    tmp_path: Path, version: Version, elsewhere: str
) -> None:
    with serve() as server:
        url = elsewhere.format(port=server.url.removeprefix("http://127.0.0.1"))
        following = {"url": url} if version == "v2" else url
        server.answers.append(Answer({"data": [], "paging": {"next": following}}))
        with pytest.raises(ProtocolError, match=r"report opened of campaign 1: .*another server"):
            list(client_for(server.url, tmp_path, version).report("1", Report.OPENED))
    assert len(server.targets) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cursor_that_comes_back_ends_in_an_error_not_in_a_loop(tmp_path: Path, version: Version) -> None:
    with serve() as server:
        path = "/x?last=1" if version == "v1.6" else f"{server.url}/x?starting_after=1"
        following = path if version == "v1.6" else {"url": path}
        row = v1_row(1) if version == "v1.6" else v2_row(1)
        server.answers.append(Answer({"data": [row], "paging": {"next": following}}))
        with pytest.raises(ProtocolError, match=r"report sent of campaign 1: .*earlier page"):
            list(client_for(server.url, tmp_path, version).report("1", Report.SENT))
    assert len(server.targets) == 2


def test_a_v1_row_brings_its_contact_and_a_deleted_one_only_its_id(tmp_path: Path) -> None:
    nothing = dict.fromkeys(["email_address", "fields", "tags", "status", "created_at", "last_updated_at"])
    deleted = {"id": "gone", "deleted": True, **nothing}
    body = {
        "data": [
            {"contact": V1_CONTACT, "occurred_at": "2025-03-03T10:15:27+01:00"},
            {"contact": deleted, "occurred_at": "2025-03-03T09:15:27"},
            {"contact": {**deleted, "email_address": "was@example.com"}},
            {"contact": {**V1_CONTACT, "deleted": False, "fields": [], "status": "PENDING"}},
        ],
        "paging": [],
    }
    known = ReportRow(
        contact_id="contact-1",
        email_address="ada@example.com",
        occurred_at=OPENED_AT,
        status=ContactStatus.SUBSCRIBED,
        fields=CONTACT["fields"],  # type: ignore[arg-type]
        contact_updated_at=UPDATED_AT,
    )
    assert rows_of(tmp_path, "v1.6", body) == [
        known,
        ReportRow("gone", None, OPENED_AT),
        ReportRow("gone", None, None),
        ReportRow("contact-1", "ada@example.com", None, ContactStatus.PENDING, {}, UPDATED_AT),
    ]


@pytest.mark.parametrize("report", [Report.NOT_OPENED, Report.NOT_CLICKED, Report.OPENED])
@pytest.mark.parametrize("version", VERSIONS)
def test_rows_without_a_time_are_kept(tmp_path: Path, version: Version, report: Report) -> None:
    row = {"contact": V1_CONTACT}
    if version == "v2":
        row = {"contact_id": "contact-1", "contact_email_address": "ada@example.com"}  # type: ignore[dict-item]
    (found,) = rows_of(tmp_path, version, {"data": [row]}, report=report)
    assert (found.contact_id, found.occurred_at) == ("contact-1", None)


@pytest.mark.parametrize("version", VERSIONS)
def test_links_are_read_flat_and_wrapped(tmp_path: Path, version: Version) -> None:
    flat = {"url": "https://example.org/a", "clicked_total": 9, "clicked_unique": 7}
    with serve(Answer({"data": [flat, {"link": flat}]})) as server:
        assert (
            client_for(server.url, tmp_path, version).links("1")
            == [LinkClicks("https://example.org/a", clicked_total=9, clicked_unique=7)] * 2
        )


@pytest.mark.parametrize("counts", [{"subscribed": 5, "pending": 0}, [{"subscribed": 5}, {"pending": 0}]])
def test_the_counts_of_a_list_are_read_as_an_object_and_as_an_array(tmp_path: Path, counts: object) -> None:
    with serve(Answer({"data": [{"id": "l1", "name": "All", "counts": counts}]})) as server:
        assert list(client_for(server.url, tmp_path).lists()) == [
            ContactList(
                "l1",
                "All",
                {
                    ContactStatus.SUBSCRIBED: 5,
                    ContactStatus.UNSUBSCRIBED: None,
                    ContactStatus.PENDING: 0,
                },
            )
        ]


def test_v2_contacts_are_asked_for_by_status_and_time(tmp_path: Path) -> None:
    since = datetime(2025, 2, 1, 12, 30, 15, 999999, tzinfo=UTC)
    with serve(Answer({"data": [CONTACT]})) as server:
        client = client_for(server.url, tmp_path)
        (page,) = client.contacts("l 1", status=ContactStatus.SUBSCRIBED, updated_since=since)
    assert page == [
        Contact(
            id="contact-1",
            list_id="l 1",
            email_address="ada@example.com",
            status=ContactStatus.SUBSCRIBED,
            fields=CONTACT["fields"],  # type: ignore[arg-type]
            tags=("vip",),
            created_at=datetime(2024, 11, 2, 10, tzinfo=UTC),
            last_updated_at=UPDATED_AT,
        )
    ]
    assert server.targets == [
        "/lists/l%201/contacts?status=subscribed&limit=100&last_updated_at.gte=2025-02-01T12%3A30%3A15%2B00%3A00"
    ]


V2_SUMMARY: dict[str, Any] = {
    "id": "1",
    "sent": 5,
    "bounced": {"soft": 1, "hard": 0},
    "opened": {"total": 3, "unique": 2},
    "clicked": {"total": 1, "unique": 1},
    "complained": 0,
    "unsubscribed": 0,
}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"data": [v2_row(1), {"contact_email_address": None}]}, r"data\[1\].contact_id is missing"),
        ({"data": [{"contact_id": "x"}]}, r"data\[0\].contact_email_address is missing"),
        ({"data": [v2_row(1, contact_email_address=12345)]}, r"data\[0\].contact_email_address is not text"),
        ({"data": [v2_row(1, occurred_at="12345")]}, r"data\[0\].occurred_at is not an ISO 8601 time"),
        ({"data": [12345]}, r"data\[0\] is not an object"),
        ({"data": {"12345": 1}}, "data is not an array"),
        ({"rows": []}, "data is missing"),
        ({"data": [], "paging": "12345"}, "paging is not an object"),
        ({"data": [], "paging": {"next": {"starting_after": "12345"}}}, r"url is missing"),
        ([12345], "no JSON object"),
    ],
)
def test_an_unexpected_body_is_told_by_path_and_key_never_by_value(
    tmp_path: Path, body: object, problem: str
) -> None:
    with pytest.raises(ProtocolError, match=f"report opened of campaign 1: .*{problem}") as caught:
        rows_of(tmp_path, "v2", body)
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sent": "5"}, "sent is not a whole number"),
        ({"sent": True}, "sent is not a whole number"),
        ({"opened": 3}, "opened is not an object"),
        ({"bounced": {"soft": 1}}, "hard is missing"),
    ],
)
def test_a_summary_with_a_wrong_type_is_refused(
    tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    refused = pytest.raises(ProtocolError, match=f"summary of campaign 1: .*{problem}")
    with serve(Answer({**V2_SUMMARY, **change})) as server, refused:
        client_for(server.url, tmp_path).summary("1")


def test_an_unknown_status_is_refused_by_its_key(tmp_path: Path) -> None:
    body = {"data": [v1_row(1, contact={**V1_CONTACT, "status": "HIDDEN"})]}
    with pytest.raises(ProtocolError, match=r"data\[0\].status is none of subscribed") as caught:
        rows_of(tmp_path, "v1.6", body)
    assert "hidden" not in str(caught.value).lower()
