"""`octopus consolidate`: its options are the filters, and it says what it wrote."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from octopus_pipeline.cli import octopus
from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, prepare_people_database
from octopus_pipeline.people.filters import FILTERS
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline_tests.people.rows import HOME, batch_of, person_row
from octopus_pipeline_tests.terminal.processes import Terminal

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_filter_is_an_option_with_its_help() -> None:
    shown = CliRunner().invoke(octopus, ["consolidate", "--help"], terminal_width=1_000).output
    for spec in FILTERS.values():
        assert f"--{spec.name.replace('_', '-')} " in shown
        assert spec.description in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--enaged"],
            "'--enaged'. (Did you mean one of: '--engaged', '--not-opened', '--opened'?) The filters are --campaign, ",
        ),
        (["--county", "Frankln"], "county: Ohio has no county 'Frankln'; did you mean Franklin?"),
        (["--min-energy-burden", "6"], "min_energy_burden: 6 is no share of an income"),
        (["--output", "people.doc"], "people.doc: its suffix names no format; "),
    ],
)
def test_wrong_use_is_told_before_anything_is_read(words: list[str], told: str) -> None:
    done = CliRunner().invoke(octopus, ["consolidate", *words])
    assert done.exit_code == 2
    assert told in done.output


def test_it_writes_the_file_and_says_how_many_are_in_it(mongod_url: str, tmp_path: Path) -> None:
    name = f"test_people_{uuid.uuid4().hex}"
    terminal = Terminal(
        tmp_path,
        {
            "MONGO_CONNECTION_URL": mongod_url,
            "MONGO_DATABASE": f"{name}_db",
            "MONGO_PEOPLE_DATABASE": name,
            "OCTOPUS_DATA_DIR": "work",
        },
    )
    with MongoClient[dict[str, Any]](mongod_url) as client:
        prepare_people_database(client[name])
        rows = batch_of(
            person_row("a", "ann@example.com", match=HOME, clicked=NOW), person_row("b", "bob@example.com")
        )
        client[name][CAMPAIGNS].insert_one({"campaign_id": "one", "name": "Spring", "sent_at": NOW})
        merge_people(client[name][PEOPLE], people_seen("one", rows, None, NOW))
        told = terminal.answer("consolidate", "--engaged", "--county", "franklin", "--output", "some.parquet")
        assert {name: told[name] for name in ("rows", "people", "campaigns", "filters")} == {
            "rows": 1,
            "people": 1,
            "campaigns": 1,
            "filters": {"engaged": True, "county": ["Franklin"]},
        }
        assert told["file"] == str(tmp_path / "some.parquet")
        assert pq.read_table(tmp_path / "some.parquet")["email"].to_pylist() == ["ann@example.com"]
        unknown = terminal.run("consolidate", "--campaign", "Sprng")
        assert unknown.returncode == 1
        assert "no campaign that people received has the name or id 'Sprng'" in unknown.stderr
        for database in (name, f"{name}_db"):
            client.drop_database(database)
