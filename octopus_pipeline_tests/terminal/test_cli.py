"""`octopus` as people and scripts use it: real processes, their output, their exit codes."""

from __future__ import annotations

import csv
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from octopus_pipeline.cli import octopus
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.sandbox.account import load_account
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import ServedSandbox, serve_in_thread
from octopus_pipeline_tests.sync.counties import invented_counties, prepare
from octopus_pipeline_tests.terminal.processes import ROOT, Terminal
from octopus_pipeline_tests.truth import (
    FLAGS,
    assert_csvs_true,
    assert_documents_true,
    assert_engaged_true,
    assert_people_true,
    csv_rows,
    sent_campaigns,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A fresh clone's folder, in which nothing is set."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "data").mkdir()
    (folder / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    return Terminal(folder, {})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ServedSandbox]:
    """The account that the commands work on."""
    with serve_in_thread(generate_account(seed=5, campaigns=8, rows=400), requests_per_second=None) as served:
        yield served


@pytest.fixture(scope="module")
def terminal(bare: Terminal, sandbox: ServedSandbox, mongod_url: str) -> Iterator[Terminal]:
    """A terminal with settings, after `octopus sync --all`."""
    database = f"test_{uuid.uuid4().hex}"
    opened = Terminal(
        bare.folder,
        {
            "EMAILOCTOPUS_API_KEY": sandbox.api_key,
            "EMAILOCTOPUS_BASE_URL": sandbox.url,
            "EMAILOCTOPUS_REQUESTS_PER_SECOND": "10000",
            "EMAILOCTOPUS_MAX_ATTEMPTS": "2",
            "MONGO_CONNECTION_URL": mongod_url,
            "MONGO_DATABASE": database,
            "MONGO_PEOPLE_DATABASE": f"{database}_people",
            "OCTOPUS_DATA_DIR": "work",
            "OCTOPUS_LIVE_WINDOW_DAYS": "36500",
            "OCTOPUS_CONTACTS_MAX_AGE_MINUTES": "0",
        },
    )
    done = opened.run("sync", "--all")
    assert done.returncode == 0, done.stderr
    assert f"{len(sent_campaigns(sandbox.account))} campaigns synced with" in done.stdout
    assert "Traceback" not in done.stderr
    yield opened
    with MongoClient[dict[str, Any]](mongod_url) as client:
        for name in (database, f"{database}_people"):
            client.drop_database(name)


def test_sync_all_makes_the_database_and_the_csvs_true(
    terminal: Terminal, sandbox: ServedSandbox, mongod_url: str
) -> None:
    with MongoClient[dict[str, Any]](mongod_url, tz_aware=True) as client:
        assert_documents_true(client[terminal.settings["MONGO_DATABASE"]], sandbox.account)
        assert_people_true(client[terminal.settings["MONGO_PEOPLE_DATABASE"]], sandbox.account)
    assert_csvs_true(terminal.folder / "work" / "exports", sandbox.account)


def test_the_consolidated_file_of_the_engaged_is_true(terminal: Terminal, sandbox: ServedSandbox) -> None:
    file = terminal.folder / "engaged.csv"
    written = terminal.answer("consolidate", "--engaged", "--output", str(file))
    assert written["rows"] > 0
    assert_engaged_true(file, sandbox.account)


def test_stats_counts_as_synced_and_export_writes_anew_without_asking_emailoctopus(
    terminal: Terminal, sandbox: ServedSandbox
) -> None:
    sandbox.control.reset_statistics()
    elsewhere = terminal.folder / "elsewhere"
    exported = terminal.answer("export", "--export-dir", str(elsewhere))
    assert len(exported["exported"]) == len(sent_campaigns(sandbox.account))
    assert_csvs_true(elsewhere, sandbox.account)
    rows = {row["campaign_id"]: row for row in terminal.answer("stats")}
    assert rows.keys() == set(sent_campaigns(sandbox.account))
    for campaign_id, row in rows.items():
        lines = csv_rows(elsewhere, campaign_id)
        assert row["contacts"] == len(lines)
        assert {flag: row[flag] for flag in FLAGS} == {
            flag: sum(line[flag] == "Yes" for line in lines) for flag in FLAGS
        }
    assert sandbox.control.statistics().total == 0


def test_incremental_syncs_what_changed_and_a_failed_campaign_is_named(
    terminal: Terminal, sandbox: ServedSandbox
) -> None:
    def summaries() -> dict[str, Any]:
        return {one["id"]: one["summary"] for one in sandbox.control.account()["campaigns"]}

    before = summaries()
    sandbox.control.advance(3, seed=1)
    changed = {one for one, summary in summaries().items() if before.get(one) != summary}
    victim = max(changed, key=lambda one: len(sandbox.account.rows(one, Report.OPENED)))
    sandbox.control.set_faults([FaultRule(FaultKind.VANISHED, path=f"*/{victim}/reports", skip=0)])
    record = terminal.answer("sync", "--incremental", code=1)
    (failed,) = record["failed"]
    assert victim.startswith(failed.rpartition("_")[2][:8])
    assert "It was deleted" in record["failed"][failed]
    assert len(record["synced"]) == len(changed) - 1
    sandbox.control.set_faults([])
    mended = terminal.answer("sync", "--campaign", failed)
    assert (mended["synced"], mended["failed"]) == ([failed], {})
    assert mended["requests"] > 0
    quiet = terminal.answer("sync", "--incremental")
    assert (quiet["synced"], quiet["failed"]) == ([], {})


def test_match_run_review_and_decide(terminal: Terminal, sandbox: ServedSandbox) -> None:
    assert "residence" not in terminal.run("stats").stdout, "no county is loaded"
    prepared = PreparedCounties(terminal.folder / "work" / "county_index")
    for county in invented_counties(sandbox.account).values():
        twins = [{**one, "parcel_id": f"{one['parcel_id']}-twin"} for one in county.residential[::7]]
        prepare(prepared, replace(county, residential=[*county.residential, *twins], demographic=[]))
    record = terminal.answer("match", "run")
    assert len(record["matched"]) == len(sent_campaigns(sandbox.account))
    rows = {row["campaign_id"]: row for row in record["campaigns"]}
    exports = terminal.folder / "work" / "exports"
    for campaign_id, row in rows.items():
        lines = csv_rows(exports, campaign_id)
        assert row["at_residence"] == sum(bool(line["parcel_address"]) for line in lines)
        assert row["to_review"] == sum(line["match_quality"] == "review" for line in lines)
    assert sum(row["at_residence"] for row in rows.values()) > 0
    assert "residence" in terminal.run("stats").stdout
    done = terminal.run("match", "review")
    assert done.returncode == 0, done.stderr
    path = exports / "match_review.csv"
    assert str(path) in done.stdout
    with path.open(encoding="utf-8", newline="") as file:
        first, *_ = to_review = list(csv.DictReader(file))
    assert f"{len(to_review)} people to review" in done.stdout
    path.unlink()
    twin = f"{first['county']}/{first['parcel_id']}"
    assert terminal.run("match", "decide", first["email"], twin, "--comment", "her own word").returncode == 0
    name = next(iter(rows))
    assert terminal.run("match", "run", "--campaign", name).returncode == 0
    terminal.answer("match", "run")
    shown = [line for one in rows for line in csv_rows(exports, one) if line["email"] == first["email"]]
    assert shown
    assert {(line["parcel_id"], line["match_method"]) for line in shown} == {(first["parcel_id"], "decision")}
    refused = terminal.run("match", "decide", "stranger@example.com", "right")
    assert refused.returncode == 1
    assert "no participant has this e-mail address" in refused.stderr
    shutil.rmtree(terminal.folder / "work" / "county_index")


def test_doctor_finds_all_well_and_says_how_to_mend_what_is_not(terminal: Terminal) -> None:
    findings = {one["subject"]: one for one in terminal.answer("doctor")}
    assert all(one["well"] for one in findings.values())
    assert findings.keys() >= {"Python", "dagster", "disk", "MongoDB", "counties", "EmailOctopus"}
    sick = terminal.run("doctor", EMAILOCTOPUS_API_KEY="eo_wrong")
    assert sick.returncode == 1
    assert "BAD  EmailOctopus" in sick.stdout
    assert "-> check EMAILOCTOPUS_API_KEY" in sick.stdout
    unsettled = terminal.run("doctor", "--json", OCTOPUS_TIME_ZONE="Ohio")
    assert unsettled.returncode == 1
    assert [one["subject"] for one in json.loads(unsettled.stdout) if not one["well"]] == ["settings"]
    assert "eo_wrong" not in sick.stdout + sick.stderr


def test_an_unknown_campaign_is_answered_with_those_that_come_near(
    terminal: Terminal, sandbox: ServedSandbox
) -> None:
    named = next(one for one in map(sandbox.account.campaigns.get, sent_campaigns(sandbox.account)) if one)
    assert named.name
    done = terminal.run("sync", "--campaign", named.name[:-1])
    assert done.returncode == 1
    assert "did you mean" in done.stderr
    assert "Traceback" not in done.stderr
    hopeless = terminal.run("export", "--campaign", "no such thing")
    assert hopeless.returncode == 1
    assert "octopus stats" in hopeless.stderr


def test_a_campaign_that_was_not_sent_cannot_be_synced(terminal: Terminal, sandbox: ServedSandbox) -> None:
    draft = next(one for one in sandbox.account.campaigns.values() if one.status == "draft")
    done = terminal.run("sync", "--campaign", draft.id)
    assert done.returncode == 1
    assert "is draft: there is nothing to sync" in done.stderr


def test_export_needs_no_partition_of_a_former_dagster(terminal: Terminal, sandbox: ServedSandbox) -> None:
    elsewhere = str(terminal.folder / "another dagster")
    done = terminal.run("export", "--json", DAGSTER_HOME=elsewhere)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["exported"]) == len(sent_campaigns(sandbox.account))


