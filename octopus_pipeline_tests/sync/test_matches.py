"""Campaigns matched with invented counties: who is found, and what shows it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.sandbox.counties import SampleCounty
from octopus_pipeline.sync.campaign import ENGAGEMENT, Stages
from octopus_pipeline.sync.matches import (
    BATCH_ROWS,
    DEMOGRAPHIC_MATCHES,
    RESIDENCE_MATCHES,
    write_matches,
)
from octopus_pipeline_tests.sync.conftest import Bench
from octopus_pipeline_tests.sync.counties import load
from octopus_pipeline_tests.sync.matched import (
    NOW,
    homes,
    people,
    results,
    rows,
    write_engagement,
)
from octopus_pipeline_tests.truth import COLUMNS, csv_rows

if TYPE_CHECKING:
    import random


def test_a_campaign_synced_while_no_county_is_loaded_and_again_after_one_is(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int]
) -> None:
    made = results(bench, Stages())
    assert sum(looked_for) == 0
    assert bench.database["household_matches"].count_documents({}) == 0
    for result in made.values():
        assert sum(result.counts.reasons.values()) == result.counts.rows
        assert set(result.counts.reasons) <= {"county not loaded"}
        assert (result.counts.within, result.counties) == (0, ())
    tables, contacts = bench.connections.tables, rows(bench, ENGAGEMENT)
    assert not tables.partitions(RESIDENCE_MATCHES) + tables.partitions(DEMOGRAPHIC_MATCHES), (
        "nothing to tell"
    )
    assert all(not row["county"] for campaign_id in made for row in csv_rows(bench.csvs, campaign_id))
    load(bench.connections, counties["Franklin"])
    asked = bench.connections.octopus.statistics.snapshot().requests
    again = results(bench)
    assert bench.connections.octopus.statistics.snapshot().requests - asked <= 1, (
        "the list of campaigns alone"
    )
    for table in (RESIDENCE_MATCHES, DEMOGRAPHIC_MATCHES):
        assert list(rows(bench, table)) == list(contacts), "a row a contact, in the order of the engagement"
    found = sum(result.counts.at_residence for result in again.values())
    living_there = sum(address in homes({"": counties["Franklin"]}) for address in people(bench).values())
    assert 0.5 * living_there < found <= living_there
    assert all(result.before is None for result in again.values()), "nobody was looked for before"
    shown = [row for campaign_id in again for row in csv_rows(bench.csvs, campaign_id)]
    assert sum(bool(row["parcel_address"]) for row in shown) == found
    assert {row["county"] for row in shown} == {"", "Franklin"}


def test_who_is_found_lives_there(bench: Bench, counties: dict[str, SampleCounty]) -> None:
    for county in counties.values():
        load(bench.connections, county)
    results(bench, Stages())
    truth, addresses = homes(counties), people(bench)
    verdicts: Counter[bool] = Counter()
    for key, row in rows(bench, RESIDENCE_MATCHES).items():
        if row["parcel_id"]:
            home = truth.get(addresses[key])
            verdicts[
                home is not None and (home.county, home.parcel_id) == (row["county"], row["parcel_id"])
            ] += 1
    assert verdicts[True] > 100
    assert verdicts[False] <= 0.01 * verdicts.total()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_partitioning_into_campaigns_never_changes_a_person_s_match(
    partitioned: Bench, rng: random.Random, campaigns: int
) -> None:
    """The people of one campaign, in any order, spread over others, some of them matched before: each as in the one."""
    connections = partitioned.connections
    everyone = connections.tables.read(ENGAGEMENT, "all").to_pylist()
    expected = rows(partitioned, RESIDENCE_MATCHES)
    chosen = rng.sample(everyone, rng.randint(1, len(everyone)))
    cut = [chosen[start::campaigns] for start in range(campaigns)]
    if rng.random() < 0.5:
        partitioned.database["household_matches"].drop()
    for number, part in enumerate(cut):
        write_engagement(connections, f"part-{number}", part)
        write_matches(connections, f"part-{number}", ENGAGEMENT, NOW)
        made = connections.tables.read(RESIDENCE_MATCHES, f"part-{number}").to_pylist()
        assert [row["contact_id"] for row in made] == [row["contact_id"] for row in part]
        assert all(row == expected["all", row["contact_id"]] for row in made)
        connections.tables.delete(RESIDENCE_MATCHES, f"part-{number}")


@pytest.fixture
def partitioned(bench: Bench, counties: dict[str, SampleCounty]) -> Bench:
    """One campaign's table of the people who live in two counties, matched."""
    load(bench.connections, counties["Franklin"])
    load(bench.connections, counties["Morrow"])
    bench.sync()
    distinct = {row["email_address"]: row for row in rows(bench, ENGAGEMENT).values()}
    for table in (RESIDENCE_MATCHES, DEMOGRAPHIC_MATCHES, ENGAGEMENT):
        for key in bench.connections.tables.partitions(table):
            bench.connections.tables.delete(table, key)
    write_engagement(bench.connections, "all", list(distinct.values()))
    write_matches(bench.connections, "all", ENGAGEMENT, NOW)
    return bench


