"""An explanation says what the matching did, and its numbers are the matching's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from octopus_pipeline.matching.demographic_ways import Outcome
from octopus_pipeline.matching.explanation import MOST_SHOWN, explain
from octopus_pipeline.matching.findings import Subject
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline_tests.matching.small_county import (
    NUMBERS,
    STREETS,
    ordinary_parcels,
    parcel,
    prepared,
)

if TYPE_CHECKING:
    from octopus_pipeline.matching.explanation import Explanation

JANE = {
    "parcel_id": "M1",
    "address": "345 MAPLE LN",
    "service_city": "MANSFIELD",
    "parcel_zip": 44906,
    "customer_name": "JANE SAMPLE",
    "email": "jane@example.com",
    "mobile": "6145550123",
    "annual_kwh_cost": 1234.5,
    "estimated_income": 43210.0,
}

LARCH_DRIVE = {"parcel_id": "L1", "address": "200 LARCH DR", "service_city": "MANSFIELD", "parcel_zip": 44906}
"""A record that has another address of its parcel than the county's auditor."""


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> PreparedCounties:
    """Richland with a house told by name, two equal ones, one of two addresses, and streets; Morrow with its own."""
    folder = tmp_path_factory.mktemp("county_index")
    maple = parcel("M1", "345 MAPLE LN", parcel_owner="SAMPLE JANE")
    twins = [parcel(name, "12 BIRCH ST") for name in ("T1", "T2")]
    larch = parcel("L1", "200 LARCH ST")
    prepared(folder, "Richland", [*ordinary_parcels(), maple, *twins, larch], [JANE, LARCH_DRIVE])
    return prepared(folder, "Morrow", ordinary_parcels("MOUNT GILEAD", 43338), [])


def said_of(explanation: Explanation, subject: Subject) -> tuple[str, ...]:
    """The levels that the best candidate reaches."""
    (levels,) = {
        finding.levels for finding in explanation.candidates[0].findings if finding.subject is subject
    }
    return levels


def test_a_match_is_explained_from_the_address_to_the_household(counties: PreparedCounties) -> None:
    person = {
        "address": "345 Mapel Lane", "city": "Mansfield", "zip": "44906",
        "first_name": "Jane", "last_name": "Sample", "email": "jane@example.com",
    }  # fmt: skip
    told = explain(person, counties)
    assert (told.address["number"], told.address["street"], told.address["street_type"]) == (
        345,
        "MAPEL",
        "LN",
    )
    (richland,) = told.counties
    assert (richland.county, richland.share, richland.share_by) == ("Richland", 1, "ZIP")
    assert (richland.street, richland.area) == ("UNKNOWN", "AGREE")
    (best,) = told.candidates
    assert (best.county, best.parcel_id, best.address) == ("Richland", "M1", "345 MAPLE LN")
    assert said_of(told, Subject.NUMBER) == ("SAME",)
    assert said_of(told, Subject.STREET) == ("ONE_APART",)
    assert said_of(told, Subject.TYPE_AND_DIRECTION) == ("SAME", "NEITHER")
    assert said_of(told, Subject.AREA) == ("SAME", "SAME")
    assert said_of(told, Subject.PERSON) == ("SAME",)
    bits = {finding.subject: finding.bits for finding in best.findings}
    assert bits[Subject.STREET] < -1 < 1 < bits[Subject.PERSON]
    assert bits[Subject.OTHER_PARCELS] > 1
    assert (told.residence["match_quality"], told.residence["parcel_id"]) == ("fuzzy", "M1")
    assert best.probability >= told.bar


def test_equal_twins_share_the_probability_and_go_to_review(counties: PreparedCounties) -> None:
    told = explain({"address": "12 Birch St", "zip": "44906"}, counties)
    first, second = told.candidates
    assert (first.parcel_id, second.parcel_id) == ("T1", "T2")
    assert first.probability == second.probability < told.review_bar
    assert first.alike == 2
    assert (told.residence["match_quality"], told.residence["reason"]) == (
        "review",
        "several equal candidates",
    )


@pytest.mark.parametrize(
    ("person", "reason", "looked_into"),
    [
        ({"address": "999 Oak St", "zip": "44906"}, "number unknown", ["Richland"]),
        ({"address": "5 Nowhere Blvd", "zip": "44906"}, "street unknown", ["Richland"]),
        ({"address": "PO Box 12", "zip": "44906"}, "PO box", []),
        ({"address": "345 Maple Ln", "zip": "45202"}, "county not loaded", []),
        ({"address": "5 Nowhere Blvd", "zip": "90210"}, "ZIP outside loaded counties", []),
        ({"address": "n/a"}, "no address", []),
        ({}, "no address", []),
    ],
)
def test_who_is_not_matched_is_told_why_and_where_it_was_looked(
    counties: PreparedCounties, person: dict[str, str | None], reason: str, looked_into: list[str]
) -> None:
    told = explain(person, counties)
    assert (told.residence["match_quality"], told.residence["reason"]) == ("no_match", reason)
    assert [one.county for one in told.counties if one.share_by == "ZIP"] == looked_into
    assert not told.candidates or told.candidates[0].probability < told.review_bar


