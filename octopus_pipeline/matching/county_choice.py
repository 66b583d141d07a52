"""In which counties a participant is looked for, and how likely each is: by ZIP, and by city where that says more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import OSA

from octopus_pipeline.counties.zip_counties import OHIO_ZIPS, candidate_counties
from octopus_pipeline.matching.comparable import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Places

WRONG_ZIP: Final = 0.03
"""How often a ZIP is wrong in such a way that another county, which has the city, is right."""

_SHORTEST_MISSPELT: Final = 6
_MOST_EDITS: Final = 2
_AT_ONCE: Final = 4_096

MOSTLY: Final = 0.5
"""Who is not found, and whose ZIP is by more than half in counties that are not prepared, probably lives in those."""

LEAST: Final = 0.001
"""Counties less likely than this are not looked into."""


@dataclass(frozen=True, slots=True)
class CountyChoice:
    """How likely each county is for each participant, and what the ZIP says of it.

    Attributes:
        shares: county -> of each participant, from 0 to 1.
        zip_known: whether a county of Ohio has the ZIP.
        zip_prepared: whether the prepared counties have at least half of it.
    """

    shares: dict[str, NDArray[np.float64]]
    zip_known: NDArray[np.bool_]
    zip_prepared: NDArray[np.bool_]


def choose_counties(
    ours: Places, counties: Sequence[str], city_parcels: Mapping[str, Mapping[str, int]]
) -> CountyChoice:
    """Choose among the prepared `counties`; `city_parcels`: county -> city -> parcels.

    A ZIP counts with its counties' weights. A city, misspelt a little perhaps, counts a little where the ZIP says
    otherwise, and fully where there is no ZIP, or one that no county has. Who gives neither is looked for everywhere,
    in proportion to the parcels; who gives a city that no county has, or the ZIP of another state, nowhere.
    """
    count = len(ours)
    by_zip = {county: np.zeros(count) for county in counties}
    pairs = candidate_counties(pa.array(ours.zip, mask=ours.zip == 0))
    known = np.zeros(count, np.bool_)
    known[pairs["row"].to_numpy()] = True
    for county in counties:
        here = pairs.filter(pc.equal(pairs["county"], county))
        by_zip[county][here["row"].to_numpy()] = here["weight"].to_numpy()
    prepared = sum(by_zip.values(), np.zeros(count))
    by_city = _by_city(ours, counties, city_parcels)
    parcels = {county: sum(city_parcels[county].values()) for county in counties}
    total = max(sum(parcels.values()), 1)
    least, most = OHIO_ZIPS
    elsewhere = (ours.zip > 0) & ((ours.zip < least) | (ours.zip > most))
    nowhere = ~known & ~elsewhere & (ours.city.codes == NONE) & (ours.street.codes != NONE)
    likely = np.where(known | elsewhere, WRONG_ZIP, 1.0)
    likely[elsewhere & ~_is_one_digit_from_ohio(ours.zip)] = 0
    shares = {}
    for county in counties:
        guessed = likely * by_city[county]
        share = np.maximum(by_zip[county], guessed)
        shares[county] = np.where(nowhere, max(parcels[county] / total, LEAST), share)
    return CountyChoice(shares, known, prepared >= MOSTLY)


def _by_city(
    ours: Places, counties: Sequence[str], city_parcels: Mapping[str, Mapping[str, int]]
) -> dict[str, NDArray[np.float64]]:
    """Of each participant's city the share that each county has."""
    known = sorted({name for cities in city_parcels.values() for name in cities})
    names = _as_known(ours.city.distinct.to_pylist(), known)
    parcels = np.array(
        [[city_parcels[county].get(name, 0) for name in names] for county in counties], np.float64
    )
    parcels = parcels.reshape(len(counties), len(names))
    totals = parcels.sum(axis=0)
    shares = np.divide(parcels, totals, out=np.zeros_like(parcels), where=totals > 0)
    # One more at the end, which NONE (-1) finds.
    shares = np.concatenate([shares, np.zeros((len(counties), 1))], axis=1)
    return dict(zip(counties, shares[:, ours.city.codes], strict=True))


def _as_known(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The cities as the counties spell them, where they are at most two letters off one of theirs."""
    spelt = frozenset(known)
    spelling = {name: name for name in names if name in spelt or len(name) < _SHORTEST_MISSPELT or not known}
    unknown = [name for name in names if name not in spelling]
    for start in range(0, len(unknown), _AT_ONCE):
        some = unknown[start : start + _AT_ONCE]
        edits = process.cdist(some, known, scorer=OSA.distance, score_cutoff=_MOST_EDITS, dtype=np.uint8)
        nearest = edits.argmin(axis=1)
        near = edits[np.arange(len(some)), nearest] <= _MOST_EDITS
        for name, place, is_near in zip(some, nearest.tolist(), near.tolist(), strict=True):
            spelling[name] = known[place] if is_near else name
    return [spelling[name] for name in names]


def _is_one_digit_from_ohio(zips: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether one wrong digit could have made another state's ZIP out of one from 43001 to 45999."""
    first, second = zips // 10_000, zips // 1_000 % 10
    return (first == OHIO_ZIPS[0] // 10_000) | ((second >= 3) & (second <= 5))  # type: ignore[no-any-return]
