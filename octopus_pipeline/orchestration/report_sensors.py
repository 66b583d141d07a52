"""The sensors of the match report: it is made anew once the last run that matched campaigns has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.orchestration.in_flight import UNFINISHED
from octopus_pipeline.orchestration.jobs import MATCH_CAMPAIGNS, REPORT_MATCHES, SYNC_CAMPAIGNS

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

_MATCHING = (SYNC_CAMPAIGNS, MATCH_CAMPAIGNS)


def report_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors, switched on if the settings say so."""
    status = dg.DefaultSensorStatus.RUNNING if settings.octopus_automation else dg.DefaultSensorStatus.STOPPED
    return [
        _report_sensor("matches_to_report", dg.DagsterRunStatus.SUCCESS, status),
        # It also fails because of single campaigns; the others were matched all the same.
        _report_sensor("matches_to_report_though_some_failed", dg.DagsterRunStatus.FAILURE, status),
    ]


def _report_sensor(
    name: str, run_status: dg.DagsterRunStatus, default: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=run_status,
        monitored_jobs=[*_MATCHING],
        request_job=REPORT_MATCHES,
        default_status=default,
    )
    def matches_to_report(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        """After campaigns were matched: requests a match report, once for runs that are side by side."""
        for job in (*_MATCHING, REPORT_MATCHES):
            waiting = UNFINISHED if job is not REPORT_MATCHES else [dg.DagsterRunStatus.QUEUED]
            if context.instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=waiting), limit=1):
                return dg.SkipReason(f"a run of {job.name} is still to come")
        return dg.RunRequest()

    return matches_to_report
