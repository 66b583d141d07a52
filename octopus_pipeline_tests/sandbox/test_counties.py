"""Generated counties: the same from the same seed, with every trap of real ones, and a truth that is true."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from octopus_pipeline.counties.collections import find_counties, read_collection
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS, RESIDENTIAL
from octopus_pipeline.counties.file_reading import read_county_file
from octopus_pipeline.counties.files import find_county_files
from octopus_pipeline.counties.records import clean_documents
from octopus_pipeline.counties.tally import CountyTally
from octopus_pipeline.counties.zip_counties import counties_of
from octopus_pipeline.sandbox.account import Account, load_account
from octopus_pipeline.sandbox.counties import SampleCounty, generate_counties
from octopus_pipeline.sandbox.county_files import load_homes, save_counties
from octopus_pipeline.sandbox.county_spelling import Habits, county_street, plain_address
from octopus_pipeline.sandbox.generate import generate_account

if TYPE_CHECKING:
    from pymongo.database import Database

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def account() -> Account:
    return load_account(SAMPLE)


@pytest.fixture(scope="module")
def counties(account: Account) -> list[SampleCounty]:
    return generate_counties(account, seed=4)


def documents(counties: list[SampleCounty]) -> list[dict[str, Any]]:
    return [document for county in counties for document in (*county.residential, *county.demographic)]


def test_the_same_seed_makes_the_same_files(account: Account, tmp_path: Path) -> None:
    for name in ("once", "twice", "other"):
        save_counties(generate_counties(account, seed=5 if name == "other" else 4), tmp_path / name)
    for path in (tmp_path / "once").iterdir():
        assert path.read_bytes() == (tmp_path / "twice" / path.name).read_bytes()
        assert path.read_bytes() != (tmp_path / "other" / path.name).read_bytes()


def test_the_sample_is_what_its_readme_says_it_was_made_by(
    counties: list[SampleCounty], tmp_path: Path
) -> None:
    save_counties(counties, tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name: path.read_bytes() for path in (SAMPLE / "counties").iterdir()} == made
    assert sum(map(len, made.values())) < 300_000


def test_a_small_account_has_its_counties_too() -> None:
    for county in generate_counties(generate_account(seed=1, campaigns=1, rows=20), seed=1):
        assert 290 <= len(county.residential) <= 310


def test_participants_live_at_their_own_address_in_a_county_of_their_zip_code(
    account: Account, counties: list[SampleCounty]
) -> None:
    fields = {contact.email_address.lower(): contact.fields for contact in account.contacts.values()}
    homes = [home for county in counties for home in county.homes]
    assert len({home.email_address for home in homes}) == len(homes) > 300
    for county in counties:
        by_parcel = {document["parcel_id"]: document for document in county.residential}
        customers = {document["parcel_id"] for document in county.demographic}
        for home in county.homes:
            said = fields[home.email_address]
            plain = plain_address(str(said["Address"]))
            assert plain is not None
            assert by_parcel[home.parcel_id]["address"].startswith(f"{plain.number} ")
            assert home.county in dict(counties_of(int(str(said["ZIP"]))))
            assert home.customer_parcel_id is None or home.customer_parcel_id in customers


def test_nobody_without_a_home_has_an_address_at_a_parcel(
    account: Account, counties: list[SampleCounty]
) -> None:
    at_home = {home.email_address for county in counties for home in county.homes}
    parcels = {
        (plain.number, plain.core)
        for county in counties
        for document in county.residential
        if (plain := plain_address(str(document["address"])))
    }
    for contact in account.contacts.values():
        plain = plain_address(str(contact.fields.get("Address")))
        if plain and (plain.number, plain.core) in parcels:
            neighbours = {
                other.email_address.lower()
                for other in account.contacts.values()
                if (its := plain_address(str(other.fields.get("Address"))))
                and (its.number, its.core) == (plain.number, plain.core)
            }
            assert neighbours & at_home, contact.fields


def test_everybody_is_invented(counties: list[SampleCounty]) -> None:
    for document in documents(counties):
        email, mobile = document.get("email"), document.get("mobile")
        if isinstance(email, str) and email != "NA":
            assert email.lower().split("@")[1] in {
                "example.com",
                "example.org",
                "example.net",
                "mail.example.com",
            }
        if mobile not in {None, -1, "NA"} and not (isinstance(mobile, float) and math.isnan(mobile)):
            assert str(int(float(mobile)))[3:6] == "555"


def test_every_trap_of_real_records_is_there(counties: list[SampleCounty]) -> None:
    for county in counties:
        tally, customers = CountyTally(), CountyTally()
        for collection, (kind, count) in zip(
            county.collections.values(), ((RESIDENTIAL, tally), (DEMOGRAPHIC, customers)), strict=True
        ):
            count.add(clean_documents(kind, collection))
        counts = tally.counts()
        assert counts.duplicate_parcel_ids == 1
        assert (counts.without_parcel_id, counts.without_address, counts.without_house_number) == (1, 2, 2)
        assert counts.sharing_address >= 4
        assert 0 < counts.missing["parcel_zip"] < 40
        assert counts.unreadable == {}
        names = [document["customer_name"] for document in county.demographic]
        assert {(", " in name, len(name.split())) for name in names} >= {(False, 2), (False, 3), (True, 3)}
        types = {type(document["mobile"]) for document in county.demographic}
        assert types == {str, float, int}
        moved = [home for home in county.homes if home.customer_parcel_id not in {None, home.parcel_id}]
        assert moved
    assert [county.old_names for county in counties] == [False, False, True]
    assert set(counties[2].collections) == {"MorrowResidential", "MorrowDemographic"}
    assert "zip_code" in counties[2].residential[0]


def test_files_and_collections_say_the_same(
    counties: list[SampleCounty], tmp_path: Path, mongo_database: Database[dict[str, Any]]
) -> None:
    save_counties(counties, tmp_path)
    assert load_homes(tmp_path) == [home for county in counties for home in county.homes]
    for county in counties:
        for name, found in county.collections.items():
            mongo_database[name].insert_many([dict(document) for document in found])
    files, collections = find_county_files(tmp_path), find_counties(mongo_database)
    assert list(files) == list(collections) == ["Franklin", "Morrow", "Richland"]
    for county in counties:
        for kind in KINDS:
            of_files, of_collections = CountyTally(), CountyTally()
            collection = collections[county.name].name(kind)
            assert collection is not None
            from_collection = read_collection(mongo_database, collection, kind, of_collections)
            from_file = read_county_file(files[county.name], kind, of_files)
            assert pa.Table.from_batches(from_file).equals(pa.Table.from_batches(from_collection))
            assert of_files.counts() == of_collections.counts()


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("1592 Hillcrest Ave", "1592 HILLCREST AV"),
        ("1010 OH-314", "1010 ST RT 314"),
        ("1010 State Route 314", "1010 ST RT 314"),
        ("55 US Hwy 40", "55 U S 40"),
        ("55 County Road 59", "55 CR 59"),
        ("3684 4th Ave", "3684 FOURTH AV"),
        ("12 West High Street", "12 W HIGH ST"),
    ],
)
def test_counties_write_addresses_in_their_own_way(said: str, written: str) -> None:
    class Never:
        def random(self) -> float:
            return 1.0

    habits = Habits("ST RT {}", "U S {}", "CR {}", spells_ordinals=True, unit="UNIT")
    plain = plain_address(said)
    assert plain is not None
    assert f"{plain.number} {county_street(plain.street, habits, Never())}" == written  # type: ignore[arg-type]


def test_units_are_told_from_the_street() -> None:
    for text in ("12 Main St Apt 4", "12 MAIN ST #4", "12 Main St, Apt 4", "12 main st unit 4"):
        plain = plain_address(text)
        assert plain is not None
        assert (plain.number, plain.street, plain.unit, plain.core) == (12, "MAIN ST", "4", "MAIN")
    for text in (
        "@HOME",
        "",
        "12 .",
        "MAPLE RD",
        "345 MAPLE LN (REAR)",
        "12 N MAIN ST, APT 4, 'THE OLD MILL'",
    ):
        assert plain_address(text) is None
