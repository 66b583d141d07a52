"""What is tried again, what is not, how long is waited, and what is counted."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from octopus_pipeline.emailoctopus.errors import (
    AccessDeniedError,
    EmailOctopusError,
    InvalidKeyError,
    NotFoundError,
    RequestRefusedError,
    UnavailableError,
)
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.emailoctopus.statistics import RequestCounts
from octopus_pipeline_tests.emailoctopus.clients import client_for
from octopus_pipeline_tests.emailoctopus.fake_time import FakeTime
from octopus_pipeline_tests.emailoctopus.scripted_server import Answer, serve

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.emailoctopus.credentials import Version

PAGE = {"data": [{"contact_id": "c1", "contact_email_address": None}], "paging": {"next": None}}
HTML = b"<!DOCTYPE html><h1>Please try again</h1>"
TRANSIENT = {
    "HTTP 500": Answer({"detail": "Internal error."}, 500),
    "HTTP 502": Answer(HTML, 502),
    "HTTP 503": Answer(b"", 503),
    "HTTP 429": Answer({"detail": "Too many requests."}, 429),
    "not JSON": Answer(HTML),
    "not JSON, as cut": Answer(b'{"data": [{"contact_id"'),
    "cut off": Answer(PAGE, cut=True),
    "no connection": Answer(silent=True),
}


def v2_error(slug: str, detail: str = "Because.") -> dict[str, object]:
    return {"title": "An error occurred.", "detail": detail, "type": f"https://example.com/v2#{slug}"}


def v1_error(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "Because."}}


@pytest.mark.parametrize("trouble", TRANSIENT)
def test_what_may_pass_is_tried_again_and_nothing_is_lost_or_doubled(tmp_path: Path, trouble: str) -> None:
    with serve(TRANSIENT[trouble], TRANSIENT[trouble], Answer(PAGE)) as server:
        client = client_for(server.url, tmp_path)
        rows = [row.contact_id for page in client.report("1", Report.OPENED) for row in page]
    assert (rows, len(server.targets)) == (["c1"], 3)
    counts = client.statistics.snapshot()
    assert (counts.requests, counts.retries) == (3, 2)
    assert counts.rate_limited == (2 if trouble == "HTTP 429" else 0)


@pytest.mark.parametrize("trouble", TRANSIENT)
def test_what_does_not_pass_ends_with_the_last_reason_in_words(tmp_path: Path, trouble: str) -> None:
    with serve(TRANSIENT[trouble]) as server, pytest.raises(UnavailableError) as caught:
        client_for(server.url, tmp_path, max_attempts=3).summary("1")
    assert str(caught.value).startswith("summary of campaign 1: no usable answer in 3 attempts, the last: ")
    assert trouble.partition(",")[0] in str(caught.value)
    assert len(server.targets) == 3


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = client_for(
            f"http://127.0.0.1:{mute.getsockname()[1]}", tmp_path, timeout_seconds=0.1, max_attempts=2
        )
        with pytest.raises(UnavailableError, match=r"campaigns: .*no answer within 0.1 s"):
            list(client.campaigns())


REFUSALS: list[tuple[Version, int, object, type[EmailOctopusError], str | None]] = [
    ("v2", 400, v2_error("bad-request"), RequestRefusedError, "bad-request"),
    ("v2", 401, v2_error("unauthorized"), InvalidKeyError, "unauthorized"),
    ("v2", 403, v2_error("access-denied"), AccessDeniedError, "access-denied"),
    ("v2", 404, v2_error("not-found"), NotFoundError, "not-found"),
    ("v2", 409, v2_error("conflict"), RequestRefusedError, "conflict"),
    ("v2", 422, v2_error("out-of-limits"), RequestRefusedError, "out-of-limits"),
    ("v2", 401, HTML, InvalidKeyError, None),
    ("v2", 403, HTML, AccessDeniedError, None),
    ("v2", 404, HTML, RequestRefusedError, None),
    ("v2", 301, b"", RequestRefusedError, None),
    ("v1.6", 403, v1_error("API_KEY_INVALID"), InvalidKeyError, "API_KEY_INVALID"),
    ("v1.6", 400, v1_error("API_KEY_INVALID")["error"], InvalidKeyError, "API_KEY_INVALID"),
    ("v1.6", 401, v1_error("UNAUTHORISED"), AccessDeniedError, "UNAUTHORISED"),
    ("v1.6", 404, v1_error("CAMPAIGN_NOT_FOUND"), NotFoundError, "CAMPAIGN_NOT_FOUND"),
    ("v1.6", 404, v1_error("LIST_NOT_FOUND"), NotFoundError, "LIST_NOT_FOUND"),
    ("v1.6", 404, v1_error("NOT_FOUND"), RequestRefusedError, "NOT_FOUND"),
    ("v1.6", 403, v1_error("CAMPAIGN_NOT_SENT"), RequestRefusedError, "CAMPAIGN_NOT_SENT"),
    ("v1.6", 403, v1_error("CAMPAIGN_FEATURE_DISABLED"), RequestRefusedError, "CAMPAIGN_FEATURE_DISABLED"),
    ("v1.6", 400, v1_error("INVALID_PARAMETERS"), RequestRefusedError, "INVALID_PARAMETERS"),
]


@pytest.mark.parametrize(("version", "status", "body", "kind", "code"), REFUSALS)
def test_a_refusal_is_not_tried_again_and_says_what_and_why(
    tmp_path: Path,
    version: Version,
    status: int,
    body: object,
    kind: type[EmailOctopusError],
    code: str | None,
) -> None:
    answer = Answer(body, status, {"Location": "/elsewhere"} if status == 301 else {})
    with serve(answer) as server, pytest.raises(EmailOctopusError) as caught:
        list(client_for(server.url, tmp_path, version).report("1", Report.CLICKED))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert str(caught.value).startswith(f"report clicked of campaign 1: HTTP {status}")
    assert (code is None) or "Because" in str(caught.value)
    assert len(server.targets) == 1


def test_a_bad_request_names_the_parameter(tmp_path: Path) -> None:
    errors = [{"parameter": "limit", "detail": "This value should be between 1 and 100."}, "?"]
    refused = pytest.raises(RequestRefusedError, match=r"Bad request. limit: This value should be between")
    with serve(Answer({**v2_error("bad-request", "Bad request."), "errors": errors}, 400)) as server, refused:
        list(client_for(server.url, tmp_path).campaigns())


def test_an_invalid_key_names_the_settings_to_look_at(tmp_path: Path) -> None:
    refused = pytest.raises(InvalidKeyError, match=r"EMAILOCTOPUS_API_KEY.*EMAILOCTOPUS_API_VERSION=v1.6")
    with serve(Answer(v2_error("unauthorized", "Invalid key."), 401)) as server, refused:
        list(client_for(server.url, tmp_path).campaigns())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Retry-After": "37"}, 37),
        ({"x-ratelimiting-retry-after": "37"}, 37),
        ({"Retry-After": "37"}, 37),
        ({"Retry-After": "86400"}, 120),
        ({}, 1),
    ],
)
def test_a_429_makes_everybody_wait_as_long_as_it_says(
    tmp_path: Path, headers: dict[str, str], seconds: float
) -> None:
    time = FakeTime()
    start = time.now
    with serve(Answer(b"", 429, headers), Answer(PAGE)) as server:
        with pytest.raises(UnavailableError):
            client_for(server.url, tmp_path, time=time, max_attempts=1).campaign("1")
        assert time.now == start
        other = client_for(server.url, tmp_path, time=time)
        list(other.report("1", Report.SENT))
    assert time.now - start == pytest.approx(seconds, abs=0.01)
    assert other.statistics.snapshot().seconds_waited == pytest.approx(seconds, abs=0.01)


def test_without_a_header_the_waits_after_429s_double_up_to_a_minute(tmp_path: Path) -> None:
    time = FakeTime()
    with serve(Answer(b"", 429)) as server:
        client = client_for(server.url, tmp_path, time=time, max_attempts=9)
        with pytest.raises(UnavailableError):
            client.campaign("1")
    waits = [pause for pause in time.slept if pause > 0.5]
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60], abs=0.01)


def test_other_pauses_grow_to_a_minute_and_are_spread_by_chance(tmp_path: Path) -> None:
    pauses = []
    with serve(Answer(b"", 503)) as server:
        for _ in range(2):
            time = FakeTime()
            with pytest.raises(UnavailableError):
                client_for(server.url, tmp_path, time=time, max_attempts=10).campaign("1")
            pauses.append(time.slept)
    for number, pause in enumerate(pauses[0]):
        assert min(0.5 * 2**number, 30) <= pause <= min(2.0**number, 60)
    assert len(pauses[0]) == 9
    assert pauses[0] != pauses[1]


def test_connections_are_kept_and_no_more_than_set_are_opened(tmp_path: Path) -> None:
    with serve(Answer(PAGE)) as server:
        client = client_for(server.url, tmp_path)
        for _ in range(5):
            list(client.report("1", Report.SENT))
        assert len(server.connections) == 1
        server.answers[0] = Answer(PAGE, together=threading.Barrier(16))
        with ThreadPoolExecutor(48) as threads:
            for done in [threads.submit(list, client.report("1", Report.SENT)) for _ in range(96)]:
                done.result()
    assert len(server.connections) == 16


def test_what_happened_between_two_moments_is_their_difference(tmp_path: Path) -> None:
    with serve(Answer(PAGE)) as server:
        client = client_for(server.url, tmp_path)
        list(client.report("1", Report.SENT))
        before = client.statistics.snapshot()
        with ThreadPoolExecutor(8) as threads:
            for done in [threads.submit(list, client.report("1", Report.SENT)) for _ in range(40)]:
                done.result()
        size = before.bytes
        assert client.statistics.snapshot() - before == RequestCounts(requests=40, bytes=40 * size)
