"""Invented counties and participants whose true parcels are known: as hard as the real thing, the same for a seed.

The kinds of participants and the rates of defects are given (`participants`, `defects`, `parcels`). What they leave
open was set so that Splink's best F1 stays in a given band (`benchmarks.household_difficulty`): how skewed street
names are and how often they repeat across towns (`streets`), how many streets have a twin and share its numbers
(`streets`), condominiums and parcels with another's address (`dwellings`), how near unknown house numbers are to known
ones (`participants`), and how often owner and customer live in the house (`people`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.households.parcels import PARCELS_SCHEMA, CountyParcels, lay_out
from benchmarks.households.participants import PARTICIPANTS_SCHEMA, TRUTH_SCHEMA, CountyParticipants, ask
from benchmarks.households.places import Area, County, Region, plan_region
from benchmarks.households.streets import street_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELSEWHERE_FIPS = 999
_ELSEWHERE_AREAS, _ELSEWHERE_PARCELS = 40, 1500


@dataclass(frozen=True, slots=True)
class HouseholdBenchmark:
    """What a matcher is given, and what it should find.

    `parcels`: parcel_id (unique across counties), county, address, parcel_city, parcel_zip, parcel_owner,
    customer_name, in the habits of each county, in the order of counties. `participants`: participant_id (0, 1, ...),
    address, city, zip, first_name, last_name (null without names). `truth`: participant_id in the same order,
    parcel_id (null: no parcel is right), kind, defects (what makes the pair hard; none: untouched).
    """

    parcels: pa.Table
    participants: pa.Table
    truth: pa.Table


def generate(participants: int, parcels: int, seed: int, *, names: bool) -> HouseholdBenchmark:
    """Neighbouring counties with so many parcels in all, and so many participants of theirs; the seed decides all."""
    tables, asked = [], []
    for county, answered in generate_counties(participants, parcels, seed):
        tables.append(county)
        asked.append(answered)
    order = pa.array(np.random.default_rng([seed, 6]).permutation(participants))
    people = pa.concat_tables([one.participants for one in asked]).take(order)
    truth = pa.concat_tables([one.truth for one in asked]).take(order)
    ids = pa.array(np.arange(participants))
    people = people.set_column(0, PARTICIPANTS_SCHEMA.field(0), ids)
    if not names:
        nobody = pa.nulls(participants, pa.string())
        for name in ("first_name", "last_name"):
            people = people.set_column(people.schema.get_field_index(name), name, nobody)
    return HouseholdBenchmark(
        parcels=pa.concat_tables(tables) if tables else PARCELS_SCHEMA.empty_table(),
        participants=people,
        truth=truth.set_column(0, TRUTH_SCHEMA.field(0), ids),
    )


def generate_counties(
    participants: int, parcels: int, seed: int
) -> Iterator[tuple[pa.Table, CountyParticipants]]:
    """County by county: its parcels, and its participants in no order and without ids."""
    region = plan_region(parcels, seed)
    names = street_names(seed)
    rng = np.random.default_rng([seed, 5])
    elsewhere = lay_out(_elsewhere(region, rng), names, seed)
    ends = np.rint(
        np.cumsum([county.parcels for county in region.counties]) * (participants / parcels)
    ).astype(int)
    for county, count in zip(region.counties, np.diff(ends, prepend=0).tolist(), strict=True):
        laid_out: CountyParcels = lay_out(county, names, seed)
        yield laid_out.table, ask(laid_out, elsewhere, count, np.random.default_rng([seed, 5, county.fips]))


def _elsewhere(region: Region, rng: np.random.Generator) -> County:
    """Where those live who live in none of the loaded counties."""
    chosen = rng.permutation(len(region.outside))[:_ELSEWHERE_AREAS]
    areas = tuple(
        Area(code, town, ("UNION", "MADISON"), _ELSEWHERE_PARCELS)
        for code, town in (region.outside[index] for index in chosen)
    )
    return County("Elsewhere", -1, _ELSEWHERE_FIPS, areas)