def test_a_large_campaign_is_matched_in_batches(
    bench: Bench, counties: dict[str, SampleCounty], looked_for: list[int]
) -> None:
    load(bench.connections, counties["Franklin"])
    nobody = dict.fromkeys(ENGAGEMENT_SCHEMA.names) | dict.fromkeys(FLAGS, False)
    contacts = [nobody | {"contact_id": str(one), "zip": f"{one:05}"} for one in range(2 * BATCH_ROWS + 1)]
    write_engagement(bench.connections, "large", contacts)
    result = write_matches(bench.connections, "large", ENGAGEMENT, NOW)
    assert looked_for == [BATCH_ROWS, BATCH_ROWS, 1]
    assert result.counts.rows == len(contacts)
    assert [key[1] for key in rows(bench, RESIDENCE_MATCHES)] == [one["contact_id"] for one in contacts]


def test_hostile_people_never_fail_a_campaign(bench: Bench, counties: dict[str, SampleCounty]) -> None:
    load(bench.connections, counties["Franklin"])
    nobody = dict.fromkeys(ENGAGEMENT_SCHEMA.names) | dict.fromkeys(FLAGS, False)
    texts = [
        "'; DROP TABLE parcels; --",
        "{$where: 'sleep(9)'}",
        "🏚️" * 200,
        "\u202eTS NIAM 1",
        "NULL",
        "\x1f\x00 \n",
    ]
    contacts = [
        nobody
        | {
            "contact_id": str(number),
            "address": text,
            "city": text,
            "zip": text,
            "cell": text,
            "last_name": text,
        }
        for number, text in enumerate([*texts, "A" * 2**20])
    ]
    write_engagement(bench.connections, "hostile", contacts)
    for _ in range(2):
        result = write_matches(bench.connections, "hostile", ENGAGEMENT, NOW)
        assert (result.counts.rows, result.counts.at_residence) == (len(contacts), 0)


def test_many_people_in_one_house_are_named_by_the_parcel_alone(
    bench: Bench, counties: dict[str, SampleCounty]
) -> None:
    franklin = counties["Franklin"]
    load(bench.connections, franklin)
    nobody = dict.fromkeys(ENGAGEMENT_SCHEMA.names) | dict.fromkeys(FLAGS, False)
    bench.sync()
    home = next(
        row
        for key, row in rows(bench, RESIDENCE_MATCHES).items()
        if row["match_method"] == "address exact" or row["match_method"] == "address normalised"
    )
    place = {"address": home["parcel_address"], "city": home["parcel_city"], "zip": str(home["parcel_zip"])}

    def crowded(people: int, *, unit: str = "") -> dict[str, int]:
        contacts = [
            nobody | place | {"contact_id": str(one), "email_address": f"{one % people}@example.com"}
            for one in range(20)
        ]
        contacts[0]["address"] += unit
        write_engagement(bench.connections, "crowd", contacts)
        return dict(write_matches(bench.connections, "crowd", ENGAGEMENT, NOW).collisions)

    assert crowded(6) == {f"Franklin/{home['parcel_id']}": 6}
    assert crowded(5) == {}, "a large family, or one that is mailed often"


def test_the_csv_alone_shows_what_was_matched_also_for_engagement_made_anew(
    bench: Bench, counties: dict[str, SampleCounty]
) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    before = {path: path.read_bytes() for path in bench.csvs.iterdir()}
    for path in before:
        path.unlink()
    exports = Stages(reports=frozenset(), engagement=False, participants=False, matches=False)
    bench.sync(stages=exports)
    assert {path: path.read_bytes() for path in bench.csvs.iterdir()} == before
    tables, key = bench.connections.tables, str(bench.campaigns()[-1].key)
    contacts = tables.read(ENGAGEMENT, key).to_pylist()
    newcomer = contacts[0] | {"contact_id": "newcomer", "email_address": "a@example.com"}
    write_engagement(bench.connections, key, [newcomer, *contacts[::-1]])
    bench.sync(stages=exports)
    campaign_id = bench.campaigns()[-1].campaign.id
    now = csv_rows(bench.csvs, campaign_id)
    (former,) = (path for path in before if path.name.startswith(f"campaign_{campaign_id}_"))
    assert now[0]["email"] == "a@example.com"
    assert [now[0][name] for name in now[0] if name not in COLUMNS] == [""] * 13
    text = "\r\n".join(before[former].decode().split("\r\n")[1:])
    again = "\r\n".join(former.read_bytes().decode().split("\r\n")[2:])
    assert sorted(text.split("\r\n")) == sorted(again.split("\r\n"))
