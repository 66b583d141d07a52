"""Whose demographic record a participant's is: by e-mail, telephone, parcel, or name on the street."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octopus_pipeline_tests.matching.invented import (
    LEXINGTON,
    MANSFIELD,
    County,
    county,
    customer_at,
    found,
    house_at,
    household,
    person,
)

if TYPE_CHECKING:
    from octopus_pipeline_tests.matching.invented import Record

SEVERAL, NO_RECORD, ON_STREET = "several equal candidates", "no demographic record", "name on the street"
_AT_12 = "5412 Martel Rd"
"""Home of p0006, with one customer: GLORIA GUNDERSON, customer6@example.com, 419 555 0006."""


@pytest.fixture(scope="module")
def richland(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the county, and households of several records, of none, and of shared contacts."""
    folder = tmp_path_factory.mktemp("counties")
    mansfield = ("MANSFIELD", MANSFIELD)
    one = county(
        "Richland",
        house_at("family", "1 FAMILY LN", *mansfield),
        house_at("namesakes", "3 FAMILY LN", *mansfield),
        house_at("nobody", "5555 FAMILY LN", *mansfield),
        house_at("one of two", "7 FAMILY LN", *mansfield),
        house_at("two of two", "9 FAMILY LN", *mansfield),
        house_at("flat 1", "77 PARKWAY DR", *mansfield),
        house_at("flat 2", "77 PARKWAY DR", *mansfield),
    )
    one.demographic += [
        customer_at("family", "ROSE SAMPLE", email="rose@example.com", annual_kwh_cost=1.0),
        customer_at(
            "family",
            "SAMPLE, JOHN D",
            email="john@example.com",
            annual_kwh_cost=2.0,
            total_energy_burden=0.07,
        ),
        customer_at("family", "MARY J OTHER", annual_kwh_cost=3.0),
        customer_at("namesakes", "ANN SAMPLE", annual_kwh_cost=1.0),
        customer_at("namesakes", "ANN SAMPLE", annual_kwh_cost=2.0),
        customer_at("one of two", "BOTH SAMPLE", email="both@example.com", mobile="4195559999"),
        customer_at("two of two", "BOTH SAMPLE", email="both@example.com", mobile="4195559999"),
        customer_at("flat 1", "ANN SAMPLE"),
    ]
    one.prepare(folder)
    return folder


def _named(name: str) -> dict[str, str]:
    return dict(zip(("first_name", "last_name"), name.split(), strict=True))


def _told(answer: Record) -> tuple[object, ...]:
    return tuple(answer[name] for name in ("parcel_id", "match_quality", "match_method", "reason", "agrees"))


def test_every_field_of_the_record_is_told(richland: Path) -> None:
    answer = household(richland, person("1 Family Ln", email="John@Example.com "))
    assert answer == {
        "county": "Richland", "parcel_id": "family", "customer_name": "SAMPLE, JOHN D", "email": "john@example.com",
        "mobile": None, "annual_kwh_cost": 2.0, "total_energy_burden": 0.07, "estimated_income": None,
        "age_first_individual": None, "match_quality": "exact", "match_method": "e-mail", "match_score": 0.99,
        "reason": None, "agrees": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "address", "told"),
    [
        # E-mail before telephone before parcel before name.
        ({"email": "CUSTOMER6@example.com", "phone": "419-555-0007"}, "", ("p0006", "exact", "e-mail", None, None)),
        ({"email": "nobody@example.com", "phone": "1 (419) 555-0007"}, "", ("p0007", "exact", "phone", None, None)),
        ({"email": "nobody@example.com", "phone": "5550007"}, _AT_12, ("p0006", "exact", "parcel", None, None)),
        ({"phone": "4195550006.0"}, _AT_12, ("p0006", "exact", "phone", None, True)),
        # Of two parcels with the e-mail neither, unless the address is one's.
        ({"email": "both@example.com"}, "", (None, "no_match", None, SEVERAL, None)),
        ({"phone": "4195559999"}, "", (None, "no_match", None, SEVERAL, None)),
        ({"email": "both@example.com"}, "9 Family Ln", ("two of two", "exact", "e-mail", None, True)),
        ({"email": "both@example.com", "phone": "4195550007"}, "", ("p0007", "exact", "phone", None, None)),
        ({"email": "both@example.com"}, _AT_12, ("p0006", "exact", "parcel", None, None)),
        # What disagrees is kept, and told.
        ({"email": "customer7@example.com"}, _AT_12, ("p0007", "exact", "e-mail", None, False)),
        ({"phone": "4195550007"}, _AT_12, ("p0007", "exact", "phone", None, False)),
        # Several records of a parcel: the participant's own, or somebody's to look at.
        ({}, "1 Family Ln", (None, "review", None, SEVERAL, None)),
        (_named("Rose Sample"), "1 Family Ln", ("family", "exact", "parcel", None, None)),
        (_named("M Other"), "1 Family Ln", ("family", "exact", "parcel", None, None)),
        (_named("Zoe Sample"), "1 Family Ln", (None, "review", None, SEVERAL, None)),
        ({}, "3 Family Ln", ("namesakes", "exact", "parcel", None, None)),
        ({}, "5555 Family Ln", (None, "no_match", None, NO_RECORD, None)),
        ({}, "77 Parkway Dr", (None, "review", None, SEVERAL, None)),
        # The name on the street, where the parcel tells nothing.
        (_named("Gloria Gunderson"), "9999 Martel Rd", ("p0006", "fuzzy", ON_STREET, None, None)),
        (_named("Rose Sample"), "5555 Family Ln", ("family", "fuzzy", ON_STREET, None, False)),
        (_named("Both Sample"), "5555 Family Ln", (None, "no_match", None, NO_RECORD, None)),
        (_named("J Other"), "5555 Family Ln", (None, "no_match", None, NO_RECORD, None)),
        (_named("Gloria Sample"), "Martel Rd", (None, "no_match", None, "number unknown", None)),
    ],
)  # fmt: skip
def test_whose_record_it_is(
    richland: Path, contact: dict[str, str], address: str, told: tuple[object, ...]
) -> None:
    assert _told(household(richland, person(address, **contact))) == told


