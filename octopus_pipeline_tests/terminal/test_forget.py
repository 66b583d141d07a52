"""`octopus forget` as people use it: with an embedded server and a real Dagster instance, to the last byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from octopus_pipeline.cli import octopus
from octopus_pipeline.sandbox.serving import serve_in_thread
from octopus_pipeline.store import embedded
from octopus_pipeline_tests.erasure.world import ANN, NEEDLES, files_with, make_account
from octopus_pipeline_tests.terminal.processes import Terminal

CAMPAIGNS, COUNTIES = "emailoctopus_db", "empower_development"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder, with an embedded server in it."""
    folder = tmp_path_factory.mktemp("forget") / "data"
    folder.mkdir()
    yield folder
    embedded.stop(folder)


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[MongoClient[dict[str, Any]]]:
    url = embedded.start_or_join(folder).url
    # A test stops the server; closing the client would wait for it.
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2_000) as client:
        yield client


@pytest.fixture(scope="module")
def terminal(folder: Path, client: MongoClient[dict[str, Any]]) -> Iterator[Terminal]:
    """A terminal after `octopus sync --all` of an account and a county with Ann in them."""
    account, counties = make_account()
    for county in counties:
        for name, documents in county.collections.items():
            client[COUNTIES][name].insert_many(documents)
    with serve_in_thread(account, requests_per_second=None) as served:
        settings = {
            "EMAILOCTOPUS_API_KEY": served.api_key,
            "EMAILOCTOPUS_BASE_URL": served.url,
            "EMAILOCTOPUS_REQUESTS_PER_SECOND": "10000",
            "OCTOPUS_DATA_DIR": str(folder),
        }
        opened = Terminal(folder.parent, settings)
        done = opened.run("sync", "--all")
        assert done.returncode == 0, done.stderr
        yield opened


@pytest.mark.parametrize("words", [["qqq@"], ["5550109"], [], ["--again", ANN], ["--again", "--show"], ["-"]])
def test_nonsense_is_wrong_use_and_is_not_repeated(words: list[str]) -> None:
    done = CliRunner().invoke(octopus, ["forget", *words], input=ANN)  # of the last nobody could be asked
    assert done.exit_code == 2, done.output
    assert not {"qqq@", "5550109", ANN} & {*done.output.split()}


def test_nothing_is_erased_without_a_yes(terminal: Terminal, folder: Path) -> None:
    done = terminal.run("forget", ANN, said="n\n")
    assert done.returncode == 1
    assert "Found: 2 contacts with 1 e-mail addresses" in done.stderr
    assert files_with(folder / "exports", *NEEDLES)
    assert not (folder / "suppression.list").exists()


def test_a_person_goes_out_of_every_byte_and_dagster_tells_which_tables_changed(
    terminal: Terminal, folder: Path, client: MongoClient[dict[str, Any]]
) -> None:
    client.admin.command("fsync")
    before = files_with(folder, *NEEDLES)
    assert any(name.startswith("mongodb/db/") and name.endswith(".wt") for name in before)
    assert any(name.startswith("mongodb/db/journal/") for name in before)
    assert not any(name.startswith("dagster/") or name.endswith(".log") for name in before)
    indexes = client[CAMPAIGNS].participants.index_information()
    rows = client[CAMPAIGNS].participants.estimated_document_count()
    client.drop_database(COUNTIES)  # its owner has deleted it there, too
    done = terminal.run("forget", "-", "--yes", said=f"{ANN}\n")
    assert done.returncode == 0, done.stderr
    assert "# Certificate of erasure" in done.stdout
    assert files_with(folder, *NEEDLES) == set()
    assert not any(needle.decode() in (done.stdout + done.stderr).lower() for needle in NEEDLES)
    assert client[CAMPAIGNS].participants.index_information() == indexes
    assert client[CAMPAIGNS].participants.estimated_document_count() == rows
    [certificate] = json.loads(terminal.run("forget", "--show", "--json", ANN).stdout)
    told = {(one["where"], one["count"]) for one in certificate["removed"] if one["place"] == "table"}
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        records = instance.fetch_observations(dg.AssetKey("engagement"), limit=20).records
    observed = {
        ("engagement", int(str(one.asset_observation.metadata["rows"].value)))
        for one in records
        if one.asset_observation
    }
    assert observed == {one for one in told if one[0] == "engagement"} != set()
    embedded.stop(folder)
    assert files_with(folder, *NEEDLES) == set()


def test_cleaning_leaves_what_recognises_the_erased(terminal: Terminal, folder: Path) -> None:
    assert terminal.run("clean", "--yes").returncode == 0
    assert {"suppression.key", "suppression.list"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "mongodb").exists()