def test_a_summary_that_cannot_be_read_is_a_failed_campaign(
    terminal: Terminal, sandbox: ServedSandbox
) -> None:
    victim = next(iter(sent_campaigns(sandbox.account)))
    sandbox.control.set_faults([FaultRule(FaultKind.SERVER_ERROR, path=f"*/{victim}/reports/summary")])
    record = terminal.answer("sync", "--incremental", code=1)
    sandbox.control.set_faults([])
    (failed,) = record["failed"]
    assert victim.startswith(failed.rpartition("_")[2][:8])
    assert terminal.answer("sync", "--incremental")["failed"] == {}


def test_no_mongodb_is_one_message_within_seconds_with_the_host_and_without_the_password(
    terminal: Terminal,
) -> None:
    done = terminal.run(
        "stats", "--mongo-url", "mongodb://someone:hunter2@127.0.0.1:1/", MONGO_TIMEOUT_SECONDS="1"
    )
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_wrong_settings_are_all_named_at_once_without_their_values(bare: Terminal) -> None:
    done = bare.run(
        "stats", EMAILOCTOPUS_API_KEI="eo_secret", OCTOPUS_TIME_ZONE="Ohio", MONGO_TIMEOUT_SECONDS="x"
    )
    assert done.returncode == 2
    assert "EMAILOCTOPUS_API_KEI: no such setting; did you mean EMAILOCTOPUS_API_KEY?" in done.stderr
    assert "OCTOPUS_TIME_ZONE" in done.stderr
    assert "MONGO_TIMEOUT_SECONDS" in done.stderr
    assert "eo_secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_sample_data_never_gets_into_a_database_that_is_named(bare: Terminal, mongod_url: str) -> None:
    done = bare.run("sync", "--all", MONGO_CONNECTION_URL=mongod_url)
    assert done.returncode == 2
    assert "EMAILOCTOPUS_API_KEY is not set, though MONGO_CONNECTION_URL is" in done.stderr


