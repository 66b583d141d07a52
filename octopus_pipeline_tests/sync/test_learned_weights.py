"""Weights that contacts teach: which counties learn, and that what was matched without them is matched anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.preparing import prepare_county
from octopus_pipeline.matching.teaching import LEAST_PARTICIPANTS, teach

if TYPE_CHECKING:
    from pathlib import Path

PARCELS = 1_000
STREETS = ("MAPLE", "ORCHARD", "LINDEN", "WALNUT", "CHESTNUT")


def county(folder: Path) -> PreparedCounties:
    """Richland County with streets of two hundred houses, none of which has a type in the county's records."""
    houses = [
        {
            "parcel_id": f"R{number}",
            "address": f"{100 + 2 * (number // len(STREETS))} {STREETS[number % len(STREETS)]}",
            "parcel_city": "MANSFIELD",
            "parcel_zip": 44906,
        }
        for number in range(PARCELS)
    ]
    residential = pa.Table.from_pylist(houses, RESIDENTIAL.schema)
    prepare_county("Richland", residential, DEMOGRAPHIC.schema.empty_table(), folder / "Richland.arrow")
    return PreparedCounties(folder)


def participants(count: int) -> pa.Table:
    """People of the county, all of whom write a type that the county has not."""
    people = [
        {
            "address": f"{100 + 2 * (number // len(STREETS))} {STREETS[number % len(STREETS)]} ST",
            "city": "MANSFIELD",
            "zip": "44906",
        }
        for number in range(count)
    ]
    return pa.Table.from_pylist(people, PARTICIPANT_SCHEMA)


def test_a_county_learns_how_its_people_write(tmp_path: Path) -> None:
    counties = county(tmp_path)
    people = participants(LEAST_PARTICIPANTS)
    before, version = find_households(people, counties).residence, counties.version("Richland")
    assert teach(people, counties) == {"Richland": LEAST_PARTICIPANTS}
    after = find_households(people, counties).residence
    assert counties.version("Richland") != version, "what was matched with other weights is out of date"
    for first, then in zip(before["match_score"].to_pylist(), after["match_score"].to_pylist(), strict=True):
        assert then > first, (
            "everybody leaves the county's habit out: that says nothing against a match any more"
        )


def test_a_county_of_few_contacts_keeps_the_weights_it_has(tmp_path: Path) -> None:
    counties = county(tmp_path)
    version = counties.version("Richland")
    assert teach(participants(LEAST_PARTICIPANTS - 1), counties) == {}
    assert counties.version("Richland") == version


def test_who_is_told_of_twice_teaches_once(tmp_path: Path) -> None:
    counties = county(tmp_path)
    people = participants(LEAST_PARTICIPANTS)
    assert teach(pa.concat_tables([people, people]), counties) == {"Richland": LEAST_PARTICIPANTS}
