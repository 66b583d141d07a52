"""What a county knows of a participant's street, ZIP and city, before any parcel is compared.

A mistake is judged by it: that `N MAPLE ST` is meant by `S MAPLE ST` is likely where there is no `S MAPLE ST`, and
hardly where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.sorting import places_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Places

    Levels = NDArray[np.int8]


_NAME_BITS = 32
_CODE = (1 << _NAME_BITS) - 1


class Street(IntEnum):
    """How well the street is known; in the participant's ZIP where the county knows that, else anywhere."""

    UNKNOWN, ELSEWHERE, NAME, AS_WRITTEN = range(4)


LEAST_SHARE = 0.02
"""Less of a ZIP's parcels than this are in a city by mistake."""


class Area(IntEnum):
    """ZIP and city. `AGREE`: more than `LEAST_SHARE` of the ZIP's parcels are in that city."""

    AGREE, DISAGREE, ONLY_ZIP, ONLY_CITY, NEITHER, UNKNOWN_ZIP, UNKNOWN_CITY, BOTH_UNKNOWN = range(8)


FREQUENCIES = (0, 1, 3, 9)
"""Upper ends of the classes of how many ZIPs of the county have a street of the name."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct integers in ascending order, and how often each occurred."""

    keys: NDArray[np.int64]
    counts: NDArray[np.int32]

    @classmethod
    def of(cls, keys: NDArray[np.int64]) -> Counted:
        """Count integers; those below 0 stand for nothing."""
        distinct, counts = np.unique(keys[keys >= 0], return_counts=True)
        return cls(distinct, counts.astype(np.int32))

    def look_up(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """How often each occurred."""
        return np.append(self.counts, np.int32(0))[places_in(self.keys, keys)]


@dataclass(frozen=True, slots=True)
class Streets:
    """A county's streets and areas, counted in parcels.

    `names`, `typed`, `full`: streets by name, with type, with type and direction, each in the county and in each of its
    ZIPs; `spread`: of each name (a code) the number of ZIPs that have it.
    """

    names: tuple[Counted, Counted]
    typed: tuple[Counted, Counted]
    full: tuple[Counted, Counted]
    zips: Counted
    cities: Counted
    areas: Counted
    spread: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of each participant, an array a property."""

    street: Levels
    frequency: Levels
    area: Levels
    has_type: Levels
    has_direction: Levels
    has_secondary: Levels
    has_number: Levels

    def take(self, rows: NDArray[np.int64]) -> Context:
        """The same of some participants."""
        return Context(*(getattr(self, name)[rows] for name in self.__slots__))


def count_streets(places: Places) -> Streets:
    """Count a county's streets and areas."""
    keys = _street_keys(places)
    names, typed, full = ((Counted.of(anywhere), Counted.of(in_zip)) for anywhere, in_zip in keys)
    spread = np.bincount(names[1].keys & _CODE, minlength=len(places.street.distinct))
    return Streets(
        names, typed, full,
        zips=Counted.of(_zip_keys(places)),
        cities=Counted.of(places.city.codes.astype(np.int64)),
        areas=Counted.of(_area_keys(places)),
        spread=np.maximum(spread, 1).astype(np.int32),
    )  # fmt: skip


def contexts(ours: Places, streets: Streets, *, themselves: Places | None = None) -> Context:
    """What the county knows of each of our addresses, written in its terms.

    `themselves`: parcels of the county that our addresses stand for; what only they are known for does not count.
    """
    zips, name = ours.zip, ours.street.codes
    own_zips = _zip_keys(themselves) if themselves is not None else NONE
    local = streets.zips.look_up(_zip_keys(ours)) - (own_zips == _zip_keys(ours)) > 0
    here = np.where(local, zips, 0)
    anywhere = occurs(streets.names, np.zeros_like(zips), name, None, None, themselves)
    street = np.full(len(ours), Street.UNKNOWN, np.int8)
    street[anywhere] = Street.ELSEWHERE
    street[occurs(streets.names, here, name, None, None, themselves)] = Street.NAME
    street[occurs(streets.full, here, name, ours.street_type, ours.direction, themselves)] = Street.AS_WRITTEN
    spread = np.append(streets.spread, 0)[np.where(name < len(streets.spread), name, NONE)]
    frequency = np.searchsorted(np.array(FREQUENCIES), np.where(anywhere, spread, 0)).astype(np.int8)
    return Context(
        street=street,
        frequency=frequency,
        area=_areas(ours, streets, local),
        has_type=(ours.street_type != NONE).astype(np.int8),
        has_direction=(ours.direction != NONE).astype(np.int8),
        has_secondary=(ours.secondary.codes != NONE).astype(np.int8),
        has_number=(ours.number > 0).astype(np.int8),
    )


def occurs(
    counted: tuple[Counted, Counted],
    zips: NDArray[np.int32],
    name: NDArray[np.int32],
    kind: NDArray[np.int32] | None,
    direction: NDArray[np.int32] | None,
    without: Places | None,
) -> NDArray[np.bool_]:
    """Whether each street occurs in its ZIP (where that is 0, in the county), not counting the addresses `without`."""
    anywhere, in_zip = _keys(zips, name, kind, direction)
    found, local = np.zeros(len(zips), np.int32), zips > 0
    found[local], found[~local] = counted[1].look_up(in_zip[local]), counted[0].look_up(anywhere[~local])
    if without is not None:
        own_kind = None if kind is None else without.street_type
        own_direction = None if direction is None else without.direction
        own = _keys(without.zip, without.street.codes, own_kind, own_direction)
        found = found - np.where(zips > 0, own[1] == in_zip, own[0] == anywhere)
    return (found > 0) & (name != NONE)  # type: ignore[no-any-return]


def _areas(ours: Places, streets: Streets, local: NDArray[np.bool_]) -> Levels:
    city_known = streets.cities.look_up(ours.city.codes.astype(np.int64)) > 0
    has_zip, has_city = ours.zip > 0, ours.city.codes != NONE
    area = np.full(len(ours), Area.NEITHER, np.int8)
    area[has_city & ~has_zip] = Area.ONLY_CITY
    area[has_zip & ~has_city] = Area.ONLY_ZIP
    both = has_zip & has_city
    area[both & local & city_known] = Area.DISAGREE
    area[both & ~local & city_known] = Area.UNKNOWN_ZIP
    area[both & local & ~city_known] = Area.UNKNOWN_CITY
    area[has_zip & ~local & ~city_known] = Area.BOTH_UNKNOWN
    often = streets.areas.look_up(_area_keys(ours)) > LEAST_SHARE * streets.zips.look_up(_zip_keys(ours))
    area[both & often] = Area.AGREE
    return area


def _area_keys(places: Places) -> NDArray[np.int64]:
    there = (places.zip > 0) & (places.city.codes != NONE)
    return np.where(there, places.zip.astype(np.int64) << 32 | places.city.codes, NONE)


def _street_keys(places: Places) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Keys of the street by name, with type, with type and direction: each alone and with the ZIP; NONE without."""
    zips, name, kind, direction = places.zip, places.street.codes, places.street_type, places.direction
    return [_keys(zips, name, *parts) for parts in ((None, None), (kind, None), (kind, direction))]


def _keys(
    zips: NDArray[np.int32],
    name: NDArray[np.int32],
    kind: NDArray[np.int32] | None,
    direction: NDArray[np.int32] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    key = name.astype(np.int64)
    if kind is not None:
        key |= (kind + 1).astype(np.int64) << (_NAME_BITS + 4)
    if direction is not None:
        key |= (direction + 1).astype(np.int64) << _NAME_BITS
    there = name != NONE
    return np.where(there, key, NONE), np.where(there & (zips > 0), zips.astype(np.int64) << 44 | key, NONE)


def _zip_keys(places: Places) -> NDArray[np.int64]:
    return np.where(places.zip > 0, places.zip, NONE).astype(np.int64)
