"""Counties on a real Dagster instance: runs, what they record, checks, and the sensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from octopus_pipeline.assets.county_specs import INDEX_KEY, TABLE_KEYS
from octopus_pipeline.orchestration.jobs import RANGE_END, RANGE_START, SYNC_COUNTIES, range_tags
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.store.embedded import start_or_join, stop
from octopus_pipeline.sync.county_index import index_path
from octopus_pipeline_tests.county_bench import FRANKLIN, MORROW, RICHLAND, CountyBench, open_county_bench
from octopus_pipeline_tests.orchestration.project import checks, failure

if TYPE_CHECKING:
    from dagster._core.definitions.sensor_definition import SensorExecutionData

KEYS = [*TABLE_KEYS.values(), INDEX_KEY]


@dataclass(frozen=True)
class CountyProject:
    """Counties, and the Dagster instance that works on them."""

    bench: CountyBench
    instance: dg.DagsterInstance

    def run(self, *keys: str, force: bool = False, **options: Any) -> dg.ExecuteInProcessResult:
        """Run `sync_counties` over partitions that are neighbours, adding them before."""
        self.instance.add_dynamic_partitions("counties", keys)
        definitions = build_definitions(
            self.bench.connections.settings, connections=self.bench.connections, loggers={}
        )
        return definitions.resolve_job_def(SYNC_COUNTIES.name).execute_in_process(
            instance=self.instance,
            tags=range_tags(keys[0], keys[-1]),
            run_config={"ops": {"county_sync": {"config": {"force": force}}}},
            raise_on_error=False,
            **options,
        )

    def tick(self) -> SensorExecutionData:
        """A tick of `new_counties` as the daemon makes it, its partitions added."""
        definitions = build_definitions(self.bench.connections.settings)
        context = dg.SensorEvaluationContext(
            instance_ref=self.instance.get_ref(),
            last_tick_completion_time=None,
            last_run_key=None,
            cursor=None,
            repository_name=None,
            sensor_name="new_counties",
            definitions=definitions,
        )
        with context:
            data = definitions.resolve_sensor_def("new_counties").evaluate_tick(context)
        for added in data.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions("counties", added.partition_keys)
        return data

    def requested(self) -> list[str]:
        """The counties that a tick requests runs for."""
        data = self.tick()
        ordered = list(self.instance.get_dynamic_partitions("counties"))
        keys: list[str] = []
        for request in data.run_requests or []:
            assert request.run_key is None, "by state"
            first = request.tags.get(RANGE_START, request.partition_key)
            last = request.tags.get(RANGE_END, request.partition_key)
            keys += ordered[ordered.index(str(first)) : ordered.index(str(last)) + 1]
        return keys


@pytest.fixture
def counties(mongod_url: str, tmp_path: Path) -> Iterator[CountyProject]:
    with open_county_project(mongod_url, tmp_path) as opened:
        yield opened


@contextmanager
def open_county_project(mongod_url: str, folder: Path) -> Iterator[CountyProject]:
    home = folder / "dagster"
    home.mkdir(parents=True)
    with (
        open_county_bench(mongod_url, folder) as bench,
        dg.DagsterInstance.local_temp(str(home), {"telemetry": {"enabled": False}}) as instance,
    ):
        yield CountyProject(bench, instance)


def made(result: dg.ExecuteInProcessResult) -> set[tuple[dg.AssetKey | None, str | None]]:
    return {(event.asset_key, event.partition) for event in result.get_asset_materialization_events()}


def shown(result: dg.ExecuteInProcessResult, key: dg.AssetKey, county: str) -> dg.AssetMaterialization:
    (event,) = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if (event.asset_key, event.partition) == (key, county)
    ]
    return event


def version(result: dg.ExecuteInProcessResult, key: dg.AssetKey, county: str = FRANKLIN) -> str:
    return (shown(result, key, county).tags or {})["dagster/data_version"]


def test_a_ranged_run_materialises_every_county_and_says_what_its_records_are_like(
    counties: CountyProject,
) -> None:
    counties.bench.put(FRANKLIN, MORROW)
    result = counties.run(FRANKLIN, MORROW)
    assert result.success
    assert made(result) == {(key, county) for key in KEYS for county in (FRANKLIN, MORROW)}
    for county in (FRANKLIN, MORROW):
        residential = shown(result, TABLE_KEYS["residential"], county).metadata
        records = counties.bench.made[county].residential
        assert residential["dagster/row_count"].value == len(records)
        assert residential["rows with a repeated parcel id"].value == 1
        assert residential["rows without address"].value == 2
        assert residential["read"].value == "to its end"
        assert Path(str(residential["table"].value)).is_file()
        index = shown(result, INDEX_KEY, county).metadata
        assert index["built"].value == "anew"
        assert Path(str(index["file"].value)) == index_path(counties.bench.connections.settings, county)
        assert index["bytes"].value == Path(str(index["file"].value)).stat().st_size
    assert len(result.get_asset_check_evaluations()) == 2 * 6
    assert all(checks(result).values())


def test_an_unchanged_county_keeps_its_data_versions_and_a_forced_one_too(counties: CountyProject) -> None:
    counties.bench.put(FRANKLIN)
    first, second = counties.run(FRANKLIN), counties.run(FRANKLIN)
    forced = counties.run(FRANKLIN, force=True)
    for key in KEYS:
        assert version(first, key) == version(second, key) == version(forced, key)
    read = [
        shown(run, TABLE_KEYS["residential"], FRANKLIN).metadata["read"].value for run in (second, forced)
    ]
    assert read == ["unchanged since it was last read", "to its end"]
    built = [shown(run, INDEX_KEY, FRANKLIN).metadata["built"].value for run in (second, forced)]
    assert built == ["unchanged since it was last built", "anew"]
    counties.bench.records["FranklinCountyResidential"].delete_one({})
    changed = counties.run(FRANKLIN)
    same = [key for key in KEYS if version(changed, key) == version(first, key)]
    assert same == [TABLE_KEYS["demographic"]]


def test_a_bad_county_is_named_and_the_good_ones_are_recorded(counties: CountyProject) -> None:
    counties.bench.put(FRANKLIN, RICHLAND)
    result = counties.run(FRANKLIN, "Nowhere", RICHLAND)
    assert not result.success
    assert "1 of 3 counties failed" in failure(result)
    assert "Nowhere: the database" in failure(result)
    assert made(result) == {(key, county) for key in KEYS for county in (FRANKLIN, RICHLAND)}
    again = counties.run(FRANKLIN)
    assert again.success


def test_a_single_asset_can_be_made(counties: CountyProject) -> None:
    counties.bench.put(FRANKLIN)
    only = counties.run(FRANKLIN, asset_selection=[TABLE_KEYS["residential"]])
    assert made(only) == {(TABLE_KEYS["residential"], FRANKLIN)}
    assert {name for name, _ in checks(only)} == {
        "did_not_shrink",
        "zips_are_of_the_county",
        "parcels_have_house_numbers",
        "parcel_ids_are_unique",
    }


def warned(result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    """The checks that did not pass, by name and asset."""
    assert result.success, "checks of counties warn"
    return {
        (one.check_name, one.asset_key.path[-1])
        for one in result.get_asset_check_evaluations()
        if not one.passed
    }


def test_each_check_warns_of_what_it_is_for(counties: CountyProject) -> None:
    counties.bench.put(FRANKLIN)
    houses = counties.bench.records["FranklinCountyResidential"]
    assert warned(counties.run(FRANKLIN)) == set()

    ids = [document["_id"] for document in houses.find({}, {"_id": 1})]
    houses.delete_many({"_id": {"$in": ids[: len(ids) // 15]}})  # 6.7 %, more than 5
    shrunk = {("did_not_shrink", "county_residential")}
    assert warned(counties.run(FRANKLIN)) == shrunk
    assert warned(counties.run(FRANKLIN)) == shrunk, "it is no larger for being looked at again"
    assert warned(counties.run(FRANKLIN, force=True)) == shrunk

    counties.bench.put(FRANKLIN)
    houses.update_many({"parcel_zip": {"$gt": 0}}, {"$set": {"parcel_zip": 44903}})  # Richland's
    result = counties.run(FRANKLIN)
    assert warned(result) == {("zips_are_of_the_county", "county_residential")}
    (evaluation,) = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert list(evaluation.metadata["rows_outside"].value) == ["44903"]  # type: ignore[arg-type]

    counties.bench.put(FRANKLIN)
    for document in houses.find().limit(45):
        houses.update_one({"_id": document["_id"]}, {"$set": {"address": "HILLCREST AV"}})
    assert warned(counties.run(FRANKLIN)) == {("parcels_have_house_numbers", "county_residential")}

    counties.bench.put(FRANKLIN)
    for document in houses.find().limit(9):
        houses.update_one({"_id": document["_id"]}, {"$set": {"parcel_id": "1"}})
    assert warned(counties.run(FRANKLIN)) == {("parcel_ids_are_unique", "county_residential")}


def test_the_sensor_adds_new_counties_and_requests_what_is_new_or_changed_until_it_is_read(
    counties: CountyProject,
) -> None:
    assert "0 counties looked at" in str(counties.tick().skip_message)
    counties.bench.put(FRANKLIN, RICHLAND)
    first = counties.tick()
    (added,) = first.dynamic_partitions_requests or []
    assert added.partition_keys == [FRANKLIN, RICHLAND]
    assert [request.tags[RANGE_END] for request in first.run_requests or []] == [RICHLAND]
    assert counties.requested() == [FRANKLIN, RICHLAND], "it was not read yet"
    counties.run(FRANKLIN, RICHLAND)
    assert counties.requested() == []
    counties.bench.put(MORROW)
    counties.bench.records["FranklinCountyDemographic"].delete_one({})
    assert counties.requested() == [FRANKLIN, MORROW]
    run = counties.instance.create_run_for_job(
        build_definitions(counties.bench.connections.settings).resolve_job_def(SYNC_COUNTIES.name),
        tags={"dagster/partition": MORROW},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert counties.requested() == [FRANKLIN], "a run will read it"
    counties.instance.delete_run(run.run_id)
    counties.bench.records.drop_collection("FranklinCountyResidential")
    data = counties.tick()
    assert [request.partition_key for request in data.run_requests or []] == [MORROW]
    counties.run(MORROW)
    assert "gone: Franklin" in str(counties.tick().skip_message)
    assert counties.instance.get_dynamic_partitions("counties") == [FRANKLIN, RICHLAND, MORROW]


def test_an_outage_is_a_reason_to_skip(tmp_path: Path) -> None:
    server = start_or_join(tmp_path / "server")
    with open_county_project(server.url, tmp_path / "project") as counties:
        counties.bench.put(FRANKLIN)
        counties.bench.connections.settings = counties.bench.connections.settings.model_copy(
            update={"mongo_timeout_seconds": 0.5}
        )
        stop(tmp_path / "server")
        data = counties.tick()
        start_or_join(tmp_path / "server")
    assert "Nothing was looked at" in str(data.skip_message)
    assert not data.run_requests
    assert not data.dynamic_partitions_requests


def test_nothing_that_the_instance_keeps_names_a_person_or_an_address(counties: CountyProject) -> None:
    counties.bench.put(FRANKLIN)
    counties.run(FRANKLIN, "Nowhere")
    told = "\n".join(
        str(record.event_log_entry)
        for run in counties.instance.get_runs()
        for record in counties.instance.get_records_for_run(run.run_id).records
    )
    assert "county_residential" in told
    for document in (*counties.bench.made[FRANKLIN].residential, *counties.bench.made[FRANKLIN].demographic):
        for name in ("address", "parcel_owner", "customer_name", "email", "mobile"):
            said = document.get(name)
            if isinstance(said, str) and len(said) > 4:
                assert said not in told
