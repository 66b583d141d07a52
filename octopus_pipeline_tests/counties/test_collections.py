"""County collections of any spelling are found and read, whatever their documents hold, and watched cheaply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pyarrow as pa
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from octopus_pipeline.counties.collections import (
    CountyReadError,
    collection_name,
    find_counties,
    read_collection,
)
from octopus_pipeline.counties.fields import DEMOGRAPHIC, DEMOGRAPHIC_SCHEMA, RESIDENTIAL
from octopus_pipeline.counties.fingerprint import Fingerprint, fingerprints
from octopus_pipeline.counties.tally import CountyTally
from octopus_pipeline.store.embedded import start_or_join, stop
from octopus_pipeline.store.mongo import MongoUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    MongoDatabase = Database[dict[str, Any]]

HOUSE = {"parcel_id": "1", "address": "12 MAIN ST", "annual_kwh_cost": 1200.0, "mobile": "6145551234"}


def test_counties_are_found_by_the_names_of_their_collections(mongo_database: MongoDatabase) -> None:
    for name in (
        "FranklinCountyResidential",
        "FranklinCountyDemographic",
        "VanWertCountyResidential",
        "OttawaResidential",
        "OttawaCountyResidential",
        "MorrowResidential",
        "MORROWCountyDemographic",
        "SampleTownDemographic",
        "participants",
        "CountyResidential",
        "Residential",
        "loading_6b01b47377fec60e253be304_FranklinCountyResidential",
    ):
        mongo_database[name].insert_one({})
    mongo_database.command("create", "RossCountyResidential", viewOn="OttawaResidential", pipeline=[])
    found = find_counties(mongo_database)
    assert list(found) == ["Franklin", "Morrow", "Ottawa", "SampleTown", "VanWert"]
    franklin, ottawa = found["Franklin"], found["Ottawa"]
    assert franklin.residential == collection_name("Franklin", RESIDENTIAL) == "FranklinCountyResidential"
    assert franklin.demographic == collection_name("Franklin", DEMOGRAPHIC)
    assert (ottawa.residential, ottawa.shadowed) == ("OttawaCountyResidential", ["OttawaResidential"])
    assert (found["Morrow"].residential, found["Morrow"].name(DEMOGRAPHIC)) == (
        "MorrowResidential",
        "MORROWCountyDemographic",
    )
    assert found["VanWert"].demographic is None


def test_a_collection_is_read_in_batches_of_cleaned_records(mongo_database: MongoDatabase) -> None:
    mongo_database["AllenCountyDemographic"].insert_many(
        [{**HOUSE, "parcel_id": n, "mobile": n if n % 2 else -1, "junk": "x" * 1000} for n in range(25)]
    )
    tally = CountyTally()
    batches = list(
        read_collection(mongo_database, "AllenCountyDemographic", DEMOGRAPHIC, tally, batch_rows=10)
    )
    assert [batch.num_rows for batch in batches] == [10, 10, 5]
    table = pa.Table.from_batches(batches, DEMOGRAPHIC_SCHEMA)
    assert table["parcel_id"].to_pylist() == [str(n) for n in range(25)]
    assert tally.counts().rows == 25
    assert tally.counts().unreadable == {"mobile": 12}


def test_documents_that_the_driver_would_refuse_are_read(mongo_database: MongoDatabase) -> None:
    broken = bson.encode({"parcel_id": "1", "address": "12 CAXON CT"}).replace(b"CAXON", b"CA\xd1ON")
    late = bson.encode({"parcel_id": bson.datetime_ms.DatetimeMS(2**60), "address": "14 MAIN ST"})
    mongo_database["AllenResidential"].insert_many([RawBSONDocument(broken), RawBSONDocument(late)])
    (batch,) = read_collection(mongo_database, "AllenResidential", RESIDENTIAL, CountyTally())
    assert batch.column("address").to_pylist() == ["12 CA\ufffdON CT", "14 MAIN ST"]


def test_a_collection_that_is_replaced_while_it_is_read_is_an_error(mongo_database: MongoDatabase) -> None:
    collection = mongo_database["AllenCountyResidential"]
    collection.insert_many([{**HOUSE, "n": n} for n in range(12_000)])
    batches = read_collection(
        mongo_database, "AllenCountyResidential", RESIDENTIAL, CountyTally(), batch_rows=100
    )
    next(batches)
    collection.drop()
    with pytest.raises(CountyReadError, match="AllenCountyResidential could not be read") as raised:
        list(batches)
    assert raised.value.__context__ is None


def test_the_fingerprint_tells_every_change(mongo_database: MongoDatabase) -> None:
    name = "AllenCountyDemographic"
    collection = mongo_database[name]
    assert fingerprints(mongo_database, [name]) == {}
    collection.insert_many([{**HOUSE, "_id": n, "parcel_id": str(n)} for n in range(50)])

    def look() -> Fingerprint:
        return fingerprints(mongo_database, [name, "AllenCountyResidential"])[name]

    seen = [look()]
    assert seen[0].documents == 50

    def changed() -> bool:
        list(collection.find())  # reading is no change
        seen.append(look())
        assert seen[-1] == look()
        return seen[-1] not in seen[:-1]

    assert not changed()
    collection.update_one({"_id": 7}, {"$set": {"annual_kwh_cost": 1300.0}})  # of the same size
    assert changed()
    collection.replace_one({"_id": 7}, {**HOUSE, "parcel_id": "8"})
    assert changed()
    collection.delete_one({"_id": 20})
    assert changed()
    collection.insert_one({**HOUSE, "_id": 20, "parcel_id": "20"})
    assert changed()
    mongo_database["aside"].insert_many(list(collection.find()))
    mongo_database["aside"].rename(name, dropTarget=True)
    assert changed()


def test_a_server_that_is_gone_is_named(tmp_path: Path) -> None:
    server = start_or_join(tmp_path)
    with MongoClient[dict[str, Any]](server.url, serverSelectionTimeoutMS=200) as client:
        client.test["AllenResidential"].insert_one(HOUSE)
        stop(tmp_path)
        with pytest.raises(MongoUnavailableError, match="was lost"):
            find_counties(client.test)
        with pytest.raises(MongoUnavailableError, match="was lost"):
            fingerprints(client.test, ["AllenResidential"])
        with pytest.raises(MongoUnavailableError, match="was lost"):
            list(read_collection(client.test, "AllenResidential", RESIDENTIAL, CountyTally()))
