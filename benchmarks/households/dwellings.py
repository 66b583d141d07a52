"""The houses of a county's streets: numbers, condominiums, parcels with the address of another."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.households.streets import NONE, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.households.streets import Streets

CONDOMINIUM_PARCELS = 0.04
"""Share of the parcels that are a unit of a condominium."""
TWIN_PARCELS = 0.001
"""Share of the parcels whose address is, to the letter, another parcel's: nobody can tell these apart but by name."""
_SPARE = 1.12
"""More houses are numbered than there are parcels, so that numbers are missing along a street."""
_MEAN_UNITS = 22
_MOST_UNITS = 150
_GAPS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 20])
_GAP_WEIGHTS = np.array([0.12, 0.26, 0.1, 0.24, 0.07, 0.08, 0.06, 0.03, 0.02, 0.02])
_KEY_BASE = 1_000_000
_LETTERS = "ABCDFGHJKLMPQRTUVXYZ"
"""Without those that are directions."""


def _unit_labels() -> tuple[str, ...]:
    """Labels by style and place in the building: `1`, `A`, `101`, `1A`."""
    places = range(_MOST_UNITS)
    return (
        *(str(place + 1) for place in places),
        *(_LETTERS[place] if place < len(_LETTERS) else str(place + 1) for place in places),
        *(str(100 * (1 + place // 8) + 1 + place % 8) for place in places),
        *(f"{1 + place // 4}{'ABCD'[place % 4]}" for place in places),
    )


UNIT_LABELS = _unit_labels()
_UNIT_STYLES = len(UNIT_LABELS) // _MOST_UNITS


@dataclass(frozen=True, slots=True)
class Dwellings:
    """A county's dwellings, one entry a parcel: index of the street, house number, index into UNIT_LABELS or NONE."""

    street: NDArray[np.int64]
    number: NDArray[np.int64]
    unit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.street)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Dwellings:
        """The dwellings at these rows."""
        return Dwellings(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def house_keys(street: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for street and house number."""
    return street * _KEY_BASE + number


def build_dwellings(
    streets: Streets, parcels: int, rng: np.random.Generator
) -> tuple[Dwellings, NDArray[np.intp]]:
    """So many dwellings along the streets, and for each row the row whose address it has (its own but for twins)."""
    houses_a_parcel = 1 - CONDOMINIUM_PARCELS + CONDOMINIUM_PARCELS / _MEAN_UNITS
    factor = _SPARE * parcels * houses_a_parcel / streets.size.sum()
    size = np.maximum(np.rint(streets.size * factor).astype(np.int64), 1)
    street = np.repeat(np.arange(len(streets)), size)
    gaps = rng.choice(_GAPS, size=len(street), p=_GAP_WEIGHTS)
    gaps = np.where(streets.kind[street] >= Kind.STATE, gaps * rng.integers(2, 12, size=len(street)), gaps)
    number = streets.first[street] + _cumulative_within(gaps, size)
    units = _units(len(street), rng)
    building = np.repeat(np.arange(len(street)), units)
    place = np.arange(len(building)) - np.repeat(np.cumsum(units) - units, units)
    style = rng.integers(0, _UNIT_STYLES, size=len(street))
    unit = np.where(units[building] > 1, style[building] * _MOST_UNITS + place, NONE)
    every = Dwellings(street[building], number[building], unit)
    while len(every) < parcels:  # tiny counties, where chance made too few condominiums
        every = _longer(every, rng)
    kept = every.take(np.sort(rng.permutation(len(every))[:parcels]))
    return _with_twins(kept, rng)


def _cumulative_within(values: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums that start anew with each group of `sizes`."""
    total = np.cumsum(values)
    ends = np.cumsum(sizes)
    before = np.concatenate([[0], total[ends[:-1] - 1]])
    return total - np.repeat(before, sizes)  # type: ignore[no-any-return]


def _units(houses: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many units each house has: one, but for condominiums."""
    share = CONDOMINIUM_PARCELS / _MEAN_UNITS / (1 - CONDOMINIUM_PARCELS)
    units = rng.lognormal(np.log(14), 0.95, size=houses).astype(np.int64)
    return np.where(rng.random(houses) < share, np.clip(units, 4, _MOST_UNITS), 1)


def _longer(every: Dwellings, rng: np.random.Generator) -> Dwellings:
    """With a next house at the end of a tenth of the streets."""
    last = np.flatnonzero(np.diff(every.street, append=-1))
    last = last[rng.random(len(last)) < 0.1] if len(last) > 10 else last
    after = every.take(last)
    after.number[:] += 2
    after.unit[:] = NONE
    order = np.argsort(np.concatenate([every.street, after.street]), kind="stable")
    return Dwellings(
        *(np.concatenate([getattr(every, f.name), getattr(after, f.name)])[order] for f in fields(Dwellings))
    )


def _with_twins(dwellings: Dwellings, rng: np.random.Generator) -> tuple[Dwellings, NDArray[np.intp]]:
    """Give some the address of the dwelling before them."""
    rows = np.arange(len(dwellings))
    twins = np.flatnonzero(rng.random(len(rows)) < TWIN_PARCELS)
    twins = twins[np.diff(twins, prepend=-2) > 1]
    twins = twins[twins > 0]
    rows[twins] -= 1
    return dwellings.take(rows), rows
