"""Alerts: a failed run is told to a webhook in Slack's format, once, without personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import requests
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings


_PASSING = {429, 500, 502, 503, 504}


class AlertError(PipelineError):
    """The webhook did not take an alert."""


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """A run-failure sensor, if a webhook is set."""
    if settings.octopus_alert_webhook_url is None:
        return []
    url = settings.octopus_alert_webhook_url.get_secret_value()

    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts each failed run to OCTOPUS_ALERT_WEBHOOK_URL.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        post_alert(url, alert_text(context))

    return [alert_on_failure]


def alert_text(context: dg.RunFailureSensorContext) -> str:
    """What failed, where, and in our own errors' words; other errors are told by their type only."""
    run = context.dagster_run
    partitions = run.tags.get("dagster/partition") or " to ".join(
        run.tags[tag] for tag in sorted(run.tags) if "asset_partition_range" in tag
    )
    lines = [
        f"*{run.job_name}* failed" + (f" for {partitions}" if partitions else "") + f" (run {run.run_id})"
    ]
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        told = data.user_failure_data.description if data.user_failure_data else None
        kind = data.error.cls_name if data.error else "an error"
        lines.append(f"• {event.step_key}: {told or kind}")
    return "\n".join(lines)


class _PassingError(AlertError):
    """The webhook has surely not taken it, and may at the next try."""


# Not after a timeout: the webhook may have taken it, and a failure is told once.
@retry(
    retry=retry_if_exception_type(_PassingError),
    stop=stop_after_attempt(4),
    wait=wait_exponential(max=8),
    reraise=True,
)
def post_alert(url: str, text: str) -> None:
    """Post a text to a webhook.

    Raises:
        AlertError: if it was not taken; the address, which is a secret, is not named.
    """
    try:
        answer = requests.post(url, json={"text": text}, timeout=10)
    except requests.RequestException as error:
        message = (
            f"the alert webhook cannot be reached ({type(error).__name__}); check OCTOPUS_ALERT_WEBHOOK_URL"
        )
        kind = AlertError if isinstance(error, requests.ReadTimeout) else _PassingError
        raise kind(message) from None
    if not answer.ok:
        message = f"the alert webhook answered {answer.status_code}; check OCTOPUS_ALERT_WEBHOOK_URL"
        raise (_PassingError if answer.status_code in _PASSING else AlertError)(message)
