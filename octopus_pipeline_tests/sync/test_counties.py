"""Syncing counties: what changed is read and prepared, what did not is left as it is, what is wrong fails alone."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pytest

from octopus_pipeline.counties.collections import read_collection
from octopus_pipeline.counties.fields import DEMOGRAPHIC_SCHEMA, KINDS, RESIDENTIAL, RESIDENTIAL_SCHEMA
from octopus_pipeline.counties.records import clean_documents
from octopus_pipeline.store.embedded import start_or_join, stop
from octopus_pipeline.store.mongo import MongoUnavailableError
from octopus_pipeline.sync import counties
from octopus_pipeline.sync.counties import (
    CountyFailure,
    CountyGoneError,
    CountyNotReadError,
    CountyResult,
    CountyStages,
    UnknownCountyError,
)
from octopus_pipeline.sync.county_index import index_path
from octopus_pipeline.sync.county_source import load_sample_counties
from octopus_pipeline.sync.plan import MAX_FAILURES
from octopus_pipeline.sync.source import OtherSourceError
from octopus_pipeline_tests.county_bench import (
    FRANKLIN,
    MORROW,
    RICHLAND,
    CountyBench,
    open_county_bench,
)

if TYPE_CHECKING:
    from octopus_pipeline.sync.counties import CountyIndex

HOUSES, HOUSEHOLDS = "FranklinCountyResidential", "FranklinCountyDemographic"
SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "counties"


@pytest.fixture
def bench(mongod_url: str, tmp_path: Path) -> Iterator[CountyBench]:
    with open_county_bench(mongod_url, tmp_path) as opened:
        yield opened


def done(outcome: CountyResult | CountyFailure) -> dict[str, bool]:
    """Which of a county's tables were read, and whether its index was built."""
    assert isinstance(outcome, CountyResult), outcome
    return {
        **{kind: table.was_read for kind, table in outcome.tables.items()},
        "index": index_of(outcome).was_built,
    }


def index_of(outcome: CountyResult | CountyFailure) -> CountyIndex:
    assert isinstance(outcome, CountyResult), outcome
    assert outcome.index
    return outcome.index


def versions(bench: CountyBench, county: str = FRANKLIN) -> dict[str, str]:
    return {kind: table.version for kind, table in bench.known()[county].state.tables.items()}


NOTHING = {"residential": False, "demographic": False, "index": False}
EVERYTHING = {"residential": True, "demographic": True, "index": True}


def test_new_counties_are_read_cleaned_stored_and_prepared(bench: CountyBench) -> None:
    bench.put(FRANKLIN, MORROW)
    assert bench.statuses() == {FRANKLIN: "new", MORROW: "new"}
    outcomes = bench.sync()
    assert {county: done(outcome) for county, outcome in outcomes.items()} == {
        FRANKLIN: EVERYTHING,
        MORROW: EVERYTHING,
    }
    assert bench.statuses() == {FRANKLIN: "current", MORROW: "current"}
    for county in (FRANKLIN, MORROW):
        for kind, documents in zip(KINDS, bench.made[county].collections.values(), strict=True):
            stored = bench.connections.tables.read(f"county_{kind.name}", county)
            assert stored.schema == kind.schema
            assert stored.equals(pa.Table.from_batches([clean_documents(kind, documents).records]))
            assert bench.known()[county].state.tables[kind.name].counts.rows == stored.num_rows
        assert index_path(bench.connections.settings, county).is_file()


