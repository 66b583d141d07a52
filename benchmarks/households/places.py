"""Where invented parcels and participants live.

Counties and ZIPs are Ohio's, so that a matcher's table of ZIPs holds; towns and townships are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.households.vocabulary import TOWN_ENDINGS, TOWN_STEMS, TOWNSHIPS
from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS
from octopus_pipeline.counties.zip_counties import OHIO_ZIPS, read_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARCELS_A_COUNTY = 5_900_000 / 88
ZIPS_A_PARCEL = 63 / 500_000
_LEAST_SHARE = 0.02
"""A county that has less of a ZIP's address ranges has none of its parcels here."""
_FIPS = np.array(list(COUNTY_BY_FIPS))
_NAMES = tuple(COUNTY_BY_FIPS.values())
_SAME_TOWN = 0.35
"""How often a ZIP belongs to the town of the one before it."""
OUT_OF_STATE_ZIPS = (41017, 41042, 47025, 46802, 48144, 15146, 16101, 26003, 26101, 25701)


@dataclass(frozen=True, slots=True)
class Area:
    """The part of a ZIP that lies in a county; `parcels` is how many it shall have."""

    zip: int
    town: str
    townships: tuple[str, str]
    parcels: int


@dataclass(frozen=True, slots=True)
class County:
    """A county to generate; `index` is its own among the loaded ones, `fips` without the state."""

    name: str
    index: int
    fips: int
    areas: tuple[Area, ...]

    @property
    def parcels(self) -> int:
        """How many parcels it shall have."""
        return sum(area.parcels for area in self.areas)


@dataclass(frozen=True, slots=True)
class Region:
    """The loaded counties, and ZIPs (with their towns) that lie in none of them."""

    counties: tuple[County, ...]
    outside: tuple[tuple[int, str], ...]


def plan_region(parcels: int, seed: int) -> Region:
    """Neighbouring counties and ZIPs for so many parcels: 63 ZIPs for 500,000, all 88 counties for 5.9 million."""
    rng = np.random.default_rng([seed, 0])
    ranges = _ranges()
    towns = _towns(ranges, rng)
    count = int(np.clip(round(parcels / PARCELS_A_COUNTY), 2, len(_FIPS)))
    chosen = _neighbours(ranges, count, rng)
    zips = _choose_zips(ranges[chosen], max(2 * count, round(parcels * ZIPS_A_PARCEL)), rng)
    weights = ranges[np.ix_(chosen, zips)]
    weights = np.where(weights >= _LEAST_SHARE * ranges[:, zips].sum(axis=0), weights, 0)
    sizes = _apportion(weights, parcels)
    codes = _zips()
    counties = tuple(
        County(
            name=_NAMES[county],
            index=index,
            fips=int(_FIPS[county]) % 1000,
            areas=tuple(
                Area(int(codes[zips[z]]), towns[zips[z]], _two_townships(rng), int(sizes[index, z]))
                for z in np.flatnonzero(sizes[index])
            ),
        )
        for index, county in enumerate(chosen)
    )
    elsewhere = np.flatnonzero(ranges[chosen].sum(axis=0) == 0)
    outside = [(int(codes[z]), towns[z]) for z in elsewhere]
    outside += [(code, towns[index]) for index, code in enumerate(OUT_OF_STATE_ZIPS)]
    return Region(counties, tuple(outside))


@cache
def _table() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """ZIP, county and number of address ranges, as the package's table has them."""
    with (
        resources.files("octopus_pipeline.counties").joinpath("data", "oh_county_zip.csv").open("rb") as file
    ):
        table = read_ranges(file)
    zips, fips, count = (table[name].to_numpy().astype(np.int64) for name in ("zip", "county_fips", "ranges"))
    known = (zips >= OHIO_ZIPS[0]) & (zips <= OHIO_ZIPS[1])
    return zips[known], np.searchsorted(_FIPS, fips[known]), count[known]


@cache
def _zips() -> NDArray[np.int64]:
    """The ZIPs of Ohio, in order."""
    return np.unique(_table()[0])


@cache
def _ranges() -> NDArray[np.int64]:
    """Address ranges a county (row, in the order of FIPS codes) and ZIP (column)."""
    zips, counties, count = _table()
    ranges = np.zeros((len(_FIPS), len(_zips())), dtype=np.int64)
    np.add.at(ranges, (counties, np.searchsorted(_zips(), zips)), count)
    return ranges


def _towns(ranges: NDArray[np.int64], rng: np.random.Generator) -> list[str]:
    """The postal town of every ZIP: most have one of their own, neighbours may share one."""
    names = sorted({stem + ending for stem in TOWN_STEMS for ending in TOWN_ENDINGS})
    order = rng.permutation(len(names))
    begins = rng.random(ranges.shape[1]) >= _SAME_TOWN
    towns = np.cumsum(begins)
    return [names[order[town % len(names)]] for town in towns]


def _neighbours(ranges: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Counties that hang together: each shares more ZIPs with those before it than any other does."""
    totals = ranges.sum(axis=1)
    chosen = [int(rng.choice(len(_FIPS), p=totals / totals.sum()))]
    while len(chosen) < count:
        held = ranges[chosen].sum(axis=0)
        shared = np.minimum(ranges, held).sum(axis=1)
        shared[chosen] = -1
        chosen.append(int(np.argmax(shared)))
    return np.sort(np.array(chosen, dtype=np.intp))


def _choose_zips(ranges: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """`count` ZIPs, larger ones rather than smaller, with the two largest of each county among them."""
    totals = ranges.sum(axis=0)
    with np.errstate(divide="ignore"):
        keys = np.log(totals) + rng.gumbel(size=len(totals))
    keys[np.argsort(ranges, axis=1)[:, -2:].ravel()] = np.inf
    return np.sort(np.argsort(-keys, kind="stable")[: min(count, int((totals > 0).sum()))])


def _apportion(weights: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Whole numbers in the proportion of the weights whose sum is `total`: cumulative rounding."""
    ends = np.rint(np.cumsum(weights.ravel()) * (total / weights.sum())).astype(np.int64)
    return np.diff(ends, prepend=0).reshape(weights.shape)  # type: ignore[no-any-return]


def _two_townships(rng: np.random.Generator) -> tuple[str, str]:
    first, second = rng.choice(len(TOWNSHIPS), size=2, replace=False)
    return TOWNSHIPS[first], TOWNSHIPS[second]
