"""Input that means harm, or nothing: it raises nothing and matches nobody."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus_pipeline.counties import cleaning
from octopus_pipeline.matching.households import (
    DEMOGRAPHIC_MATCH_SCHEMA,
    PARTICIPANT_SCHEMA,
    RESIDENCE_SCHEMA,
    find_households,
)
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.teaching import teach
from octopus_pipeline_tests.matching.invented import (
    MANSFIELD,
    County,
    county,
    customer_at,
    found,
    house_at,
    household,
    participants,
    person,
    residence,
)

MEGABYTE = 1 << 20

HOSTILE = (
    "A" * MEGABYTE,
    "1" * MEGABYTE,
    "1 " * (MEGABYTE // 2),
    "(" * MEGABYTE,
    "12 " + "N " * (MEGABYTE // 2) + "ST",
    " " * MEGABYTE + "5410 MARTEL RD",
    "\U0001f3e0\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1fa\U0001f1f8",
    "5\ufe0f\u20e34\ufe0f\u20e3 \U0001f3e0 \U0001f600",
    "\u0634\u0627\u0631\u0639 \u0627\u0644\u0645\u0644\u0643 \u0661\u0662",
    "\u202eDR LETRAM 0145\u202c",
    "\u05e8\u05d7\u05d5\u05d1 \u05d4\u05e8\u05e6\u05dc 12",
    "\x00",
    "\x00\x00 \x01\x7f\x1b[2J",
    "NULL",
    "null",
    "None",
    "NaN",
    "undefined",
    "[object Object]",
    "'; DROP TABLE parcels; --",
    "' OR '1'='1",
    "1 UNION SELECT * FROM parcels",
    '{"$where": "sleep(10000)"}',
    "$where: function() { return true }",
    '{"$ne": null}',
    ".*",
    "^(a+)+$",
    "%s%n%x",
    "../../../etc/passwd",
    '=HYPERLINK("http://example.com")',
    "<script>alert(1)</script>",
    "9" * 30,
    "9" * 30 + " MARTEL RD",
    "-" + "9" * 30,
    "1e400",
    "inf",
    "0x5410 MARTEL RD",
    "\ufffd\ufffd",
    "\ufeff",
    "a\u0300" * 1000,
    "\ufdfa" * 1000,  # one character, eighteen when it is folded
)

_lean = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def richland(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one county."""
    folder = tmp_path_factory.mktemp("counties")
    county().prepare(folder)
    return folder


def test_hostile_addresses_match_nobody(richland: Path) -> None:
    rows = [
        person(text, city, zip_code)
        for text in HOSTILE
        for city, zip_code in (("MANSFIELD", "44906"), (text, text))
    ]
    answer = found(richland, *rows)
    assert answer.residence["match_quality"].to_pylist() == ["no_match"] * len(rows)
    assert answer.demographic["match_quality"].to_pylist() == ["no_match"] * len(rows)
    assert set(answer.residence["reason"].to_pylist()) <= {"no address", "street unknown", "number unknown"}


def test_hostile_names_and_contacts_are_nobody_s(richland: Path) -> None:
    """With an address they neither help nor spoil; without one they find nobody."""
    contacts = [{"first_name": text, "last_name": text, "email": text, "phone": text} for text in HOSTILE]
    alone = found(richland, *(person(None, None, None, **contact) for contact in contacts))
    assert set(alone.residence["reason"].to_pylist()) == {"no address"}
    assert set(alone.demographic["match_quality"].to_pylist()) == {"no_match"}
    housed = found(richland, *(person("5410 Martel Rd", **contact) for contact in contacts))
    assert set(housed.residence["parcel_id"].to_pylist()) == {"p0005"}
    assert set(housed.demographic["parcel_id"].to_pylist()) == {"p0005"}


def test_hostile_records_are_nobody_s_household(tmp_path: Path) -> None:
    one = county()
    for place, text in enumerate(HOSTILE):
        key = f"hostile {place}"
        one.residential.append(house_at(key, text, text, None, parcel_owner=text))
        where = {"address": text, "service_city": text, "email": text, "mobile": text}
        one.demographic.append(customer_at(key, text, **where))
    assert one.prepare(tmp_path).parcels == len(one.residential)
    answer = found(tmp_path, "5410 Martel Rd", "600 Main St", "12 Nowhere Ln", "", "Main St").residence
    assert answer["parcel_id"].to_pylist() == ["p0005", "p0053", None, None, None]


def test_half_a_surrogate_pair_reads_as_any_unknown_character(richland: Path) -> None:
    """As documents are read, by `cleaning.column`: Arrow itself holds none."""
    texts = cleaning.column(["\ud83c", "5410 \udfe0 MARTEL RD", "\ud83c \udfe0"])
    people = pa.table([texts] + [pa.nulls(3, pa.string())] * 6, schema=PARTICIPANT_SCHEMA)
    answer = find_households(people, PreparedCounties(richland)).residence
    assert answer["match_quality"].to_pylist()[::2] == ["no_match"] * 2


