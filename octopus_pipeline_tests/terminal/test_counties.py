"""`octopus counties`, and counties in `octopus sync`: from files on disk to what is matched with."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from octopus_pipeline.sandbox.counties import generate_counties
from octopus_pipeline.sandbox.county_files import save_counties
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import serve_in_thread
from octopus_pipeline_tests.terminal.processes import Terminal
from octopus_pipeline_tests.truth import sent_campaigns

ACCOUNT = generate_account(seed=5, campaigns=4, rows=120)


@pytest.fixture
def terminal(tmp_path: Path, mongod_url: str) -> Iterator[Terminal]:
    """A terminal whose settings name a sandbox and three empty databases, with three counties' files."""
    databases = [f"test_{uuid.uuid4().hex}" for _ in range(3)]
    save_counties(generate_counties(ACCOUNT, seed=5), tmp_path / "work" / "counties")
    with serve_in_thread(ACCOUNT, requests_per_second=None) as sandbox:
        yield Terminal(
            tmp_path,
            {
                "EMAILOCTOPUS_API_KEY": sandbox.api_key,
                "EMAILOCTOPUS_BASE_URL": sandbox.url,
                "EMAILOCTOPUS_REQUESTS_PER_SECOND": "10000",
                "MONGO_CONNECTION_URL": mongod_url,
                "MONGO_DATABASE": databases[0],
                "MONGO_COUNTY_DATABASE": databases[1],
                "MONGO_PEOPLE_DATABASE": databases[2],
                "OCTOPUS_DATA_DIR": "work",
            },
        )
    with MongoClient[dict[str, Any]](mongod_url) as client:
        for name in databases:
            client.drop_database(name)


def statuses(terminal: Terminal) -> dict[str, str]:
    return {row["county"]: row["status"] for row in terminal.answer("counties", "list")}


def test_files_are_loaded_listed_synced_and_synced_again_only_when_they_changed(terminal: Terminal) -> None:
    assert "octopus counties load" in terminal.run("counties", "list").stdout
    loaded = terminal.answer("counties", "load")
    assert loaded["failed"] == {}
    assert loaded["loaded"]["Franklin"]["residential"] > 290
    assert statuses(terminal) == {"Franklin": "new", "Morrow": "new", "Richland": "new"}
    first = terminal.answer("sync", "--all")
    assert first["counties"] == {"synced": ["Franklin", "Morrow", "Richland"], "failed": {}, "gone": []}
    assert set(statuses(terminal).values()) == {"current"}
    assert terminal.answer("sync", "--incremental")["counties"]["synced"] == []
    done = terminal.run("counties", "load", "franklin county")
    assert done.returncode == 0
    assert done.stdout.startswith("Franklin: ")
    assert "residential and " in done.stdout
    assert statuses(terminal)["Franklin"] == "changed"
    assert terminal.answer("sync", "--incremental")["counties"]["synced"] == ["Franklin"]
    rows = terminal.answer("counties", "list")
    assert rows[0]["residential"] == loaded["loaded"]["Franklin"]["residential"]
    assert all(row["index_is_current"] and row["read_at"] for row in rows)
    listed = terminal.run("counties", "list").stdout
    assert "Morrow" in listed
    assert "current" in listed


def test_a_wrong_file_is_refused_whole_and_named_and_the_other_counties_are_loaded(
    terminal: Terminal,
) -> None:
    wrong = terminal.folder / "work" / "counties" / "morrow_demographic.csv"
    with wrong.open("a", encoding="utf-8") as file:
        file.write("1,2\n")
    record = terminal.answer("counties", "load", code=1)
    assert sorted(record["loaded"]) == ["Franklin", "Richland"]
    assert "morrow_demographic.csv" in record["failed"]["Morrow"]
    assert "rows are longer or shorter than the header (row " in record["failed"]["Morrow"]
    assert statuses(terminal) == {"Franklin": "new", "Richland": "new"}
    unknown = terminal.run("counties", "load", "Franklyn")
    assert unknown.returncode == 1
    assert "has no files of Franklyn; it has those of Franklin, Morrow, Richland" in unknown.stderr
    shutil.rmtree(terminal.folder / "work" / "counties")
    nothing = terminal.run("counties", "load")
    assert nothing.returncode == 1
    assert "OCTOPUS_COUNTY_DIR" in nothing.stderr


def test_a_failing_county_is_named_and_stops_neither_its_neighbours_nor_the_campaigns(
    terminal: Terminal,
) -> None:
    terminal.answer("counties", "load")
    # Where what the index was made of is to be noted.
    (terminal.folder / "work" / "county_index" / "Morrow.json").mkdir(parents=True)
    done = terminal.answer("sync", "--all", code=1)
    assert len(done["synced"]) == len(sent_campaigns(ACCOUNT))
    assert (done["failed"], done["counties"]["synced"]) == ({}, ["Franklin", "Richland"])
    assert list(done["counties"]["failed"]) == ["Morrow"]
    assert "the index of Morrow cannot be written to " in done["counties"]["failed"]["Morrow"]
    shown = terminal.run("sync", "--incremental")
    assert shown.returncode == 1
    assert "failed: Morrow: " in shown.stdout
    assert "Morrow: the last attempt failed with IndexFileError" in terminal.run("counties", "list").stdout