def test_a_county_that_is_not_loaded_is_named(counties: PreparedCounties) -> None:
    told = explain({"address": "345 Maple Ln", "zip": "45202"}, counties)
    assert [(one.county, one.loaded) for one in told.zip_counties] == [("Hamilton", False)]


def test_without_any_county_all_is_told_but_candidates(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = explain(
        {"address": "345 Maple Ln", "zip": "44906"}, PreparedCounties(tmp_path_factory.mktemp("none"))
    )
    assert (told.loaded, told.counties, told.candidates) == ((), (), ())
    assert told.address["street"] == "MAPLE"
    assert told.residence["reason"] == "county not loaded"
    assert told.none_probability == 1


@pytest.mark.parametrize(
    ("person", "used", "agrees"),
    [
        ({"address": "12 Birch St", "zip": "44906", "email": "Jane@Example.com"}, "e-mail", None),
        ({"address": "100 Oak St", "zip": "44906", "phone": "(614) 555-0123"}, "phone", False),
        ({"address": "345 Maple Ln", "zip": "44906"}, "parcel", None),
        (
            {"address": "9 Maple Ln", "zip": "44906", "first_name": "Jane", "last_name": "Sample"},
            "name on the street",
            None,
        ),
        ({"address": "100 Oak St", "zip": "44906", "email": "nobody@example.com"}, None, None),
    ],
)
def test_the_way_to_the_demographic_record_is_told_and_money_is_not(
    counties: PreparedCounties, person: dict[str, str | None], used: str | None, agrees: bool | None
) -> None:
    told = explain(person, counties)
    assert [str(way.method) for way in told.ways] == ["e-mail", "phone", "parcel", "name on the street"]
    assert [str(way.method) for way in told.ways if way.outcome is Outcome.USED] == ([used] if used else [])
    assert told.demographic["match_method"] == used
    assert told.demographic["agrees"] is agrees
    assert "1234.5" not in str(told)
    assert "43210" not in str(told)


def _misspelt(street: str) -> str:
    return street[:1] + street[2:]


participants = st.fixed_dictionaries(
    {
        "address": st.one_of(
            st.builds(
                "{}{} {}".format,
                st.one_of(st.sampled_from([*NUMBERS]), st.integers(1, 200)),
                st.sampled_from(["", "", " N", " S"]),
                st.one_of(
                    st.sampled_from([*STREETS, "MAPLE LN", "BIRCH ST", "OAK CT", "OAK", "NOWHERE RD"]),
                    st.sampled_from(STREETS).map(_misspelt),
                ),
            ),
            st.sampled_from(["OAK ST", "PO BOX 3", "", "12"]),
        ),
        "city": st.sampled_from([None, "Mansfield", "Mansfeild", "Mount Gilead", "Columbus"]),
        "zip": st.sampled_from([None, "44906", "44907", "43338", "43215", "44960"]),
        "first_name": st.sampled_from([None, "Pat", "Jane"]),
        "last_name": st.sampled_from([None, "Owner1", "Sample", "Smaple"]),
        "email": st.sampled_from([None, "jane@example.com"]),
        "phone": st.none(),
    }
)


NOBODY = dict.fromkeys(PARTICIPANT_SCHEMA.names)


@settings(max_examples=150, deadline=None)
@given(person=participants)
@example(person=NOBODY | {"address": "200 Larch St", "zip": "44906"})
@example(person=NOBODY | {"address": "200 Larch Dr", "zip": "44906"})
@example(person=NOBODY | {"address": "100 Oak St", "zip": "44906", "city": "Mount Gilead"})
@example(person=NOBODY | {"address": "100 Oak St", "zip": "43338", "city": "Mansfield"})
def test_the_numbers_add_up_to_the_probability_that_the_matching_gives(
    counties: PreparedCounties, person: dict[str, str | None]
) -> None:
    told = explain(person, counties)
    (answer,) = find_households(
        pa.Table.from_pylist([person], PARTICIPANT_SCHEMA), counties
    ).residence.to_pylist()
    assert told.residence == answer
    for candidate in told.candidates:
        parts = candidate.prior_bits + candidate.county_bits + sum(one.bits for one in candidate.findings)
        assert parts == pytest.approx(candidate.bits, abs=1e-4)
    shown = [one.probability for one in told.candidates]
    assert sum(shown) + told.others_probability + told.none_probability == pytest.approx(1)
    assert shown == sorted(shown, reverse=True)
    assert not told.others or len(shown) == MOST_SHOWN
    assert sum(one.candidates for one in told.counties) == len(shown) + told.others
    if not shown:
        assert answer["match_score"] is None
        return
    odds = [2**one.bits for one in told.candidates]
    if not told.others:
        assert shown == pytest.approx([one / (1 + sum(odds)) for one in odds], rel=1e-6)
    assert answer["match_score"] == pytest.approx(shown[0], rel=1e-9)
    best = told.candidates[0]
    assert (shown[0] >= told.bar) == (answer["match_quality"] in {"exact", "fuzzy"})
    if answer["match_quality"] != "no_match":
        county = answer["county"] or answer["review_county"]
        parcel_id = answer["parcel_id"] or answer["review_parcel_id"]
        assert (county, parcel_id) == (best.county, best.parcel_id)
