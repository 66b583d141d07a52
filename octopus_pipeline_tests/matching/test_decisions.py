"""What a decision makes of a match: it always wins, and says whether the matching was right."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from octopus_pipeline.counties.fields import DEMOGRAPHIC_SCHEMA, RESIDENTIAL_SCHEMA
from octopus_pipeline.matching.decisions import Decided, Decision, Verdict, decide
from octopus_pipeline.matching.households import DEMOGRAPHIC_MATCH_SCHEMA, RESIDENCE_SCHEMA, HouseholdMatches
from octopus_pipeline.matching.parcel_records import Parcel
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.preparing import prepare_county

A, B, GONE, ELSEWHERE = (
    Parcel("Franklin", "A"),
    Parcel("Franklin", "B"),
    Parcel("Franklin", "GONE"),
    Parcel("Lucas", "A"),
)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> PreparedCounties:
    """Franklin with the parcels A, whose customer is known, and B."""
    prepared = PreparedCounties(tmp_path_factory.mktemp("counties"))
    houses = [
        {"parcel_id": "A", "address": "1 A ST", "year_built": 1901},
        {"parcel_id": "B", "address": "2 B ST"},
    ]
    customers = [
        {"parcel_id": "A", "customer_name": "ANN OF A"},
        {"parcel_id": "A", "customer_name": "HER SON"},
    ]
    prepare_county(
        "Franklin",
        pa.Table.from_pylist(houses, RESIDENTIAL_SCHEMA),
        pa.Table.from_pylist(customers, DEMOGRAPHIC_SCHEMA),
        prepared.path("Franklin"),
    )
    return prepared


def home(parcel: Parcel | None, review: Parcel | None = None) -> Row:
    if parcel:
        known = {"match_quality": "fuzzy", "match_method": "name and address", "match_score": 0.97}
        return {"county": parcel.county, "parcel_id": parcel.parcel_id, **known}
    if review:
        best = {"review_county": review.county, "review_parcel_id": review.parcel_id}
        return {"match_quality": "review", "reason": "evidence too weak", "match_score": 0.7, **best}
    return {"match_quality": "no_match", "reason": "street unknown"}


def record(parcel: Parcel | None, method: str = "e-mail", agrees: bool | None = None) -> Row:
    if parcel is None:
        return {"match_quality": "no_match", "reason": "no demographic record"}
    known = {"match_quality": "exact", "match_method": method, "agrees": agrees, "customer_name": "SAMPLE"}
    return {"county": parcel.county, "parcel_id": parcel.parcel_id, **known}


def decided(
    counties: PreparedCounties, residence: Row, demographic: Row, decision: Decision | None
) -> Decided:
    """One person's matches after a decision, between two people nobody decided about."""
    other = (home(B), record(B, "parcel", agrees=True))
    residences, demographics = zip(other, (residence, demographic), other, strict=True)
    found = HouseholdMatches(
        pa.Table.from_pylist(list(residences), RESIDENCE_SCHEMA),
        pa.Table.from_pylist(list(demographics), DEMOGRAPHIC_MATCH_SCHEMA),
    )
    emails = pa.array([None, " Ann@Example.com", "bob@example.com"])
    decisions = {"ann@example.com": decision, "nobody": Decision(Verdict.WRONG)} if decision else {}
    made = decide(found, emails, pa.array(["c1", "c2", "c3"]), decisions, counties)
    for table, before in (
        (made.matches.residence, found.residence),
        (made.matches.demographic, found.demographic),
    ):
        assert table.schema == before.schema
        assert table.take([0, 2]) == before.take([0, 2])
        if decision is None:
            assert table == before
    assert made.found_right.to_pylist()[::2] == [None, None]
    return made


def shown(made: Decided) -> tuple[Parcel | None, Parcel | None, str | None, bool | None]:
    """The parcels of the residence and of the record, why there is no residence, whether the finding was right."""
    rows = [table.slice(1, 1).to_pylist()[0] for table in (made.matches.residence, made.matches.demographic)]
    parcels = [Parcel(row["county"], row["parcel_id"]) if row["parcel_id"] else None for row in rows]
    for row, parcel in zip(rows, parcels, strict=True):
        assert (row["match_quality"] in {"exact", "fuzzy"}) == (parcel is not None)
    return parcels[0], parcels[1], rows[0]["reason"], made.found_right[1].as_py()


