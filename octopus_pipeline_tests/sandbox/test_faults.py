"""Every fault as a client meets it over HTTP, and the choice of the calls that meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox.control_client import SandboxError
from octopus_pipeline.sandbox.faults import (
    FaultKind,
    FaultRequest,
    FaultRule,
    Faults,
    RetryHeader,
    rule_from_json,
)
from octopus_pipeline_tests.sandbox.accounts import largest_campaign
from octopus_pipeline_tests.sandbox.reader import get_v1, get_v2, rows_v1, rows_v2

if TYPE_CHECKING:
    from collections.abc import Callable

    from octopus_pipeline.sandbox.serving import ServedSandbox

Rows = list[tuple[str, str | None]]


def sent_v2(sandbox: ServedSandbox) -> Rows:
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports"
    rows = rows_v2(sandbox, path, status="sent")
    return [(row["contact_id"], row.get("occurred_at")) for row in rows]


def sent_v1(sandbox: ServedSandbox) -> Rows:
    rows = rows_v1(sandbox, f"/campaigns/{largest_campaign(sandbox.account).id}/reports/sent")
    return [(row["contact"]["id"], row.get("occurred_at")) for row in rows]


def campaigns_v1(sandbox: ServedSandbox) -> Rows:
    return [(row["id"], row["sent_at"]) for row in rows_v1(sandbox, "/campaigns", limit=3)]


READINGS = pytest.mark.parametrize("read", [sent_v2, sent_v1, campaigns_v1])


@pytest.mark.parametrize("header", list(RetryHeader))
def test_429_says_how_long_to_wait_in_any_one_header_or_in_none(
    sandbox: ServedSandbox, header: RetryHeader
) -> None:
    rule = FaultRule(FaultKind.RATE_LIMITED, seconds=2, header=header, count=1)
    sandbox.control.set_faults([rule])
    answer = get_v2(sandbox, "/campaigns")
    assert answer.status_code == 429
    waits = {name: answer.headers.get(name) for name in RetryHeader if name in answer.headers}
    assert waits == ({} if header is RetryHeader.NONE else {header: "2"})
    assert get_v2(sandbox, "/campaigns").status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_errors_are_json_from_the_api_and_html_from_before_it(
    sandbox: ServedSandbox, status: int
) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.SERVER_ERROR, status=status)])
    for answer in (get_v2(sandbox, "/campaigns"), get_v1(sandbox, "/campaigns")):
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("application/json" if status == 500 else "text/html")


def test_a_cut_answer_announces_more_than_it_sends(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.CUT, count=1)])
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get_v2(sandbox, "/campaigns")
    assert get_v2(sandbox, "/campaigns").status_code == 200


def test_a_hanging_call_has_no_answer_within_its_time(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.HANG, seconds=30, count=1)])
    key = {"Authorization": f"Bearer {sandbox.api_key}"}
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{sandbox.url}/campaigns", headers=key, timeout=0.2)
    assert get_v2(sandbox, "/campaigns").status_code == 200


def test_broken_json_and_html_come_whole_and_with_any_status(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.INVALID_JSON)])
    answer = get_v2(sandbox, "/campaigns")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()
    for status in (200, 502):
        sandbox.control.set_faults([FaultRule(FaultKind.HTML, status=status)])
        answer = get_v2(sandbox, "/campaigns")
        assert (answer.status_code, answer.text[:15]) == (status, "<!DOCTYPE html>")


@READINGS
def test_a_repeated_page_doubles_rows_and_loses_none(
    sandbox: ServedSandbox, read: Callable[[ServedSandbox], Rows]
) -> None:
    sandbox.control.set_faults([])
    honest = read(sandbox)
    for skip in range(3):
        sandbox.control.set_faults([FaultRule(FaultKind.REPEATED_PAGE, skip=skip, count=1)])
        doubled = read(sandbox)
        assert len(doubled) > len(honest)
        assert list(dict.fromkeys(doubled)) == honest, "in order, once the doubles are out"


@READINGS
def test_a_short_report_ends_early_as_if_it_were_done(
    sandbox: ServedSandbox, read: Callable[[ServedSandbox], Rows]
) -> None:
    sandbox.control.set_faults([])
    honest = read(sandbox)
    sandbox.control.set_faults([FaultRule(FaultKind.SHORT_REPORT, skip=1, count=1)])
    short = read(sandbox)
    assert len(short) < len(honest)
    assert short == honest[: len(short)]


def test_a_repeated_cursor_points_to_itself_for_ever(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.REPEATED_CURSOR, skip=1, count=1)])
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports"
    first = get_v2(sandbox, path, status="sent").json()
    second = get_v2(sandbox, first["paging"]["next"]["url"]).json()
    looped = [get_v2(sandbox, second["paging"]["next"]["url"]).json() for _ in range(3)]
    assert looped == [second] * 3

    sandbox.control.set_faults([FaultRule(FaultKind.REPEATED_CURSOR, count=1)])
    link = get_v1(sandbox, "/campaigns", limit=3).json()["paging"]["next"]
    again = get_v1(sandbox, link.removeprefix("/api/1.6")).json()
    assert again["paging"]["next"] == link


def test_a_vanished_campaign_is_gone_until_the_faults_are_replaced(sandbox: ServedSandbox) -> None:
    campaign = largest_campaign(sandbox.account)
    summary = f"/campaigns/{campaign.id}/reports/summary"
    sandbox.control.set_faults([FaultRule(FaultKind.VANISHED, path=f"*/{campaign.id}/*", skip=1, count=1)])
    assert [get_v2(sandbox, summary).status_code for _ in range(3)] == [200, 404, 404]
    assert get_v1(sandbox, summary).json()["error"]["code"] == "CAMPAIGN_NOT_FOUND"
    assert campaign.id not in {row["id"] for row in rows_v2(sandbox, "/campaigns")}
    sandbox.control.set_faults([])
    assert get_v2(sandbox, summary).status_code == 200


def test_a_key_can_turn_wrong_on_both_versions(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.WRONG_KEY)])
    assert get_v2(sandbox, "/lists").status_code == 401
    assert get_v1(sandbox, "/lists").json()["error"]["code"] == "API_KEY_INVALID"


def test_a_rule_strikes_only_the_path_and_the_report_it_names(sandbox: ServedSandbox) -> None:
    sandbox.control.reset_statistics()
    rule = FaultRule(FaultKind.SERVER_ERROR, path="*/reports*", report=Report.OPENED)
    sandbox.control.set_faults([rule])
    path = f"/campaigns/{largest_campaign(sandbox.account).id}/reports"
    answers = [get_v2(sandbox, path, status=each).status_code for each in ("sent", "opened", "clicked")]
    assert answers == [200, 502, 200]
    assert get_v1(sandbox, f"{path}/opened").status_code == 502
    assert get_v1(sandbox, f"{path}/sent").status_code == 200
    statistics = sandbox.control.statistics()
    assert statistics.faults == {"server_error": 2}
    assert statistics.requests == {"reports/sent": 2, "reports/opened": 2, "reports/clicked": 1}


def test_nonsense_rules_are_refused_and_change_nothing(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([FaultRule(FaultKind.WRONG_KEY)])
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", data='[{"fault": "flood"}]', timeout=10)
    assert (answer.status_code, "flood" in answer.json()["error"]) == (400, True)
    assert get_v2(sandbox, "/lists").status_code == 401
    for raw in ({}, {"fault": "cut", "chance": 1}, {"fault": "cut", "report": "seen"}):
        with pytest.raises(ValueError, match=r"fault|seen"):
            rule_from_json(raw)
    with pytest.raises(SandboxError, match="not found"):
        sandbox.control.truth("unknown")


@given(skip=st.integers(0, 5), count=st.integers(0, 5), calls=st.integers(0, 20))
def test_skip_and_count_bound_what_a_rule_strikes(skip: int, count: int, calls: int) -> None:
    faults = Faults()
    faults.replace([FaultRule(FaultKind.CUT, skip=skip, count=count)])
    struck = [faults.choose(FaultRequest("/campaigns")) is not None for _ in range(calls)]
    assert struck == [skip <= call < skip + count for call in range(calls)]


def test_a_rate_strikes_about_its_share_and_the_same_calls_again() -> None:
    def struck() -> list[bool]:
        faults = Faults()
        faults.replace([FaultRule(FaultKind.CUT, rate=0.3, seed=5)])
        return [faults.choose(FaultRequest("/campaigns")) is not None for _ in range(1_000)]

    assert struck() == struck()
    assert 250 < sum(struck()) < 350
