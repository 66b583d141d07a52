"""What real addresses do, row by row: what a participant says, what the county has, and what is made of it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from octopus_pipeline_tests.matching.invented import (
    LEXINGTON,
    MANSFIELD,
    county,
    customer_at,
    found,
    house_at,
    person,
    residence,
)

_OHIO_314 = ("1010 SR 314", "1010 ST RT 314", "1010 STATE ROUTE 314")
_US_40 = ("1010 US 40", "1010 U S 40", "1010 US RT 40")
_ROUTES = [
    *product(("1010 OH-314", "1010 St Rte 314"), _OHIO_314),
    *product(("1010 US-40", "1010 US Hwy 40"), _US_40),
]


@pytest.mark.parametrize(
    ("said", "record", "quality", "method"),
    [
        ("5419 Martel Rd", "5419 MARTEL RD", "exact", "address exact"),
        ("1592 Hillcrest Ave", "1592 HILLCREST AV", "exact", "address normalised"),
        ("601 N Main St", "601 MAIN ST", "fuzzy", "address similar"),
        *((said, record, "exact", "state route") for said, record in _ROUTES),
        ("1010 State Route 314", "1010 ST RT 314", "exact", "state route"),
        ("1010 State Route 314", "1010 STATE ROUTE 314", "exact", "address exact"),
        ("360 Cadiz-New Athens Rd", "360 CADIZ NEW ATHENS RD", "exact", "address normalised"),
        ("360 Cadiz-New Athens Rd", "360 NEW ATHENS RD", "fuzzy", "address similar"),
        ("3684 4th Ave", "3684 FOURTH AV", "exact", "address normalised"),
        ("123 Main St Apt 4", "123 MAIN ST", "fuzzy", "address similar"),
        ("123 Main St #4", "123 MAIN ST", "fuzzy", "address similar"),
        ("123 Main St Apt 4", "123 MAIN ST UNIT 4", "exact", "address normalised"),
        ("123 Main St #4", "123 MAIN ST UNIT 4", "exact", "address normalised"),
    ],
)
def test_the_table_of_real_addresses(
    tmp_path: Path, said: str, record: str, quality: str, method: str
) -> None:
    county("Richland", house_at("it", record, "MANSFIELD", MANSFIELD)).prepare(tmp_path)
    answer = residence(tmp_path, said)
    assert (answer["match_quality"], answer["match_method"], answer["reason"]) == (quality, method, None)
    assert answer["match_score"] >= 0.95
    assert (answer["county"], answer["parcel_id"], answer["parcel_address"]) == ("Richland", "it", record)
    assert (answer["parcel_city"], answer["parcel_zip"], answer["year_built"]) == (
        "MANSFIELD",
        MANSFIELD,
        1987,
    )
    assert answer["review_parcel_id"] is None


@pytest.fixture(scope="module")
def richland(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the county and everything that county records do to an address."""
    folder = tmp_path_factory.mktemp("richland")
    mansfield = ("MANSFIELD", MANSFIELD)
    all_of_it = county(
        "Richland",
        *(house_at(f"condominium {unit}", f"123 CONCORD DR UNIT {unit}", *mansfield) for unit in (1, 4, 5)),
        *(house_at(f"flat {place}", "77 PARKWAY DR", *mansfield) for place in (1, 2, 3)),
        house_at("range", "30 32 TERRY ST", *mansfield),
        house_at("without ZIP", "88 BLUEBIRD LN", "MANSFIELD", None),
        house_at("without city", "89 BLUEBIRD LN", None, MANSFIELD),
        house_at("without both", "90 BLUEBIRD LN", None, None),
        house_at("without number", "GARDEN LN", *mansfield, parcel_owner="WINTERBOTTOM, ROSE"),
        house_at("without address", None, *mansfield, parcel_owner="NOBODY, NORA"),
        house_at("repeated", "15 REPEATED LN", *mansfield),
        house_at("repeated", "15 REPEATED LN", *mansfield),
        house_at("moved", "17 REPEATED LN", *mansfield),
        house_at("moved", "19 ELSEWHERE LN", *mansfield),
        house_at("not cleaned", "NA", "NA", None, parcel_owner="NA"),
    )
    all_of_it.demographic.append(
        customer_at("customer only", "ROSE SAMPLE", address="21 REPEATED LN", parcel_zip=MANSFIELD)
    )
    all_of_it.prepare(folder)
    return folder


