"""Matches remembered: nobody is looked for twice, unless the person, a county or the matching changed."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from octopus_pipeline.matching import remembered
from octopus_pipeline.matching.households import RESIDENCE_SCHEMA
from octopus_pipeline.matching.parallel import find_households_in_processes
from octopus_pipeline.sync import match_ahead
from octopus_pipeline.sync.campaign import ENGAGEMENT, Stages
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.matches import (
    DEMOGRAPHIC_MATCHES,
    RESIDENCE_MATCHES,
    write_matches,
)
from octopus_pipeline_tests.sync.counties import load
from octopus_pipeline_tests.sync.matched import (
    NOW,
    results,
    rows,
    write_engagement,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    import pytest

    from octopus_pipeline.matching.households import HouseholdMatches
    from octopus_pipeline.matching.prepared import PreparedCounties
    from octopus_pipeline.sandbox.counties import SampleCounty
    from octopus_pipeline.settings import Settings
    from octopus_pipeline_tests.sync.conftest import Bench


def test_each_distinct_participant_is_matched_once_not_once_a_campaign(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int]
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    columns = ("address", "city", "zip", "first_name", "last_name", "email_address", "cell")
    said = {
        tuple(" ".join((row[name] or "").split()).upper() for name in columns)
        for row in rows(bench, ENGAGEMENT).values()
    }
    assert len(said) < len(rows(bench, ENGAGEMENT))
    assert sum(looked_for) >= len(said)
    remembered_now = bench.database["household_matches"].count_documents({})
    assert remembered_now == len(said)
    first = rows(bench, RESIDENCE_MATCHES), rows(bench, DEMOGRAPHIC_MATCHES)
    looked_for.clear()
    results(bench)
    assert looked_for == []
    assert (rows(bench, RESIDENCE_MATCHES), rows(bench, DEMOGRAPHIC_MATCHES)) == first


def test_the_people_of_many_campaigns_are_matched_at_once(
    bench: Bench,
    counties: dict[str, SampleCounty],
    looked_for: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results(bench, Stages())
    load(bench.connections, counties["Franklin"])
    results(bench)
    assert len(looked_for) > 2, "few people: each campaign's on its own"
    distinct = bench.database["household_matches"].count_documents({})
    found = rows(bench, RESIDENCE_MATCHES), rows(bench, DEMOGRAPHIC_MATCHES)
    looked_for.clear()
    ahead: list[int] = []

    def counted(people: pa.Table, prepared: PreparedCounties, processes: int) -> HouseholdMatches:
        ahead.append(people.num_rows)
        return find_households_in_processes(people, prepared, processes)

    monkeypatch.setattr(match_ahead, "find_households_in_processes", counted)
    monkeypatch.setattr(match_ahead, "WORTH_PARTICIPANTS", 1)
    monkeypatch.setattr(match_ahead, "AT_ONCE", distinct // 2)
    bench.database["household_matches"].delete_many({})
    for outdated in (False, True):
        if outdated:
            bench.database["household_matches"].update_many({}, {"$set": {"made_with": "another county"}})
        results(bench)
        assert (sum(ahead), len(ahead) > 1, looked_for) == (distinct, True, []), (
            "campaigns find all their own"
        )
        assert (rows(bench, RESIDENCE_MATCHES), rows(bench, DEMOGRAPHIC_MATCHES)) == found
        assert bench.database["household_matches"].count_documents({}) == distinct
        ahead.clear()
    results(bench)
    assert ahead == looked_for == []


def test_a_changed_participant_and_no_other_is_matched_again(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int]
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    looked_for.clear()
    key = bench.connections.tables.partitions(ENGAGEMENT)[-1]
    contacts = bench.connections.tables.read(ENGAGEMENT, key).to_pylist()
    someone = next(one for one in contacts if one["address"])
    before = rows(bench, RESIDENCE_MATCHES)[key, someone["contact_id"]]
    someone["address"] = f"  {someone['address'].lower().replace(' ', '   ')} "
    write_engagement(bench.connections, key, contacts)
    results(bench)
    assert looked_for == [], "letters' case and blanks change nothing"
    assert rows(bench, RESIDENCE_MATCHES)[key, someone["contact_id"]] == before
    someone["address"] = "1 NOWHERE AV"
    write_engagement(bench.connections, key, contacts)
    results(bench)
    assert looked_for == [1]


def test_a_changed_or_new_county_has_everyone_matched_again_once(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int]
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    distinct = bench.database["household_matches"].count_documents({})
    found = Counter(row["county"] for row in rows(bench, RESIDENCE_MATCHES).values())
    assert found["Richland"] == 0
    for county in (counties["Richland"], replace(counties["Richland"], residential=[], demographic=[])):
        looked_for.clear()
        load(bench.connections, county)
        results(bench)
        assert sum(looked_for) >= distinct
        assert bench.database["household_matches"].count_documents({}) == distinct
        now = Counter(row["county"] for row in rows(bench, RESIDENCE_MATCHES).values())
        assert now["Franklin"] == found["Franklin"]
        assert bool(now["Richland"]) == bool(county.residential)


def test_another_matching_makes_what_is_remembered_void(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    looked_for.clear()
    monkeypatch.setattr(remembered, "code_version", lambda *_: "another")
    results(bench)
    assert looked_for


def test_two_processes_that_match_the_same_people_at_once_agree(
    bench: Bench, counties: dict[str, SampleCounty], tmp_path: Path
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    alone = rows(bench, RESIDENCE_MATCHES)
    remembered_alone = {one["_id"]: one["matches"] for one in bench.database["household_matches"].find()}
    for table in (RESIDENCE_MATCHES, DEMOGRAPHIC_MATCHES):
        for key in bench.connections.tables.partitions(table):
            bench.connections.tables.delete(table, key)
    bench.database["household_matches"].drop()
    keys = bench.connections.tables.partitions(ENGAGEMENT)
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        work = [(bench.connections.settings, order) for order in (keys, keys[::-1])]
        pool.starmap(match_all, work)
    assert rows(bench, RESIDENCE_MATCHES) == alone
    assert {
        one["_id"]: one["matches"] for one in bench.database["household_matches"].find()
    } == remembered_alone


def match_all(settings: Settings, keys: list[str]) -> None:
    with Connections(settings) as connections:
        for key in keys:
            write_matches(connections, key, ENGAGEMENT, NOW)


def test_what_is_remembered_is_what_was_found(bench: Bench, counties: dict[str, SampleCounty]) -> None:
    """To the last digit: rows read back are those written, of every type."""
    load(bench.connections, counties["Franklin"])
    bench.sync()
    first = rows(bench, DEMOGRAPHIC_MATCHES)
    results(bench)
    assert rows(bench, DEMOGRAPHIC_MATCHES) == first
    assert any(isinstance(row["annual_kwh_cost"], float) for row in first.values())
    assert set(RESIDENCE_SCHEMA.names) <= set(next(iter(rows(bench, RESIDENCE_MATCHES).values())))
