"""From `octopus dev` to the last CSV, as a person in the UI does it: over GraphQL, with its daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import requests
from pymongo import MongoClient

from octopus_pipeline.sandbox.account import load_account
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sandbox.serving import listen, url_of
from octopus_pipeline_tests.truth import (
    assert_csvs_true,
    assert_documents_true,
    assert_people_true,
    sent_campaigns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
REPORTS = ("sent", "opened", "clicked", "bounced", "complained", "unsubscribed")
CAMPAIGN_ASSETS = [
    *(["reports", name] for name in REPORTS),
    ["engagement"],
    ["campaign_participants"],
    ["residence_matches"],
    ["demographic_matches"],
    ["people"],
    ["campaign_csv"],
    ["matched_participants_csv"],
]
MATCH_CHECKS = {
    "residence_rate",
    "demographic_rate",
    "share_of_review",
    "rates_never_fell",
    "no_crowded_parcel",
    "decided_precision",
}

LAUNCH_RUN = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    ... on LaunchRunSuccess { run { runId } } ... on Error { message }
} }"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    ... on LaunchBackfillSuccess { backfillId } ... on Error { message }
} }"""
BACKFILL = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } runs(limit: 100) { status } }
} }"""
FAILURES = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { runs(limit: 100) {
    eventConnection { events { ... on ErrorEvent { error { message } }
        ... on ExecutionStepFailureEvent { failureMetadata { description } } } }
} } } }"""
ASSETS = "{ assetNodes { assetKey { path } partitionKeys } }"
CHECKS = """
query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions } }
    assetChecksOrError { ... on AssetChecks { checks { name partitionStatuses {
        ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions }
    } } } }
} } }"""


def test_a_backfill_launched_in_the_ui_makes_the_database_and_the_csvs_true(
    mongod_url: str, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "workspace.yaml", tmp_path)
    database = f"test_{uuid.uuid4().hex}"
    account = load_account(SAMPLE)
    with (
        start_sandbox(SAMPLE, requests_per_second=0) as sandbox,
        MongoClient[dict[str, Any]](mongod_url, tz_aware=True) as mongo,
    ):
        settings = {
            "EMAILOCTOPUS_API_KEY": sandbox.api_key,
            "EMAILOCTOPUS_BASE_URL": sandbox.url,
            "EMAILOCTOPUS_REQUESTS_PER_SECOND": "10000",
            "MONGO_CONNECTION_URL": mongod_url,
            "MONGO_DATABASE": database,
            "MONGO_PEOPLE_DATABASE": f"{database}_people",
            "OCTOPUS_DATA_DIR": str(tmp_path / "data"),
            "OCTOPUS_AUTOMATION": "false",
        }
        with octopus_dev(tmp_path, settings) as ask:
            assert {"/".join(one["assetKey"]["path"]) for one in ask(ASSETS)["assetNodes"]} == {
                "campaigns",
                "contacts",
                "campaign_statistics",
                "daily_engagement",
                "county_residential",
                "county_demographic",
                "county_index",
                "consolidated_csv",
                "match_report",
                "match_weights",
                *("/".join(path) for path in CAMPAIGN_ASSETS),
            }
            materialize_campaigns(ask)
            keys = partition_keys(ask)
            assert len(keys) == len(sent_campaigns(account))
            backfill(ask, keys)
            for path in CAMPAIGN_ASSETS:
                node = ask(CHECKS, key={"path": path})["assetNodeOrError"]
                assert set(node["assetPartitionStatuses"]["materializedPartitions"]) == set(keys)
            seen: dict[str, dict[str, list[str]]] = {}
            for path in CAMPAIGN_ASSETS[-7:]:
                checks = ask(CHECKS, key={"path": path})["assetNodeOrError"]["assetChecksOrError"]["checks"]
                seen |= {check["name"]: check["partitionStatuses"] for check in checks}
            assert len(seen) == 14
            for name, statuses in seen.items():
                needs_a_county = name in MATCH_CHECKS
                assert set(statuses["succeededPartitions"]) == set([] if needs_a_county else keys)
                assert statuses["failedPartitions"] == []
        assert_documents_true(mongo[database], account)
        assert_people_true(mongo[f"{database}_people"], account)
        for name in (database, f"{database}_people"):
            mongo.drop_database(name)
    assert_csvs_true(tmp_path / "data" / "exports", account)


@contextmanager
def octopus_dev(folder: Path, settings: dict[str, str]) -> Iterator[Callable[..., dict[str, Any]]]:
    """Run `octopus dev` in a folder; how to ask it. It ends as Ctrl-C ends it, with all its processes."""
    taken = listen()
    url = url_of(taken)
    taken.close()
    own = ("EMAILOCTOPUS_", "MONGO_", "OCTOPUS_", "DAGSTER_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    with (folder / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("octopus"), "dev", "--port", str(urlsplit(url).port)],
            cwd=folder,
            env=outside | settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def ask(query: str, **variables: object) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{url}/graphql", json=body, timeout=30).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def is_up() -> bool:
        assert process.poll() is None, (folder / "dev.log").read_text()[-3000:]
        try:
            return bool(ask("{ version }"))
        except requests.RequestException:
            return False

    try:
        eventually(is_up)
        family = psutil.Process(process.pid).children(recursive=True)
        yield ask
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0
        assert psutil.wait_procs(family, 10)[1] == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def materialize_campaigns(ask: Callable[..., dict[str, Any]]) -> None:
    """Run the job `list_campaigns`."""
    selector = {
        "repositoryLocationName": "octopus_pipeline",
        "repositoryName": "__repository__",
        "jobName": "list_campaigns",
    }
    launched = ask(LAUNCH_RUN, params={"selector": selector, "runConfigData": {}})["launchRun"]
    assert "run" in launched, launched

    def is_done() -> bool:
        status = ask(RUN, id=launched["run"]["runId"])["runOrError"]["status"]
        assert status not in {"FAILURE", "CANCELED"}
        return bool(status == "SUCCESS")

    eventually(is_done)


def partition_keys(ask: Callable[..., dict[str, Any]]) -> list[str]:
    """The campaigns that the UI offers for a backfill."""
    return next(
        one["partitionKeys"]
        for one in ask(ASSETS)["assetNodes"]
        if one["assetKey"]["path"] == ["campaign_csv"]
    )


def backfill(ask: Callable[..., dict[str, Any]], keys: list[str]) -> None:
    """Materialise the thirteen campaign assets of these partitions."""
    params = {"assetSelection": [{"path": path} for path in CAMPAIGN_ASSETS], "partitionNames": keys}
    launched = ask(LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
    assert "backfillId" in launched, launched

    def is_done() -> bool:
        found = ask(BACKFILL, id=launched["backfillId"])["partitionBackfillOrError"]
        assert "FAIL" not in found["status"], ask(FAILURES, id=launched["backfillId"])
        return bool(found["status"] == "COMPLETED_SUCCESS")

    eventually(is_done)
    found = ask(BACKFILL, id=launched["backfillId"])["partitionBackfillOrError"]
    assert [run["status"] for run in found["runs"]] == ["SUCCESS"], "one run for all these campaigns"


def eventually(is_so: Callable[[], bool], *, within_seconds: float = 180) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within_seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_seconds:g} s"
        threading.Event().wait(0.5)
