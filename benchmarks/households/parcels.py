"""A county's parcels as its auditor and its utilities write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.households.dwellings import UNIT_LABELS, Dwellings, build_dwellings, house_keys
from benchmarks.households.people import Households, customer_texts, draw_households, owner_texts
from benchmarks.households.streets import NONE, StreetNames, Streets, lay_streets
from benchmarks.households.writing import Habits, draw_habits, street_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.households.places import County

NO_ZIP, NEIGHBOURING_ZIP, NO_NUMBER, NUMBER_RANGE = 0.03, 0.015, 0.008, 0.005
"""Shares of the parcels; a tenth has a township for a city because its street lies in one."""
_OTHER_HABIT = 0.06
"""How often a parcel is written as another county would."""

PARCELS_SCHEMA = pa.schema(
    [
        ("parcel_id", pa.string()),
        ("county", pa.string()),
        ("address", pa.string()),
        ("parcel_city", pa.string()),
        ("parcel_zip", pa.string()),
        ("parcel_owner", pa.string()),
        ("customer_name", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class CountyParcels:
    """A county's parcels with what they were made of; `last_number` is 0 where the number is no range."""

    county: County
    streets: Streets
    names: StreetNames
    dwellings: Dwellings
    households: Households
    last_number: NDArray[np.int64]
    second_is_customer: NDArray[np.bool_]
    has_no_number: NDArray[np.bool_]
    has_no_zip: NDArray[np.bool_]
    has_other_zip: NDArray[np.bool_]
    has_twin: NDArray[np.bool_]
    table: pa.Table

    @property
    def areas(self) -> NDArray[np.int64]:
        """Each parcel's index into the county's areas."""
        return self.streets.area[self.dwellings.street]


def lay_out(county: County, names: StreetNames, seed: int) -> CountyParcels:
    """The county: its streets, dwellings, people and records."""
    rng = np.random.default_rng([seed, 4, county.fips])
    streets = lay_streets(county, names, seed)
    dwellings, alike = build_dwellings(streets, county.parcels, rng)
    n = len(dwellings)
    households = draw_households(n, rng)
    same_people = (alike != np.arange(n)) & (rng.random(n) < 0.5)
    households = households.take(np.where(same_people, alike, np.arange(n)))
    habits = draw_habits(rng)
    customers, second_is_customer = customer_texts(households, rng)
    last_number = _ranges(dwellings, rng)
    has_no_number = (rng.random(n) < NO_NUMBER) & (last_number == 0)
    draw = rng.random(n)
    has_no_zip = draw < NO_ZIP
    has_other_zip = (draw >= NO_ZIP) & (draw < NO_ZIP + NEIGHBOURING_ZIP) & (len(county.areas) > 1)
    areas = streets.area[dwellings.street]
    neighbours = np.where(areas + 1 < len(county.areas), areas + 1, areas - 1)
    written_area = np.where(has_other_zip, neighbours, areas)
    addresses = _addresses(streets, names, dwellings, last_number, has_no_number, habits, rng)
    table = pa.table(
        [
            _parcel_ids(county, n),
            pa.repeat(county.name, n),
            pc.utf8_lower(addresses) if habits.lower_case else addresses,
            _cities(county, streets, dwellings, habits),
            _zips(county, written_area, has_no_zip, habits),
            owner_texts(households, habits.owner_shape, rng),
            customers,
        ],
        schema=PARCELS_SCHEMA,
    )
    return CountyParcels(
        county,
        streets,
        names,
        dwellings,
        households,
        last_number,
        second_is_customer,
        has_no_number,
        has_no_zip,
        has_other_zip,
        np.bincount(alike, minlength=n)[alike] > 1,
        table,
    )


def _ranges(dwellings: Dwellings, rng: np.random.Generator) -> NDArray[np.int64]:
    """The second number of a parcel that spans two, neither of which is another parcel's; 0 for the others."""
    keys = house_keys(dwellings.street, dwellings.number)
    eligible = (dwellings.unit == NONE) & ~np.isin(keys + 2, keys)
    wanted = NUMBER_RANGE / max(float(eligible.mean()), NUMBER_RANGE)
    return np.where(eligible & (rng.random(len(keys)) < wanted), dwellings.number + 2, 0)


def _addresses(
    streets: Streets,
    names: StreetNames,
    dwellings: Dwellings,
    last_number: NDArray[np.int64],
    has_no_number: NDArray[np.bool_],
    habits: Habits,
    rng: np.random.Generator,
) -> pa.Array:
    n = len(dwellings)
    written = pa.array(street_texts(streets, names, habits) + street_texts(streets, names, draw_habits(rng)))
    otherwise = rng.random(n) < _OTHER_HABIT
    street = written.take(pa.array(dwellings.street + len(streets) * otherwise))
    number = pc.cast(pa.array(dwellings.number, mask=has_no_number), pa.string())
    last = pc.cast(pa.array(last_number, mask=last_number == 0), pa.string())
    dash = pa.array(np.where(rng.random(n) < 0.5, "-", " "))
    number = pc.if_else(
        pa.array(last_number == 0),
        number,
        pc.binary_join_element_wise(number, dash, last, "", null_handling="replace", null_replacement=""),
    )
    labels = pa.array([habits.unit.format(label) for label in UNIT_LABELS])
    unit = labels.take(pa.array(dwellings.unit, mask=dwellings.unit == NONE))
    return pc.binary_join_element_wise(number, street, unit, " ", null_handling="skip")


def _cities(county: County, streets: Streets, dwellings: Dwellings, habits: Habits) -> pa.Array:
    texts = []
    for area in county.areas:
        texts += [area.town, *(habits.township.format(name) for name in area.townships)]
    return pa.array(texts).take(pa.array((3 * streets.area + 1 + streets.township)[dwellings.street]))


def _zips(
    county: County, areas: NDArray[np.int64], has_no_zip: NDArray[np.bool_], habits: Habits
) -> pa.Array:
    texts = pa.array([habits.zip.format(area.zip) for area in county.areas])
    return pc.if_else(
        pa.array(has_no_zip), pa.scalar(habits.no_zip, pa.string()), texts.take(pa.array(areas))
    )


def _parcel_ids(county: County, n: int) -> pa.Array:
    """`049-0000123`: unique across counties, although matching may only count on that within one."""
    serial = pc.utf8_lpad(pc.cast(pa.array(np.arange(n)), pa.string()), 7, "0")
    return pc.binary_join_element_wise(pa.scalar(f"{county.fips:03d}"), serial, "-")
