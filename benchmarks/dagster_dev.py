"""`octopus dev` as a person runs it, asked over GraphQL as its UI asks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.workplace import environment_of
from octopus_pipeline.assets.engagement import ENGAGEMENT_KEY, PARTICIPANTS_KEY
from octopus_pipeline.assets.reports import REPORT_KEYS
from octopus_pipeline.orchestration.jobs import LIST_CAMPAIGNS, MATCHING_KEYS, campaigns_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import dagster as dg

    from octopus_pipeline.settings import Settings

CAMPAIGN_ASSETS = (*REPORT_KEYS.values(), ENGAGEMENT_KEY, PARTICIPANTS_KEY, *MATCHING_KEYS)
_ROOT = Path(__file__).parent.parent
_POLL_SECONDS = 0.5
_START_SECONDS = _STOP_SECONDS = _LISTING_SECONDS = 120
_BACKFILL_SECONDS = 1200

_LAUNCH_RUN = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
} }"""
_RUN_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    ... on LaunchBackfillSuccess { backfillId } ... on Error { message }
} }"""
_BACKFILL = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } runs(limit: 1000) { status startTime endTime } }
} }"""


class DagsterDevError(Exception):
    """Dagster did not do what it was asked; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """A finished backfill: when each of its runs started and ended, in seconds since 1970."""

    runs: Sequence[tuple[float, float]]

    @property
    def started(self) -> float:
        """When its first run started."""
        return min(start for start, _ in self.runs)

    @property
    def ended(self) -> float:
        """When its last run ended."""
        return max(end for _, end in self.runs)

    @property
    def runs_at_once(self) -> int:
        """How many of its runs were under way at the same time at most."""
        return max(sum(start <= moment < end for start, end in self.runs) for moment, _ in self.runs)


@dataclass(frozen=True, slots=True)
class DagsterDev:
    """A running `octopus dev`."""

    url: str

    def materialize_campaigns(self) -> None:
        """List the account, which makes the partitions; the sync reads the summaries itself."""
        selector = {
            "repositoryLocationName": "octopus_pipeline",
            "repositoryName": "__repository__",
            "jobName": LIST_CAMPAIGNS.name,
        }
        params = {"selector": selector, "runConfigData": campaigns_config(summaries=False)}
        launched = self._ask(_LAUNCH_RUN, params=params)["launchRun"]
        run_id = _wanted(launched, "run")["runId"]
        _wait(_LISTING_SECONDS, lambda: self._run_status(run_id) == "SUCCESS")

    def backfill(self, partitions: Sequence[str], keys: Sequence[dg.AssetKey] = CAMPAIGN_ASSETS) -> Backfill:
        """Launch a backfill of campaign assets, all by default, and wait until all of it succeeded."""
        assets = [{"path": list(key.path)} for key in keys]
        params = {"assetSelection": assets, "partitionNames": list(partitions)}
        launched = self._ask(_LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
        backfill_id = _wanted(launched, "backfillId")
        _wait(_BACKFILL_SECONDS, lambda: self._backfill(backfill_id)["status"] == "COMPLETED_SUCCESS")
        runs = self._backfill(backfill_id)["runs"]
        return Backfill([(run["startTime"], run["endTime"]) for run in runs])

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            self._ask("{ version }")
        except requests.RequestException:
            return False
        return True

    def _run_status(self, run_id: str) -> str:
        return _not_failed(str(self._ask(_RUN_STATUS, id=run_id)["runOrError"]["status"]))

    def _backfill(self, backfill_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(_BACKFILL, id=backfill_id)["partitionBackfillOrError"]
        _not_failed(found["status"])
        return found

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=body, timeout=60)
        answer.raise_for_status()
        data: dict[str, Any] = _wanted(answer.json(), "data")
        return data


@contextmanager
def dagster_dev(settings: Settings) -> Iterator[DagsterDev]:
    """Start `octopus dev`, hand it over once it answers, and end it with all its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (settings.data_dir / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("octopus"), "dev", "--port", str(port)],
            cwd=_ROOT,
            env={**os.environ, **environment_of(settings)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        dev = DagsterDev(f"http://127.0.0.1:{port}")
        _wait(_START_SECONDS, lambda: process.poll() is not None or dev.is_up())
        if process.returncode is not None:
            raise DagsterDevError((settings.data_dir / "dev.log").read_text()[-2000:])
        yield dev
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; what has not gone then is killed."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(seconds: float, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            message = f"it was not done in {seconds:g} s"
            raise DagsterDevError(message)
        time.sleep(_POLL_SECONDS)


def _wanted(answer: dict[str, Any], key: str) -> Any:
    if answer.get(key) is None:
        raise DagsterDevError(str(answer))
    return answer[key]


def _not_failed(status: str) -> str:
    if "FAIL" in status or "CANCEL" in status:
        message = f"it ended with {status}"
        raise DagsterDevError(message)
    return status