@given(st.lists(st.text(max_size=60), min_size=7, max_size=7), st.lists(st.binary(max_size=20), max_size=3))
@_lean
def test_no_text_raises(richland: Path, texts: list[str], junk: list[bytes]) -> None:
    texts += [one.decode("latin-1") for one in junk]
    rows = [
        dict(zip(PARTICIPANT_SCHEMA.names, texts[place:] + texts[:place], strict=False)) for place in range(7)
    ]
    answer = found(richland, *rows)
    assert answer.residence.schema.equals(RESIDENCE_SCHEMA)
    assert answer.demographic.schema.equals(DEMOGRAPHIC_MATCH_SCHEMA)
    assert set(answer.residence["match_quality"].to_pylist()) == {"no_match"}


def _without(one: County, *names: str) -> County:
    one.residential = [{**house, **dict.fromkeys(names)} for house in one.residential]
    one.demographic = [
        {**who, **dict.fromkeys({"parcel_zip", *names} & {"parcel_zip", "address"})}
        for who in one.demographic
    ]
    return one


def _lone() -> County:
    return County("Richland", [house_at("lone", "5410 MARTEL RD", "MANSFIELD", MANSFIELD)], [])


EMPTY = [
    pytest.param(County("Richland"), id="no records"),
    pytest.param(
        County("Richland", [house_at("it", None, None, None)], [customer_at("it", None)]), id="nothing said"
    ),
    pytest.param(_without(county(), "address"), id="no addresses"),
    pytest.param(
        County("Richland", [{**house_at("", "5410 MARTEL RD", None, None), "parcel_id": None}]), id="no ids"
    ),
]


@pytest.mark.parametrize("one", EMPTY)
def test_a_county_that_says_nothing_matches_nobody(tmp_path: Path, one: County) -> None:
    counts = one.prepare(tmp_path)
    assert counts.addresses == 0
    assert all(isinstance(count, int) for count in counts.metadata().values())
    asked = person("5410 Martel Rd", first_name="Rose", last_name="Sample", email="rose@example.com")
    answer = found(tmp_path, asked, "", "PO Box 3")
    assert answer.residence["reason"].to_pylist() == ["street unknown", "no address", "PO box"]
    assert answer.demographic["reason"].to_pylist() == ["street unknown", "no address", "PO box"]
    assert teach(participants(asked), PreparedCounties(tmp_path), least=1) == {"Richland": 1}


def test_a_county_of_one_parcel_matches_that_alone(tmp_path: Path) -> None:
    _lone().prepare(tmp_path)
    answer = found(tmp_path, "5410 Martel Rd", "5412 Martel Rd", "5410 Main St", "Martel Rd").residence
    assert answer["parcel_id"].to_pylist() == ["lone", None, None, None]
    assert answer["reason"].to_pylist() == [None, "number unknown", "street unknown", "number unknown"]


def test_a_county_without_zips_is_found_by_its_cities(tmp_path: Path) -> None:
    _without(county(), "parcel_zip").prepare(tmp_path)
    assert residence(tmp_path, "5410 Martel Rd")["parcel_id"] == "p0005"
    assert residence(tmp_path, "600 Main St")["parcel_id"] == "p0053"
    assert residence(tmp_path, person("600 Main St", None, None))["parcel_id"] == "p0053"
    nowhere = household(
        tmp_path, person("9999 Martel Rd", None, None, first_name="Alice", last_name="Jolicoeur")
    )
    assert nowhere["match_quality"] == "no_match"


def test_nobody_asks_and_nothing_is_asked(richland: Path, tmp_path: Path) -> None:
    for folder in (richland, tmp_path, tmp_path / "missing"):
        for people in (
            PARTICIPANT_SCHEMA.empty_table(),
            pa.table([pa.chunked_array([], pa.string())] * 7, schema=PARTICIPANT_SCHEMA),
            pa.table([pa.nulls(3, pa.string())] * 7, schema=PARTICIPANT_SCHEMA),
        ):
            answer = find_households(people, PreparedCounties(folder))
            assert answer.residence["match_quality"].to_pylist() == ["no_match"] * len(people)
            assert answer.residence["reason"].to_pylist() == ["no address"] * len(people)
            assert answer.residence.schema.equals(RESIDENCE_SCHEMA)
            assert answer.demographic.schema.equals(DEMOGRAPHIC_MATCH_SCHEMA)
            assert set(teach(people, PreparedCounties(folder), least=0).values()) <= {0}