def test_a_county_that_did_not_change_is_neither_read_nor_built_unless_asked_for(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    bench.sync()
    before = bench.known()[FRANKLIN]
    files = {path: path.stat().st_mtime_ns for path in bench.connections.settings.data_dir.rglob("*.*rr*")}
    assert bench.sync() == {}
    assert done(bench.sync(FRANKLIN)[FRANKLIN]) == NOTHING
    assert bench.known()[FRANKLIN] == before
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert done(bench.sync(FRANKLIN, force=True)[FRANKLIN]) == EVERYTHING


def test_of_a_changed_county_the_changed_collection_alone_is_read(bench: CountyBench) -> None:
    bench.put(FRANKLIN, MORROW)
    bench.sync()
    before = versions(bench)
    parcel = bench.records[HOUSES].find_one({"address": {"$regex": "^[1-9]"}})
    assert parcel
    bench.records[HOUSES].update_one({"_id": parcel["_id"]}, {"$set": {"address": "7 NEW ST"}})
    assert bench.statuses() == {FRANKLIN: "changed", MORROW: "current"}
    outcomes = bench.sync()
    assert {county: done(outcome) for county, outcome in outcomes.items()} == {
        FRANKLIN: {"residential": True, "demographic": False, "index": True}
    }
    assert "7 NEW ST" in bench.connections.tables.read("county_residential", FRANKLIN)["address"].to_pylist()
    after = versions(bench)
    assert after["demographic"] == before["demographic"]
    assert after["residential"] != before["residential"]


def test_a_collection_rewritten_as_it_was_is_read_but_its_version_and_index_stay(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    bench.sync()
    before = versions(bench)
    bench.put(FRANKLIN)
    assert bench.statuses() == {FRANKLIN: "changed"}
    assert done(bench.sync()[FRANKLIN]) == {"residential": True, "demographic": True, "index": False}
    assert versions(bench) == before
    assert bench.statuses() == {FRANKLIN: "current"}


def test_tables_and_indices_that_are_missing_or_damaged_are_made_again(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    bench.sync()
    table = Path(bench.connections.tables.location("county_demographic", FRANKLIN))
    index = index_path(bench.connections.settings, FRANKLIN)
    index.unlink()
    assert bench.statuses() == {FRANKLIN: "changed"}
    assert done(bench.sync()[FRANKLIN]) == {**NOTHING, "index": True}
    index.write_bytes(index.read_bytes()[:-1])
    assert done(bench.sync()[FRANKLIN]) == {**NOTHING, "index": True}
    table.unlink()
    assert done(bench.sync()[FRANKLIN]) == {**NOTHING, "demographic": True}
    table.write_bytes(table.read_bytes()[:-9])
    assert done(bench.sync(FRANKLIN)[FRANKLIN]) == {**NOTHING, "demographic": True}
    assert bench.connections.tables.read("county_demographic", FRANKLIN).num_rows


def test_an_index_whose_making_was_cut_short_is_made_again(
    bench: CountyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    bench.put(FRANKLIN)
    bench.sync()
    bench.records[HOUSES].update_many({"parcel_zip": {"$gt": 0}}, {"$set": {"parcel_zip": 44903}})
    # The new index takes its place, what it was made of cannot be noted.
    with monkeypatch.context() as patched:
        patched.setattr("octopus_pipeline.sync.county_index.whole_file", full)
        assert isinstance(bench.sync()[FRANKLIN], CountyFailure)
    bench.put(FRANKLIN)
    assert done(bench.sync()[FRANKLIN])["index"], (
        "else it would be taken for the one before, of these very records"
    )


def test_a_county_that_is_gone_keeps_what_was_read_until_it_is_emptied_on_purpose(bench: CountyBench) -> None:
    bench.put(FRANKLIN, MORROW)
    bench.sync()
    bench.records.drop_collection(HOUSEHOLDS)
    assert bench.statuses() == {FRANKLIN: "gone", MORROW: "current"}
    assert bench.sync() == {}, "nobody reads it unasked"
    outcome = bench.sync(FRANKLIN)[FRANKLIN]
    assert isinstance(outcome, CountyFailure)
    assert isinstance(outcome.error, CountyGoneError)
    assert HOUSEHOLDS in str(outcome.error)
    assert bench.connections.tables.rows("county_demographic", FRANKLIN) > 0
    bench.records.drop_collection(HOUSES)
    assert bench.statuses() == {FRANKLIN: "gone", MORROW: "current"}
    emptied = bench.sync(FRANKLIN, force=True)[FRANKLIN]
    assert index_of(emptied).record.bytes == 0
    assert bench.connections.tables.read("county_demographic", FRANKLIN).equals(
        DEMOGRAPHIC_SCHEMA.empty_table()
    )
    assert bench.connections.tables.read("county_residential", FRANKLIN).equals(
        RESIDENTIAL_SCHEMA.empty_table()
    )
    assert not index_path(bench.connections.settings, FRANKLIN).exists()
    assert bench.statuses() == {FRANKLIN: "current", MORROW: "current"}
    bench.put(FRANKLIN)
    assert bench.statuses() == {FRANKLIN: "changed", MORROW: "current"}


def test_one_kind_of_records_alone_is_a_county(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    bench.records.drop_collection(HOUSES)
    assert done(bench.sync()[FRANKLIN]) == EVERYTHING
    assert bench.statuses() == {FRANKLIN: "current"}
    assert bench.connections.tables.rows("county_residential", FRANKLIN) == 0
    bench.put(FRANKLIN)
    assert done(bench.sync()[FRANKLIN])["residential"]


def test_whatever_documents_hold_a_county_is_read(bench: CountyBench) -> None:
    damaged: list[dict[str, Any]] = [
        {},
        {"parcel_id": {"$where": "1"}, "address": ["12 MAIN ST"], "parcel_zip": "OHIO", "age": "old"},
        {"parcel_id": float("nan"), "address": "\N{HOUSE BUILDING}" * 100_000, "parcel_zip": 2**62},
        {"parcel_id": "1", "address": "'; DROP TABLE parcels; --", "parcel_zip": -1, "parcel_owner": "NULL"},
        {"parcel_id": True, "address": None, "parcel_zip": b"\xff", "rcn": "1e999"},
    ]
    bench.records[HOUSES].insert_many(damaged)
    assert done(bench.sync()[FRANKLIN]) == EVERYTHING
    counts = bench.known()[FRANKLIN].state.tables[RESIDENTIAL.name].counts
    assert (counts.rows, counts.unreadable) == (5, {"parcel_zip": 2, "rcn": 1, "year_built": 1})


def test_a_bad_county_is_an_outcome_among_good_ones(bench: CountyBench) -> None:
    bench.put(FRANKLIN, MORROW, RICHLAND)
    index_path(bench.connections.settings, MORROW).mkdir(parents=True)  # where its file is to go
    outcomes = bench.sync(FRANKLIN, "Nowhere", MORROW, RICHLAND)
    assert done(outcomes[FRANKLIN]) == done(outcomes[RICHLAND]) == EVERYTHING
    unknown, failed = outcomes["Nowhere"], outcomes[MORROW]
    assert isinstance(unknown, CountyFailure)
    assert isinstance(unknown.error, UnknownCountyError)
    assert isinstance(failed, CountyFailure)
    assert "the index of Morrow cannot be written to " in str(failed.error)
    assert bench.statuses() == {FRANKLIN: "current", MORROW: "changed", RICHLAND: "current"}
    assert bench.connections.tables.rows("county_residential", MORROW) > 0


def test_a_county_that_keeps_failing_is_left_alone_until_it_changes_or_is_well(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    obstacle = index_path(bench.connections.settings, FRANKLIN)
    obstacle.mkdir(parents=True)
    for attempt in range(MAX_FAILURES):
        assert not bench.known()[FRANKLIN].is_left_alone, attempt
        bench.sync(FRANKLIN)
    assert bench.known()[FRANKLIN].is_left_alone
    assert bench.known()[FRANKLIN].is_stale
    bench.put(FRANKLIN)
    assert not bench.known()[FRANKLIN].is_left_alone
    obstacle.rmdir()
    bench.sync(FRANKLIN)
    assert bench.known()[FRANKLIN].state.failures == 0


def test_an_index_alone_is_built_of_what_was_read(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    alone = CountyStages(frozenset(), index=True)
    refused = bench.sync(FRANKLIN, stages=alone)[FRANKLIN]
    assert isinstance(refused, CountyFailure)
    assert isinstance(refused.error, CountyNotReadError)
    tables = CountyStages(index=False)
    assert isinstance(bench.sync(FRANKLIN, stages=tables)[FRANKLIN], CountyResult)
    assert bench.statuses() == {FRANKLIN: "changed"}
    built = bench.sync(FRANKLIN, stages=alone)[FRANKLIN]
    assert done(built) == {"index": True}
    assert bench.statuses() == {FRANKLIN: "current"}


def test_looking_whether_anything_changed_reads_no_records(bench: CountyBench) -> None:
    bench.put(FRANKLIN, MORROW, RICHLAND)
    bench.sync()
    bench.records.command("profile", 2)
    assert bench.sync(FRANKLIN, MORROW, RICHLAND).keys() == {FRANKLIN, MORROW, RICHLAND}
    assert set(bench.statuses().values()) == {"current"}
    bench.records.command("profile", 0)
    asked = list(bench.records["system.profile"].find())
    assert asked
    assert max(one.get("docsExamined", 0) for one in asked) <= 1


def test_what_is_written_while_a_county_is_read_is_read_next_time(
    bench: CountyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(FRANKLIN)

    def read_and_write(*arguments: Any) -> Iterator[pa.RecordBatch]:
        yield from read_collection(*arguments)
        bench.records[HOUSES].insert_one({"parcel_id": "late", "address": "7 NEW ST"})

    monkeypatch.setattr(counties, "read_collection", read_and_write)
    bench.sync()
    monkeypatch.undo()
    assert bench.statuses() == {FRANKLIN: "changed"}
    bench.sync()
    assert "late" in bench.connections.tables.read("county_residential", FRANKLIN)["parcel_id"].to_pylist()
    assert bench.statuses() == {FRANKLIN: "current"}


def test_a_server_that_is_lost_ends_the_sync_in_words_of_ours(tmp_path: Path) -> None:
    server = start_or_join(tmp_path / "server")
    with open_county_bench(server.url, tmp_path / "bench") as bench:
        bench.put(FRANKLIN)
        stop(tmp_path / "server")
        with pytest.raises(MongoUnavailableError, match="was lost"):
            bench.sync(FRANKLIN)
        start_or_join(tmp_path / "server")


def test_sample_counties_are_loaded_into_the_embedded_server_alone(
    bench: CountyBench, tmp_path: Path
) -> None:
    assert load_sample_counties(bench.connections, SAMPLE) == []
    assert bench.records.list_collection_names() == []
    embedded = bench.connections.settings.model_copy(update={"mongo_connection_url": None})
    bench.connections.settings = embedded
    assert load_sample_counties(bench.connections, SAMPLE) == [FRANKLIN, MORROW, RICHLAND]
    bench.records.drop_collection("MorrowCountyResidential")
    bench.records.drop_collection("MorrowCountyDemographic")
    assert load_sample_counties(bench.connections, SAMPLE) == [MORROW], "what a killed one had left out"
    assert load_sample_counties(bench.connections, SAMPLE) == []
    assert isinstance(bench.sync()[FRANKLIN], CountyResult)
    bench.connections.settings = embedded.model_copy(update={"emailoctopus_base_url": None})
    with pytest.raises(OtherSourceError, match="invented counties"):
        bench.sync(FRANKLIN)


def test_where_there_are_counties_no_sample_is_loaded(bench: CountyBench) -> None:
    bench.put(FRANKLIN)
    bench.connections.settings = bench.connections.settings.model_copy(update={"mongo_connection_url": None})
    assert load_sample_counties(bench.connections, SAMPLE) == []
    assert sorted(bench.records.list_collection_names()) == [HOUSEHOLDS, HOUSES]
