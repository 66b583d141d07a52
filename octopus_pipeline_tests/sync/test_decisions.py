"""Analysts' decisions: read from a file and a collection, every mistake named by its place and never quoted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.matching.decisions import Decision, Verdict
from octopus_pipeline.matching.parcel_records import Parcel
from octopus_pipeline.sync.decisions import (
    DecisionError,
    decisions_of_collection,
    decisions_of_file,
    parcel_of,
    record_decision,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

HOME = Parcel("Franklin", "010-000123-00")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def of_file(tmp_path: Path, text: str) -> dict[str, Decision]:
    path = tmp_path / "decisions.csv"
    path.write_text(text, encoding="utf-8")
    return decisions_of_file(path)


def test_every_kind_of_decision(tmp_path: Path) -> None:
    text = (
        "email,decision,county,parcel_id,comment\n"
        "Ann@Example.com,right,,,\n"
        'bob@example.com, WRONG ,franklin county,010-000123-00,"moved,\nin June"\n'
        "dan@example.com,that parcel,Franklin,010-000123-00,\n"
        "eve@example.com,,Franklin,010-000123-00,not decided yet\n"
        "'+fay@example.com,parcel,Franklin,010-000123-00,a cell that we defused\n"
        "ann@example.com,right,,,the same again\n"
    )
    assert of_file(tmp_path, text) == {
        "ann@example.com": Decision(Verdict.RIGHT),
        "bob@example.com": Decision(Verdict.WRONG, HOME),
        "dan@example.com": Decision(Verdict.PARCEL, HOME),
        "+fay@example.com": Decision(Verdict.PARCEL, HOME),
    }


def test_a_file_as_spreadsheets_write_it(tmp_path: Path) -> None:
    assert of_file(tmp_path, "\ufeffname;Decision;EMAIL\r\nAnn;wrong;ann@example.com\r\n") == {
        "ann@example.com": Decision(Verdict.WRONG)
    }
    assert decisions_of_file(tmp_path / "none.csv") == {}
    assert of_file(tmp_path, "email,decision\n") == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "row 1: no column decision and no column email"),
        ("email,verdict\n", "row 1: no column decision"),
        (
            "email,decision\nann@example.com,rihgt\n",
            "row 2, column decision: expected right, wrong or parcel",
        ),
        ("email,decision\n,wrong\n", "row 2, column email: empty"),
        ("email,decision\nann@example.com,parcel\n", "row 2, column parcel_id: empty"),
        (
            "email,decision,county,parcel_id\n\nann@example.com,right,,010-000123-00\n",
            "row 3, column county: empty",
        ),
        ("email,decision,county\nann@example.com,right,Franklin\n", "row 2, column parcel_id: empty"),
        (
            "email,decision,county,parcel_id\nann@example.com,right,Franklin,2.70912E+11\n",
            "row 2, column parcel_id: a spreadsheet has turned it into a number",
        ),
        (
            "email,decision\nann@example.com,right\nbob@example.com,wrong\nANN@example.com,wrong\n",
            "row 4, column email: row 2 decides otherwise",
        ),
    ],
)
def test_a_mistake_is_named_by_its_row_and_column(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(DecisionError) as caught:
        of_file(tmp_path, text)
    assert f"{tmp_path / 'decisions.csv'}, {place}" in str(caught.value)
    assert "example.com" not in str(caught.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "decisions.csv").write_bytes("email,decision\nj\xfcrgen@example.com,right\n".encode("cp1252"))
    with pytest.raises(DecisionError, match="UTF-8"):
        decisions_of_file(tmp_path / "decisions.csv")


def test_the_collection_holds_the_same_fields_and_a_decision_replaces_the_one_before(
    mongo_database: Database[dict[str, Any]],
) -> None:
    decisions = mongo_database["match_decisions"]
    decisions.insert_one({"email": "Ann@Example.com ", "decision": "Wrong", "county": None})
    assert decisions_of_collection(mongo_database) == {"ann@example.com": Decision(Verdict.WRONG)}
    said = Decision(Verdict.PARCEL, HOME)
    record_decision(mongo_database, "ann@example.com", said, "moved", NOW)
    record_decision(mongo_database, "bob@example.com", Decision(Verdict.RIGHT, HOME), None, NOW)
    assert decisions_of_collection(mongo_database) == {
        "ann@example.com": said,
        "bob@example.com": Decision(Verdict.RIGHT, HOME),
    }
    assert decisions.count_documents({}) == 2
    decisions.insert_one({"email": 5, "decision": ["parcel"]})
    with pytest.raises(DecisionError, match=r"match_decisions, document .*, column decision"):
        decisions_of_collection(mongo_database)


@pytest.mark.parametrize("text", ["rihgt", "Franklin/", "/010", ""])
def test_what_names_no_parcel_is_refused(text: str) -> None:
    with pytest.raises(DecisionError, match="COUNTY/PARCEL"):
        parcel_of(text)


def test_a_parcel_is_named_by_county_and_id() -> None:
    assert parcel_of("van wert county/B12-001/00 ") == Parcel("VanWert", "B12-001/00")