RIGHT, WRONG = Decision(Verdict.RIGHT), Decision(Verdict.WRONG)


@pytest.mark.parametrize(
    ("residence", "demographic", "decision", "expected"),
    [
        (home(A), record(A), None, (A, A, None, None)),
        (home(A), record(A), RIGHT, (A, A, None, True)),
        (home(A), record(B, agrees=False), RIGHT, (A, B, None, True)),
        (home(None), record(A), RIGHT, (A, A, None, True)),
        (home(None, review=A), record(None), RIGHT, (A, A, None, None)),
        (home(None), record(None), RIGHT, (None, None, "street unknown", None)),
        (home(B), record(None), Decision(Verdict.RIGHT, A), (A, A, None, False)),
        (home(A), record(A), WRONG, (None, None, "decided wrong", False)),
        (home(A), record(B, agrees=False), WRONG, (None, None, "decided wrong", False)),
        (home(A), record(B, agrees=False), Decision(Verdict.WRONG, A), (None, B, "decided wrong", False)),
        (home(B), record(B), Decision(Verdict.WRONG, A), (B, B, None, None)),
        (home(None, review=A), record(None), Decision(Verdict.WRONG, A), (None, None, "decided wrong", None)),
        (
            home(None, review=B),
            record(None),
            Decision(Verdict.WRONG, A),
            (None, None, "evidence too weak", None),
        ),
        (home(None), record(None), Decision(Verdict.PARCEL, A), (A, A, None, None)),
        (home(A), record(A), Decision(Verdict.PARCEL, A), (A, A, None, True)),
        (home(A), record(A), Decision(Verdict.PARCEL, B), (B, None, None, False)),
        (home(B), record(A, agrees=False), Decision(Verdict.PARCEL, A), (A, A, None, False)),
        (home(A), record(A), Decision(Verdict.PARCEL, GONE), (None, None, "decided parcel is gone", False)),
        (home(A), record(A), Decision(Verdict.PARCEL, ELSEWHERE), (None, None, "county not loaded", False)),
    ],
)
def test_a_decision_wins(
    counties: PreparedCounties,
    residence: Row,
    demographic: Row,
    decision: Decision | None,
    expected: tuple[Parcel | None, Parcel | None, str | None, bool | None],
) -> None:
    made = decided(counties, residence, demographic, decision)
    assert shown(made) == expected
    missing = decision is not None and decision.parcel in {GONE, ELSEWHERE}
    assert list(made.missing) == ([decision.parcel] if decision and missing else [])


def test_a_decided_residence_is_certain_and_has_what_the_county_knows_of_the_parcel(
    counties: PreparedCounties,
) -> None:
    made = decided(counties, home(None), record(None), Decision(Verdict.PARCEL, A))
    residence, demographic = (
        table.slice(1, 1).to_pylist()[0] for table in (made.matches.residence, made.matches.demographic)
    )
    assert (residence["parcel_address"], residence["year_built"]) == ("1 A ST", 1901)
    for row in (residence, demographic):
        assert (row["match_quality"], row["match_method"], row["match_score"]) == ("exact", "decision", 1.0)
    assert (demographic["customer_name"], demographic["agrees"]) == ("ANN OF A", True)


def test_a_contact_without_an_address_is_decided_by_its_id(counties: PreparedCounties) -> None:
    found = HouseholdMatches(
        pa.Table.from_pylist([home(A)], RESIDENCE_SCHEMA),
        pa.Table.from_pylist([record(A)], DEMOGRAPHIC_MATCH_SCHEMA),
    )
    made = decide(found, pa.nulls(1, pa.string()), pa.array(["c1"]), {"c1": WRONG}, counties)
    assert made.found_right.to_pylist() == [False]