def test_in_another_folder_it_is_told_that_the_sample_account_is_not_there(tmp_path: Path) -> None:
    done = Terminal(tmp_path, {}).run("sync", "--all")
    assert done.returncode == 2
    assert f"the sample account is not in {tmp_path / 'data' / 'sample'}" in done.stderr


def test_with_nothing_set_the_sample_is_synced_with_its_counties_and_clean_removes_it(bare: Terminal) -> None:
    try:
        record = bare.answer("sync", "--all")
        sample = load_account(ROOT / "data" / "sample")
        assert len(record["synced"]) == len(sent_campaigns(sample))
        assert record["counties"] == {"synced": ["Franklin", "Morrow", "Richland"], "failed": {}, "gone": []}
        assert bare.run("doctor").returncode == 0
        assert_csvs_true(bare.folder / "data" / "exports", sample, matched=True)
        listed = bare.answer("counties", "list")
        assert [(one["county"], one["index_is_current"]) for one in listed] == [
            ("Franklin", True),
            ("Morrow", True),
            ("Richland", True),
        ]
        others = bare.run("counties", "load", OCTOPUS_COUNTY_DIR="data/sample/counties")
        assert others.returncode == 1
        assert "holds the invented counties of the sample account" in others.stderr
    finally:
        cleaned = bare.run("clean", "--yes")
    assert cleaned.returncode == 0
    assert [path.name for path in (bare.folder / "data").iterdir()] == ["sample"]


@pytest.mark.parametrize(
    "words", [["sync"], ["sync", "--all", "--incremental"], ["sync", "--all", "--hours", "3"]]
)
def test_wrong_use_is_told_with_exit_code_2(words: list[str]) -> None:
    done = CliRunner().invoke(octopus, words)
    assert done.exit_code == 2
    assert "--incremental" in done.output


def commands(group: click.Group, *before: str) -> Iterator[list[str]]:
    """The words that lead to every command below a group, and to itself."""
    yield [*before]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield [*before, name]


@pytest.mark.parametrize("words", list(commands(octopus)), ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    done = CliRunner().invoke(octopus, [*words, "--help"])
    assert done.exit_code == 0
    assert "Usage: " in done.output
    assert len(done.output.splitlines()) > 4
    assert "\\b" not in done.output