@pytest.mark.parametrize(
    ("said", "parcel"),
    [
        ("25 N Maple St", "p0098"),
        ("25 S MAPLE STREET", "p0122"),
        ("304 Oak St", "p0146"),
        ("304 Oak Court", "p0170"),
        ("9604 Main", "p0223"),
        ("123 Concord Dr Unit 4", "condominium 4"),
        ("123 CONCORD DRIVE #5", "condominium 5"),
        ("30 Terry St", "range"),
        ("32 Terry Street", "range"),
        ("30-32 Terry St", "range"),
        ("88 Bluebird Lane", "without ZIP"),
        ("89 Bluebird Ln", "without city"),
        ("90 Bluebird Ln", "without both"),
        ("15 Repeated Ln", "repeated"),
        ("17 Repeated Ln", "moved"),
        ("19 Elsewhere Ln", "moved"),
        ("21 Repeated Ln", "customer only"),
        ("5410 Martell Rd", "p0005"),
        ("5410 Martel Rd, Mansfield, OH 44906-1234", "p0005"),
    ],
)
def test_what_tells_a_parcel_from_all_others_finds_it(richland: Path, said: str, parcel: str) -> None:
    answer = residence(
        richland, person(said) if said[:4] != "9604" else person(said, "LEXINGTON", str(LEXINGTON))
    )
    assert (answer["match_quality"] in {"exact", "fuzzy"}, answer["parcel_id"]) == (True, parcel)


@pytest.mark.parametrize(
    "said",
    [
        "25 Maple St",
        "25 E Maple St",
        "304 Oak",
        "304 Oak Dr",
        "123 Concord Dr",
        "77 Parkway Dr",
        "77 Parkway Dr Apt 2",
    ],
)
def test_what_several_parcels_share_is_somebody_s_to_look_at(richland: Path, said: str) -> None:
    answer = residence(richland, said)
    assert (answer["match_quality"], answer["reason"]) == ("review", "several equal candidates")
    assert (answer["county"], answer["parcel_id"], answer["parcel_address"], answer["match_method"]) == (
        None,
    ) * 4
    assert answer["review_county"] == "Richland"
    assert answer["review_address"].split()[0] == said.split()[0]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("31 Terry St", "number unknown"),
        ("5411 Martel Rd", "number unknown"),
        ("Garden Ln", "number unknown"),
        ("12 Garden Ln", "number unknown"),
        ("12 Nowhere Ln", "street unknown"),
        ("P.O. Box 12", "PO box"),
        ("PO BOX 5410 MARTEL", "PO box"),
        ("NA", "no address"),
        ("same", "no address"),
        ("-1", "no address"),
        ("5410", "no address"),
        ("", "no address"),
    ],
)
def test_what_no_parcel_is_known_by_finds_none(richland: Path, said: str, reason: str) -> None:
    answer = residence(richland, said)
    assert answer["match_quality"] == "no_match"
    assert answer["reason"] == reason
    told = {name for name, value in answer.items() if value is not None}
    assert told <= {"match_quality", "match_score", "reason"}


def test_long_names_are_not_alike_for_being_long(tmp_path: Path) -> None:
    county("Richland", house_at("it", "110 MARTIN LUTHER KING BLVD", "MANSFIELD", MANSFIELD)).prepare(
        tmp_path
    )
    answer = residence(tmp_path, "110 Stringtown Brookfield Rd")
    assert (answer["match_score"], answer["reason"]) == (None, "street unknown")


def test_a_name_finds_what_has_no_number_and_tells_a_slip_from_another_house(richland: Path) -> None:
    rose = {"first_name": "Rose", "last_name": "Winterbottom"}
    swapped = {"first_name": "Alice", "last_name": "Jolicoeur"}  # the customer of 5418 MARTEL RD
    answers = found(
        richland,
        person("Garden Ln", **rose),
        person("12 Garden Ln", **rose),
        person("5481 Martel Rd", **swapped),
        person("5481 Martel Rd", first_name="Rose", last_name="Sample"),
    ).residence.to_pylist()
    assert [answer["parcel_id"] for answer in answers] == ["without number", "without number", "p0009", None]
    assert {answer["match_method"] for answer in answers[:3]} == {"name and address"}


def test_the_two_spellings_of_a_parcel_s_address_are_one_address(tmp_path: Path) -> None:
    """Auditor and energy company write differently: the neighbours that a parcel seems to have cost it its match."""
    plain, twice, township = county(), county(), county()
    twice.demographic = [
        {**record, "address": re.sub(" RD$", " ROAD", re.sub(" ST$", " STREET", record["address"]))}
        for record in plain.demographic
    ]
    township.demographic = [{**record, "service_city": "MADISON TWP"} for record in twice.demographic]
    asked = ("5410 Martel Rd", "25 Maple St", "304 OAK CT", "600 Main St Apt 4")
    answers = []
    for place, one in enumerate((plain, twice, township)):
        counts = one.prepare(tmp_path / str(place))
        assert (counts.parcels, counts.customers, counts.crowded) == (len(plain.residential),) * 2 + (0,)
        answers.append(found(tmp_path / str(place), *asked).residence)
    assert answers[0].equals(answers[1])
    assert (
        answers[0]
        .select(["parcel_id", "match_quality"])
        .equals(answers[2].select(["parcel_id", "match_quality"]))
    )