def test_what_disagrees_is_kept_on_both_sides(richland: Path) -> None:
    answer = found(richland, person(_AT_12, email="customer7@example.com"))
    assert answer.residence["parcel_id"].to_pylist() == ["p0006"]
    assert answer.demographic["parcel_id"].to_pylist() == ["p0007"]


def test_a_name_on_the_street_needs_a_place(tmp_path: Path) -> None:
    """Without ZIP and city it would be found anywhere in Ohio; no ZIP is not the same ZIP."""
    one = county()
    one.residential = [{**house, "parcel_zip": None, "parcel_city": None} for house in one.residential]
    one.demographic = [{**who, "parcel_zip": None, "service_city": None} for who in one.demographic]
    one.prepare(tmp_path)
    asked = person("9999 Martel Rd", None, None, first_name="Gloria", last_name="Gunderson")
    assert household(tmp_path, asked)["match_quality"] == "no_match"


def test_a_namesake_in_another_county_leaves_it_open(tmp_path: Path) -> None:
    """Lexington's ZIP is of both counties: which is alphabetically first tells nothing."""
    asked = person(
        "9999 Plymouth St", "LEXINGTON", str(LEXINGTON), first_name="Bruce", last_name="Fairweather"
    )
    one = county()
    one.demographic = [
        {**who, "customer_name": "BRUCE FAIRWEATHER"} if who["address"] == "50 PLYMOUTH ST" else who
        for who in one.demographic
    ]
    one.prepare(tmp_path)
    assert household(tmp_path, asked)["parcel_id"] == "p0197"
    neighbour = house_at("m1", "250 PLYMOUTH ST", "LEXINGTON", LEXINGTON, parcel_owner="FAIRWEATHER BRUCE")
    County("Morrow", [neighbour], [customer_at("m1", "FAIRWEATHER, BRUCE")]).prepare(tmp_path)
    assert household(tmp_path, asked)["match_quality"] == "no_match"


def test_an_e_mail_of_two_counties_is_of_the_one_the_address_is_in(tmp_path: Path) -> None:
    shared = {"email": "shared@example.com"}
    for name, zip_code in (("Marion", 43302), ("Richland", MANSFIELD)):
        house = house_at(f"in {name}", "12 MAIN ST", None, zip_code)
        County(name, [house], [customer_at(f"in {name}", "ROSE SAMPLE", **shared)]).prepare(tmp_path)
    alone = household(tmp_path, person("", None, None, **shared))
    assert (alone["match_quality"], alone["reason"]) == ("no_match", "several equal candidates")
    for name, said in (("Marion", "43302"), ("Richland", "44906")):
        housed = household(tmp_path, person("12 Main St", None, said, **shared))
        assert (housed["county"], housed["parcel_id"], housed["agrees"]) == (name, f"in {name}", True)
