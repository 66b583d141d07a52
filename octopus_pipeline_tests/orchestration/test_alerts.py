"""Alerts: a failed run is told to a webhook in Slack's format, without anybody's data."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from octopus_pipeline.orchestration.alerts import AlertError, alert_sensors, alert_text, post_alert
from octopus_pipeline.orchestration.jobs import SYNC_CAMPAIGNS
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.serving import listen, url_of
from octopus_pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline_tests.orchestration.project import Project

PATH = "/services/T000/B000/secret"


@contextmanager
def webhook(*statuses: int) -> Iterator[tuple[str, list[Any]]]:
    """A webhook that answers with these statuses, then with 200: its URL, and the bodies it was sent."""
    received: list[Any] = []
    answers = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == PATH
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(next(answers, 200))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  # the base class's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PATH}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_is_posted_in_slacks_format() -> None:
    with webhook() as (url, received):
        post_alert(url, "*sync_campaigns* failed")
    assert received == [("application/json", {"text": "*sync_campaigns* failed"})]


def test_a_webhook_that_stumbles_is_asked_again() -> None:
    with webhook(500) as (url, received):
        post_alert(url, "failed")
    assert len(received) == 2


def test_a_webhook_that_refuses_or_is_not_there_is_an_error_that_does_not_tell_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post_alert.retry, "sleep", lambda _: None)
    with webhook(404) as (url, received), pytest.raises(AlertError) as refused:
        post_alert(url, "failed")
    assert len(received) == 1, "a refusal is final"
    assert "404" in str(refused.value)
    with webhook(*[503] * 4) as (url, received), pytest.raises(AlertError):
        post_alert(url, "failed")
    assert len(received) == 4
    closed = listen()
    nowhere = url_of(closed) + PATH
    closed.close()
    with pytest.raises(AlertError) as unreachable:
        post_alert(nowhere, "failed")
    for error in (refused.value, unreachable.value):
        assert "OCTOPUS_ALERT_WEBHOOK_URL" in str(error)
        assert "secret" not in repr(error)
        assert error.__cause__ is None


def test_a_failed_run_is_told_with_what_failed_and_why(project: Project) -> None:
    key = max(project.list_campaigns(), key=lambda one: len(events_of(project, one)))
    fault = FaultRule(FaultKind.VANISHED, path=f"*/{project.campaign_id(key)}/*")
    project.bench.sandbox.control.set_faults([fault])
    result = project.run(SYNC_CAMPAIGNS.name, partition_key=key)
    assert not result.success
    context = dg.build_run_status_sensor_context(
        sensor_name="alert_on_failure",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=project.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    text = alert_text(context)
    assert text.startswith(f"*sync_campaigns* failed for {key} (run {result.run_id})")
    assert f"{key}: " in text.partition("\n")[2]
    assert "It was deleted" in text
    assert "@" not in text
    assert project.bench.sandbox.api_key not in text
    with webhook() as (url, received):
        (sensor,) = alert_sensors(Settings.model_validate({"octopus_alert_webhook_url": url}))
        sensor(context)
    assert received == [("application/json", {"text": text})]


def events_of(project: Project, key: str) -> list[object]:
    """What happened with a campaign."""
    reports = project.bench.account.events.get(project.campaign_id(key), {})
    return [event for rows in reports.values() for event in rows]


def test_without_a_webhook_there_is_no_alert() -> None:
    assert alert_sensors(Settings.model_validate({})) == []
