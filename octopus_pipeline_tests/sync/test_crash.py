"""A sync that is killed at any moment leaves only whole things behind, and the next one reaches the truth."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psutil
import pyarrow.parquet as pq
import pytest

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.exports.campaign_csv import CAMPAIGN_CSV_COLUMNS
from octopus_pipeline.sandbox.truth import expected_participants, expected_requests
from octopus_pipeline_tests.truth import (
    assert_documents_true,
    assert_people_true,
    expected_document,
    stored_document,
)

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings
    from octopus_pipeline_tests.sync.conftest import Bench

KILLS = 4


@pytest.mark.parametrize("processes", [0, 2])
def test_a_sync_killed_at_any_moment_leaves_whole_files_and_the_next_one_completes_them(
    bench: Bench, processes: int
) -> None:
    needed = expected_requests(bench.account)
    steps = needed.report_pages + needed.summaries
    rng = Random(20260301)
    for step in rng.sample(range(1, steps), KILLS):
        with start_sync(bench.connections.settings, processes) as child:
            assert child.stdout
            assert all(child.stdout.readline() for _ in range(step))
            child.kill()
        assert child.returncode == -signal.SIGKILL
        assert_everything_is_whole(bench)
    with start_sync(bench.connections.settings, processes) as child:
        child.communicate()
    assert child.returncode == 0
    assert_everything_is_whole(bench)
    assert_documents_true(bench.database, bench.account)
    assert_people_true(bench.people.database, bench.account)
    for campaign_id in bench.account.events:
        expected = len(expected_participants(bench.account, campaign_id))
        (path,) = bench.csvs.glob(f"campaign_{campaign_id}_*.csv")
        assert len(lines_of(path)) == expected


def test_a_sync_killed_while_it_writes_a_file_leaves_no_part_of_it_to_readers(bench: Bench) -> None:
    tables = Path(bench.connections.settings.tables_url)
    for folder in (bench.csvs, tables / "engagement", tables / "reports" / "sent"):
        folder.mkdir(parents=True, exist_ok=True)
        before = set(folder.iterdir())
        with start_sync(bench.connections.settings, processes=2, stdout=subprocess.DEVNULL) as child:
            while set(folder.iterdir()) <= before:
                assert child.poll() is None
            child.kill()
        assert child.returncode == -signal.SIGKILL
        assert_everything_is_whole(bench)


def test_the_processes_of_a_killed_sync_end_with_it(bench: Bench) -> None:
    with start_sync(bench.connections.settings, processes=2) as child:
        assert child.stdout
        while child.stdout.readline() == "page\n":
            pass  # then a campaign is finished
        below = psutil.Process(child.pid).children(recursive=True)
        assert len(below) > 2
        child.kill()
    _, left = psutil.wait_procs(below, timeout=30)
    assert not left


def test_two_processes_that_sync_the_same_campaigns_at_once_reach_the_truth(bench: Bench) -> None:
    with start_sync(bench.connections.settings) as one, start_sync(bench.connections.settings, 2) as other:
        one.communicate()
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    assert_everything_is_whole(bench)
    assert_documents_true(bench.database, bench.account)
    assert_people_true(bench.people.database, bench.account)
    assert bench.sandbox.control.statistics().rate_limited == 0


def start_sync(
    settings: Settings, processes: int = 0, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """A process that syncs what the settings name, and merges campaigns in so many other processes, or in threads."""
    assert settings.emailoctopus_api_key
    assert settings.mongo_connection_url
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "EMAILOCTOPUS_API_KEY": settings.emailoctopus_api_key.get_secret_value(),
        "EMAILOCTOPUS_BASE_URL": settings.api_base_url,
        "EMAILOCTOPUS_REQUESTS_PER_SECOND": "10000",
        "EMAILOCTOPUS_BURST": "10000",
        "MONGO_CONNECTION_URL": settings.mongo_connection_url.get_secret_value(),
        "MONGO_DATABASE": settings.mongo_database,
        "MONGO_PEOPLE_DATABASE": settings.mongo_people_database,
        "OCTOPUS_WRITER_PROCESSES": str(processes),
        "OCTOPUS_DATA_DIR": str(settings.data_dir),
    }
    command = [sys.executable, "-m", "octopus_pipeline_tests.sync.child_sync"]
    # In a folder without `.env`.
    return subprocess.Popen(command, stdout=stdout, text=True, env=environment, cwd=settings.data_dir)


def assert_everything_is_whole(bench: Bench) -> None:
    """Every document, table and CSV that exists is the whole truth: the account does not change in this test."""
    for campaign_id in bench.account.events:
        truth = expected_participants(bench.account, campaign_id)
        for document in bench.database.participants.find({"campaign_id": campaign_id}):
            assert stored_document(document) == expected_document(campaign_id, truth[document["contact_id"]])
        for path in bench.csvs.glob(f"campaign_{campaign_id}_*.csv"):
            assert len(lines_of(path)) == len(truth)
    for path in Path(bench.connections.settings.tables_url).rglob("*.parquet"):
        table = pq.read_table(path)
        if path.parent.name == "engagement":
            assert table.schema.equals(ENGAGEMENT_SCHEMA)


def lines_of(path: Path) -> list[list[str]]:
    """The rows of a CSV, each as long as its header says."""
    assert path.read_bytes().endswith(b"\r\n")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == CAMPAIGN_CSV_COLUMNS
    assert {len(row) for row in rows} <= {len(header)}
    return rows
