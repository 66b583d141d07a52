"""Neither the key nor anybody's address reaches a message, a traceback, a log or a representation."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from octopus_pipeline.emailoctopus.errors import (
    AccessDeniedError,
    EmailOctopusError,
    InvalidKeyError,
    NotFoundError,
    ProtocolError,
    RequestRefusedError,
    UnavailableError,
)
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline_tests.emailoctopus.clients import KEY, VERSIONS, client_for
from octopus_pipeline_tests.emailoctopus.scripted_server import Answer, serve

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.emailoctopus.credentials import Version

ADDRESS = "ada.lovelace@example.com"
TOLD = f"Key {KEY} ({quote(KEY, safe='')}) may not see <{ADDRESS}>."
SECRETS = (KEY, quote(KEY), quote(KEY, safe=""), ADDRESS, "lovelace")


def error(version: Version, status: int, slug: str, code: str) -> Answer:
    if version == "v2":
        return Answer({"detail": TOLD, "type": f"https://example.com/v2#{slug}"}, status)
    return Answer({"error": {"code": code, "message": TOLD}}, status)


def page(**paging: object) -> Answer:
    row = {"contact_id": "c1", "contact_email_address": ADDRESS}
    contact = {"id": "c1", "email_address": ADDRESS, "status": "PENDING", "fields": None}
    return Answer({"data": [{**row, "contact": contact}], "paging": paging})


def scenario(name: str, version: Version, url: str) -> tuple[list[Answer], type[EmailOctopusError]]:
    looping = f"{url}/x?api_key={quote(KEY, safe='')}&last=1"
    foreign = f"http://127.0.0.1:1/x?api_key={quote(KEY, safe='')}"
    wrong = Answer({"data": [{"contact_id": KEY, "contact": {"id": KEY, "status": ADDRESS}}]})
    following = {"next": {"url": looping}} if version == "v2" else {"next": looping}
    abroad = {"next": {"url": foreign}} if version == "v2" else {"next": foreign}
    scenarios: dict[str, tuple[list[Answer], type[EmailOctopusError]]] = {
        "wrong key": ([error(version, 401, "unauthorized", "API_KEY_INVALID")], InvalidKeyError),
        "no access": ([error(version, 403, "access-denied", "UNAUTHORISED")], AccessDeniedError),
        "not found": ([error(version, 404, "not-found", "CAMPAIGN_NOT_FOUND")], NotFoundError),
        "refused": ([error(version, 422, "out-of-limits", KEY)], RequestRefusedError),
        "broken": ([error(version, 500, "internal-error", "UNKNOWN")], UnavailableError),
        "silent": ([Answer(silent=True)], UnavailableError),
        "cut": ([Answer(page().body, cut=True)], UnavailableError),
        "HTML": ([Answer(TOLD.encode(), 200)], UnavailableError),
        "loop": ([page(**following)], ProtocolError),
        "abroad": ([page(**abroad)], ProtocolError),
        "unreadable": ([wrong], ProtocolError),
        "no server": ([], UnavailableError),
    }
    return scenarios[name]


NAMES = (
    *("wrong key", "no access", "not found", "refused", "broken", "silent"),
    *("cut", "HTML", "loop", "abroad", "unreadable", "no server"),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_no_error_and_no_log_betrays_anything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, version: Version, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with serve() as server:
        url = server.url if name != "no server" else "http://127.0.0.1:1"
        server.answers, kind = scenario(name, version, url)
        client = client_for(url, tmp_path, version)
        with pytest.raises(kind) as caught:
            list(client.report("1", Report.OPENED))
    assert type(caught.value) is kind
    said = [*everything_said_by(caught.value), caplog.text, repr(client), repr(vars(client))]
    said += [repr(record.args) + record.getMessage() for record in caplog.records]
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    for text in said:
        for secret in SECRETS:
            assert secret not in text


@pytest.mark.parametrize("key", ["\u201ceo_c0ffee\u201d", "eo_c0ffee\n", "eo c0ffee", "", "eo_c\xf6ffee"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_key_that_cannot_be_sent_is_refused_unseen(tmp_path: Path, version: Version, key: str) -> None:
    with pytest.raises(InvalidKeyError, match="EMAILOCTOPUS_API_KEY") as caught:
        client_for("http://127.0.0.1:1", tmp_path, version, api_key=key)
    assert all("ffee" not in text for text in everything_said_by(caught.value))


def everything_said_by(error: BaseException | None) -> list[str]:
    """What an error, and every error it came from, says in all the ways an error can be shown."""
    said = []
    while error is not None:
        said += [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
        error = error.__cause__ or error.__context__
    return said


def test_what_a_refusal_says_is_kept_but_for_the_secrets(tmp_path: Path) -> None:
    with serve(error("v2", 403, "access-denied", "")) as server, pytest.raises(AccessDeniedError) as caught:
        client_for(server.url, tmp_path).summary("1")
    assert "Key [key] ([key]) may not see <[address]>" in str(caught.value)
