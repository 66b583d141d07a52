"""Loading replaces a county whole or not at all, and what was loaded reads back as it was in the files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from bson import ObjectId
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from octopus_pipeline.counties import loading
from octopus_pipeline.counties.collections import find_counties, read_collection
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS, RESIDENTIAL
from octopus_pipeline.counties.file_errors import CountyFileError
from octopus_pipeline.counties.files import find_county_files
from octopus_pipeline.counties.loading import CountyLoadError, LoadedCounty, load_county
from octopus_pipeline.counties.tally import CountyTally
from octopus_pipeline_tests.counties.county_folder import HOUSEHOLDS, HOUSES, records, write

if TYPE_CHECKING:
    from pymongo.database import Database

    MongoDatabase = Database[dict[str, Any]]

COLLECTIONS = ["FranklinCountyDemographic", "FranklinCountyResidential"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "franklin_residential.csv", HOUSES)
    write(tmp_path, "franklin_demographic.csv", HOUSEHOLDS)
    return tmp_path


def load(database: MongoDatabase, folder: Path) -> LoadedCounty:
    return load_county(database, find_county_files(folder)["Franklin"])


def content(database: MongoDatabase) -> dict[str, list[dict[str, Any]]]:
    return {name: list(database[name].find()) for name in sorted(database.list_collection_names())}


def test_what_was_loaded_reads_back_as_it_was_in_the_files(
    mongo_database: MongoDatabase, folder: Path
) -> None:
    loaded = load(mongo_database, folder)
    assert sorted(content(mongo_database)) == COLLECTIONS
    for kind in KINDS:
        tally = CountyTally()
        found = read_collection(mongo_database, loaded.collections[kind.name], kind, tally)
        assert pa.Table.from_batches(found).equals(pa.Table.from_batches(records(folder, kind)))
        assert loaded.counts[kind.name].rows == tally.counts().rows == (4 if kind is RESIDENTIAL else 1)
    document = mongo_database["FranklinCountyResidential"].find_one({"parcel_id": "1"}, {"_id": 0})
    assert document == {"parcel_id": "1", "address": "12 MAIN ST", "parcel_zip": 43206, "age": 1987}


def test_loading_again_replaces_the_county_and_keeps_its_indexes(
    mongo_database: MongoDatabase, folder: Path
) -> None:
    mongo_database["FranklinResidential"].insert_one({"parcel_id": "old"})  # in the old spelling
    mongo_database["FranklinResidential"].create_index("address", name="by_address")
    for _ in range(2):
        loaded = load(mongo_database, folder)
    assert loaded.collections == {
        "residential": "FranklinResidential",
        "demographic": "FranklinCountyDemographic",
    }
    found = content(mongo_database)
    assert {name: len(documents) for name, documents in found.items()} == {
        "FranklinCountyDemographic": 1,
        "FranklinResidential": 4,
    }
    indexes = mongo_database["FranklinResidential"].index_information()
    assert sorted(indexes) == ["_id_", "by_address", "parcel_id_1"]


def test_a_kind_without_a_file_is_left_alone(mongo_database: MongoDatabase, folder: Path) -> None:
    load(mongo_database, folder)
    before = content(mongo_database)
    (folder / "franklin_demographic.csv").unlink()
    assert list(load(mongo_database, folder).counts) == ["residential"]
    assert content(mongo_database)["FranklinCountyDemographic"] == before["FranklinCountyDemographic"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("franklin_residential.csv", HOUSES + "5\n"),
        ("franklin_demographic.csv", HOUSEHOLDS + "2,JANE SAMPLE,jane@example.com\n"),
        ("franklin_demographic.csv", "parcel_id,email\n1,12\n"),
    ],
)
def test_a_refused_file_changes_nothing(
    mongo_database: MongoDatabase, folder: Path, name: str, text: str
) -> None:
    load(mongo_database, folder)
    before = content(mongo_database)
    write(folder, name, text)
    with pytest.raises(CountyFileError, match=name):
        load(mongo_database, folder)
    assert content(mongo_database) == before


def test_repeated_values_that_the_countys_own_index_forbids_change_nothing(
    mongo_database: MongoDatabase, folder: Path
) -> None:
    residential = mongo_database["FranklinCountyResidential"]
    residential.create_index("parcel_id", unique=True)
    residential.insert_one({"parcel_id": "old"})
    before = content(mongo_database)
    with pytest.raises(CountyLoadError, match="unique index") as raised:
        load(mongo_database, folder)
    assert content(mongo_database) == before
    assert raised.value.__context__ is None
    assert "12 MAIN ST" not in str(raised.value)


def test_a_county_of_which_only_half_could_be_replaced_is_named(
    mongo_database: MongoDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Collection.rename

    def refuse_the_second(collection: Collection[dict[str, Any]], name: str, **options: Any) -> None:
        if "Demographic" in name:
            raise OperationFailure("no", 13)
        rename(collection, name, **options)

    monkeypatch.setattr(Collection, "rename", refuse_the_second)
    with pytest.raises(CountyLoadError, match="Residential is new, but FranklinCountyDemographic could not"):
        load(mongo_database, folder)
    assert mongo_database.list_collection_names() == ["FranklinCountyResidential"]


def test_what_a_killed_load_left_is_no_county_and_is_removed_in_time(
    mongo_database: MongoDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = f"loading_{ObjectId()}_FranklinCountyResidential"
    mongo_database[left].insert_one({"parcel_id": "1"})
    assert find_counties(mongo_database) == {}
    load(mongo_database, folder)
    assert left in mongo_database.list_collection_names()
    monkeypatch.setattr(loading, "LEFTOVER_AGE", -loading.LEFTOVER_AGE)
    load(mongo_database, folder)
    assert sorted(mongo_database.list_collection_names()) == COLLECTIONS


def test_demographic_records_alone_make_a_county(mongo_database: MongoDatabase, folder: Path) -> None:
    (folder / "franklin_residential.csv").unlink()
    load(mongo_database, folder)
    assert find_counties(mongo_database)["Franklin"].name(DEMOGRAPHIC) == "FranklinCountyDemographic"
