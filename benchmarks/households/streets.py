"""Invented streets: skewed in size, named alike in many towns, with twins of another type or direction."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.households.vocabulary import COMMON_STREETS, ENDINGS, STEMS, SURNAME_STREETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.households.places import County

PARCELS_A_STREET = 31
"""As in Hamilton County, whose streets have 19 parcels in the median and 70 at the ninth decile."""
_SIZE_SIGMA = 1.02
NAME_SKEW = 1.05
"""Exponent of the frequency of street names by rank: how often a name repeats across towns."""
NAME_OFFSET = 8
TYPE_TWINS, DIRECTION_TWINS = 0.12, 0.10
"""Shares of streets beside which a twin is laid: MAPLE ST and MAPLE CT, N MAPLE ST and S MAPLE ST."""
DISJOINT_TWINS = 0.4
"""Of the pairs of opposite directions, how many have no numbers in common."""
DIRECTED = 0.07
"""Share of the streets that have a direction without having a twin."""
RESERVED = 0.15
"""Share of the names that a county does not use: its unknown streets are called by these."""
_TOWNSHIP = 0.10
_LARGEST_ORDINAL = 60
DIRECTIONS = ("N", "S", "E", "W", "NE", "SW", "NW", "SE")
TYPES = ("ST", "AVE", "DR", "RD", "CT", "LN", "PL", "BLVD", "CIR", "WAY", "TER", "TRL", "PKWY", "PIKE")
_TYPE_WEIGHTS = np.array([18, 25, 21, 13, 8, 9, 4, 2, 3, 2, 2, 1, 1, 1]) / 110
_NO_TYPE = 0.02
NONE = -1


class Kind(IntEnum):
    """What a street's name is: a name, an ordinal number, or a route's number."""

    NAMED, ORDINAL, STATE, US, COUNTY, TOWNSHIP = range(6)


_KIND_WEIGHTS = np.array([0.885, 0.05, 0.02, 0.01, 0.02, 0.015])


@dataclass(frozen=True, slots=True)
class StreetNames:
    """Every name a street may have, the most frequent first: `FOX RUN`, `CADIZ-NEW ATHENS`."""

    texts: tuple[str, ...]
    weights: NDArray[np.float64]

    def used_in(self, county: County, seed: int) -> NDArray[np.bool_]:
        """Which names the county's streets use; the others are its unknown streets."""
        rng = np.random.default_rng([seed, 1, county.fips])
        used = rng.random(len(self.texts)) >= RESERVED
        used[: len(COMMON_STREETS) // 2] = True
        return used


@dataclass(frozen=True, slots=True)
class Streets:
    """A county's streets, one entry a street.

    `name` is an index into `StreetNames.texts` for a named street, else the number of the ordinal or the route;
    `type` and `direction` are indices or NONE; `size` is how many house numbers it shall have; `township` is NONE
    or which of the area's two.
    """

    area: NDArray[np.int64]
    kind: NDArray[np.int64]
    name: NDArray[np.int64]
    type: NDArray[np.int64]
    direction: NDArray[np.int64]
    township: NDArray[np.int64]
    first: NDArray[np.int64]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.area)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Streets:
        """The streets at these rows."""
        return Streets(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def street_names(seed: int) -> StreetNames:
    """The names of all counties: frequent ones first, then compounds and two-word names in the seed's order."""
    rng = np.random.default_rng([seed, 2])
    rare = [stem + ending for stem in STEMS for ending in ENDINGS if stem != ending]
    rare += [f"{stem} {ending}" for stem in STEMS for ending in ENDINGS[::2] if ending != "WAY"]
    rare += [f"NEW {name}" for name in SURNAME_STREETS]
    rare += [f"{a}-{b}" for a, b in zip(SURNAME_STREETS, reversed(SURNAME_STREETS), strict=True) if a < b]
    middle = [*COMMON_STREETS[len(COMMON_STREETS) // 2 :], *SURNAME_STREETS]
    texts = (
        *COMMON_STREETS[: len(COMMON_STREETS) // 2],
        *(middle[index] for index in rng.permutation(len(middle))),
        *(rare[index] for index in rng.permutation(len(rare))),
    )
    texts = tuple(dict.fromkeys(texts))
    weights = (np.arange(len(texts)) + NAME_OFFSET) ** -NAME_SKEW
    return StreetNames(texts, weights / weights.sum())


def lay_streets(county: County, names: StreetNames, seed: int) -> Streets:
    """The county's streets, enough for its parcels; no two of an area are the same."""
    rng = np.random.default_rng([seed, 3, county.fips])
    parcels = np.array([area.parcels for area in county.areas])
    # Twins come on top of these, and a street named twice in an area is laid once.
    count = np.maximum(np.rint(parcels / PARCELS_A_STREET / (1 + TYPE_TWINS + DIRECTION_TWINS)), 4).astype(
        int
    )
    area = np.repeat(np.arange(len(parcels)), count)
    drawn = _draw(area, names, names.used_in(county, seed), rng)
    return _distinct(_joined([drawn, _type_twins(drawn, rng), _direction_twins(drawn, rng)]))


def _draw(
    area: NDArray[np.int64], names: StreetNames, used: NDArray[np.bool_], rng: np.random.Generator
) -> Streets:
    n = len(area)
    kind = rng.choice(len(Kind), size=n, p=_KIND_WEIGHTS)
    weights = np.where(used, names.weights, 0)
    name = rng.choice(len(used), size=n, p=weights / weights.sum())
    ordinals = (1 + _LARGEST_ORDINAL * rng.beta(1, 3, size=n)).astype(np.int64)
    routes = rng.integers(1, 800, size=n)
    name = np.select(
        [kind == Kind.NAMED, kind == Kind.ORDINAL, kind == Kind.US],
        [name, ordinals, 20 + routes % 50],
        routes,
    )
    has_type = (kind <= Kind.ORDINAL) & (rng.random(n) >= _NO_TYPE)
    types = np.where(has_type, rng.choice(len(TYPES), size=n, p=_TYPE_WEIGHTS), NONE)
    directed = (rng.random(n) < DIRECTED) & (kind <= Kind.ORDINAL)
    # Numbers of a town gather around its own hundreds; roads outside have four or five digits.
    centre = rng.integers(1, 60, size=area.max() + 1)[area]
    hundreds = np.abs(np.rint(centre + rng.normal(0, 9, size=n))) + 1
    hundreds = np.where(rng.random(n) < 0.3, rng.integers(1, 12, size=n), hundreds)
    hundreds = np.where(kind >= Kind.STATE, rng.integers(10, 180, size=n), hundreds)
    return Streets(
        area=area,
        kind=kind,
        name=name,
        type=types,
        direction=np.where(directed, _directions(n, rng), NONE),
        township=np.where(rng.random(n) < _TOWNSHIP, rng.integers(0, 2, size=n), NONE),
        first=(100 * hundreds).astype(np.int64) + rng.integers(0, 20, size=n),
        size=np.maximum(rng.lognormal(np.log(19), _SIZE_SIGMA, size=n), 1).astype(np.int64),
    )


def _directions(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.choice(len(DIRECTIONS), size=n, p=[0.23, 0.23, 0.23, 0.23, 0.02, 0.02, 0.02, 0.02])


def opposite(direction: NDArray[np.int64]) -> NDArray[np.int64]:
    """N for S, E for W, NE for SW, NW for SE, and the other way round."""
    return np.where(direction == NONE, NONE, direction ^ 1)


def _type_twins(streets: Streets, rng: np.random.Generator) -> Streets:
    """Streets of the same name in the same area, of another type: a third of them with the same hundreds."""
    twinned = (rng.random(len(streets)) < TYPE_TWINS) & (streets.type != NONE)
    twins = streets.take(twinned)
    n = len(twins)
    twins.type[:] = (twins.type + rng.integers(1, len(TYPES), size=n)) % len(TYPES)
    twins.size[:] = np.maximum(rng.lognormal(np.log(14), _SIZE_SIGMA, size=n), 1)
    moved = rng.random(n) > 0.33
    twins.first[:] += np.where(moved, 100 * rng.integers(-10, 20, size=n), 0)
    twins.first[:] = np.maximum(twins.first, 1)
    return twins


def _direction_twins(streets: Streets, rng: np.random.Generator) -> Streets:
    """N MAIN ST gets its S MAIN ST: both are numbered from the middle of the town, so their numbers coincide."""
    eligible = rng.random(len(streets)) < DIRECTION_TWINS
    eligible = (eligible & (streets.kind <= Kind.ORDINAL)) | (streets.direction != NONE)
    chosen = np.flatnonzero(eligible & (rng.random(len(streets)) < 0.8))
    undirected = chosen[streets.direction[chosen] == NONE]
    streets.direction[undirected] = _directions(len(undirected), rng)
    streets.first[chosen] = rng.integers(1, 8, size=len(chosen)) * 100 + rng.integers(0, 20, size=len(chosen))
    twins = streets.take(chosen)
    twins.direction[:] = opposite(twins.direction)
    # Some start further out, where the other has ended.
    twins.first[:] += np.where(
        rng.random(len(twins)) < DISJOINT_TWINS, 100 * rng.integers(8, 25, size=len(twins)), 0
    )
    twins.size[:] = np.maximum(twins.size * rng.uniform(0.5, 1.3, size=len(twins)), 1)
    return twins


def _joined(parts: Sequence[Streets]) -> Streets:
    return Streets(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Streets)
        }
    )


def street_keys(streets: Streets) -> NDArray[np.int64]:
    """One number for area, kind, name, type and direction."""
    key = streets.area
    for part, base in (
        (streets.kind, len(Kind)),
        (streets.name, 100_000),
        (streets.type + 1, len(TYPES) + 1),
        (streets.direction + 1, len(DIRECTIONS) + 1),
    ):
        key = key * base + part
    return key


def _distinct(streets: Streets) -> Streets:
    _, first = np.unique(street_keys(streets), return_index=True)
    return streets.take(np.sort(first))
