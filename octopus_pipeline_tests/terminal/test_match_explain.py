"""`octopus match explain` as an analyst uses it: by address, by e-mail address, as text and as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from rich.console import Console

from octopus_pipeline.cli import octopus
from octopus_pipeline.engagement.tables import CONTACT_SCHEMA
from octopus_pipeline.matching.explanation import AnalystsWord, explain
from octopus_pipeline.store.tables import TableStore
from octopus_pipeline.sync.contact_search import UnknownContactError
from octopus_pipeline.terminal.match_explanation import percent, print_explanation
from octopus_pipeline_tests.matching.small_county import ordinary_parcels, parcel, prepared

if TYPE_CHECKING:
    from pymongo.database import Database

RICHLAND = [
    *ordinary_parcels(),
    parcel("M1", "345 MAPLE LN", parcel_owner="SAMPLE JANE"),
    parcel("T1", "12 BIRCH ST"),
    parcel("T2", "12 BIRCH ST"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a county."""
    monkeypatch.setenv("OCTOPUS_DATA_DIR", str(tmp_path))
    prepared(tmp_path / "county_index", "Richland", RICHLAND, [])
    return tmp_path


def said(*words: str) -> str:
    done = CliRunner().invoke(octopus, ["match", "explain", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 100
    return re.sub(r"\s+", " ", done.output)


def answer(*words: str) -> Any:
    done = CliRunner().invoke(octopus, ["match", "explain", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.mark.usefixtures("folder")
def test_a_match_is_told_in_words_from_the_address_to_the_household() -> None:
    text = said("345 Mapel Ln", "--city", "Mansfield", "--zip", "44906", "--name", "Jane Sample")
    for words in (
        "As written 345 Mapel Ln, Mansfield, 44906",
        "number 345 · street MAPEL · type LN · city MANSFIELD · ZIP 44906",
        "Richland, 100 % by its ZIP: it has no such street; ZIP and city agree; 1 parcel to compare",
        "345 MAPLE LN, MANSFIELD 44906 Richland/M1",
        "street MAPEL MAPLE one letter apart \N{MINUS SIGN}",
        "name JANE SAMPLE JANE SAMPLE last and given name the same +",
        "other parcels 0.000",
        "none of them: < 0.1 %",
        "matched (fuzzy, by address similar): Richland/M1",
        "is the bar of 95.0 % or more; no other parcel comes near",
        "none (no demographic record)",
    ):
        assert words in text


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["12 Birch St", "--zip", "44906"], "to review (several equal candidates)"),
        (["12 Birch St", "--zip", "44906"], "the best has 4"),
        (["999 Oak St", "--zip", "44906"], "no match (number unknown)"),
        (["PO Box 7", "--zip", "44906"], "a post-office box: nobody lives there"),
        (["1 Main St", "--zip", "43215"], "not loaded: Franklin (100 % of the ZIP)"),
        (["n/a"], "no match (no address)"),
        (["100 SR 314", "--zip", "44906"], "type and direction none on either side"),
    ],
)
def test_what_was_found_or_not_is_told_in_clear_words(words: list[str], told: str) -> None:
    assert told in said(*words)


def test_with_no_county_loaded_that_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_DATA_DIR", str(tmp_path))
    assert "no county is loaded yet: nobody can be found" in said("345 Maple Ln", "--zip", "44906")


def contact(
    contact_id: str, email: str, updated: int, fields: dict[str, object], list_id: str = "list"
) -> dict[str, Any]:
    return {
        "list_id": list_id,
        "contact_id": contact_id,
        "email_address": email,
        "fields": json.dumps(fields),
        "last_updated_at": datetime(2025, 1, updated, tzinfo=UTC),
    }


def store_contacts(folder: Path, list_id: str, *contacts: dict[str, Any]) -> None:
    with TableStore(str(folder / "tables")).writer("contacts", list_id, CONTACT_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(list(contacts), CONTACT_SCHEMA))


def test_an_email_address_stands_for_its_contacts_the_newest_first(folder: Path) -> None:
    """The same person on three lists: twice with one address, in other casing, once with an older one."""
    maple = {"Address": "345 MAPLE LN", "City": "Mansfield", "ZIP": 44906}
    store_contacts(
        folder, "a", contact("1", "Jane@Example.com", 2, {"Address": "12 BIRCH ST", "zip": "44906"})
    )
    store_contacts(
        folder, "b", contact("2", "jane@example.com", 9, maple), contact("9", "j@example.com", 9, {})
    )
    store_contacts(folder, "c", contact("3", "jane@example.com", 5, maple))
    first, second = answer("JANE@example.com")
    assert first["participant"]["address"] == "345 MAPLE LN"
    assert first["participant"]["zip"] == "44906"
    assert first["residence"]["parcel_id"] == "M1"
    assert second["participant"]["address"] == "12 BIRCH ST"
    assert second["residence"]["match_quality"] == "review"
    assert "contact 2 of 2" in said("jane@example.com")


def test_who_is_in_no_list_is_found_among_the_campaigns_participants(
    folder: Path, mongod_url: str, mongo_database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_CONNECTION_URL", mongod_url)
    monkeypatch.setenv("MONGO_DATABASE", mongo_database.name)
    for day, address in ((1, "12 BIRCH ST"), (3, "345 MAPLE LN"), (2, "1 ELM ST")):
        document = {
            "campaign_id": f"campaign {day}",
            "contact_id": "1",
            "email_address": "Jane@example.com",
            "fields": {"Address": address, "ZIP": 44906},
            "synced_at": datetime(2025, 1, day, tzinfo=UTC),
        }
        mongo_database["participants"].insert_one(document)
    (found,) = answer("jane@example.com")
    assert found["participant"]["address"] == "345 MAPLE LN"
    with pytest.raises(UnknownContactError, match="no contact has this e-mail address"):
        said("nobody@example.com")


def test_options_of_an_address_do_not_go_with_an_email_address() -> None:
    done = CliRunner().invoke(octopus, ["match", "explain", "jane@example.com", "--zip", "44906"])
    assert done.exit_code == 2
    assert "go with an address" in done.output


def test_a_decision_stands_at_the_end(folder: Path) -> None:
    counties = prepared(folder / "county_index", "Richland", RICHLAND, [])
    decided = AnalystsWord("parcel", "Richland/T1", "moved in June")
    console = Console(width=100, record=True)
    print_explanation(console, explain({"address": "12 Birch St", "zip": "44906"}, counties, decided))
    last = " ".join(console.export_text().split()[-22:])
    assert "Decision parcel about Richland/T1: it is the household whatever the matching finds" in last
    assert "moved in June" in last


def test_nothing_short_of_certain_is_shown_as_certain() -> None:
    shown = [percent(share) for share in (0, 1e-9, 0.001, 0.4952, 0.95, 0.99949, 0.9999999, 1)]
    assert shown == ["0.0 %", "< 0.1 %", "0.1 %", "49.5 %", "95.0 %", "99.9 %", "> 99.9 %", "100 %"]
