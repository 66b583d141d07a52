"""Which parcels are compared with a participant at all: those that share one of a few keys with it.

A key is a 64-bit integer, so that a county's keys are one sorted array, and a million participants find theirs in it
by bisection. Several kinds of keys are used, each of which survives another mistake.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.sorting import distinct_and_codes, is_first, places_in, stable_order

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Households, Places

    Keys = NDArray[np.int64]

NO_KEY: Final = -1
MOST_NUMBERS: Final = 2
"""Numbers of an address that make keys: both ends of a range."""

NUMBER_BLOCKS: Final = (
    "ZIP and number",
    "city and number",
    "number and first letters",
    "number and last letters",
    "number and consonants",
)
NAME_BLOCK: Final = "street and last name"

MOST_CANDIDATES: Final = 2_000
"""A key that more parcels have says nothing; the other kinds of keys still find what it would have."""

_NUMBER_BITS: Final = 20
_FIRST_LETTERS: Final = 2
_LAST_LETTERS: Final = 4
_VOWELS: Final = str.maketrans("", "", "AEIOUY")


@dataclass(frozen=True, slots=True)
class Block:
    """A kind of key, to be looked up.

    Attributes:
        keys: the distinct keys in ascending order.
        starts: where the rows of each begin in `rows`, and where those of the last end.
        rows: the records' rows, by key, then ascending.
    """

    keys: Keys
    starts: NDArray[np.int32]
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Keys, rows: NDArray[Any]) -> Block:
        """The block of records whose rows are ascending for each key."""
        distinct, codes = distinct_and_codes(keys)
        starts = np.append(0, np.cumsum(np.bincount(codes, minlength=len(distinct)))).astype(np.int32)
        return cls(distinct, starts, rows[stable_order(codes)].astype(np.int32))

    def look_up(self, keys: Keys, most: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Every pair of a place in `keys` and a row that has that key; keys of more rows than `most` have none."""
        place = places_in(self.keys, keys)
        there = np.flatnonzero(place >= 0)
        place = place[there]
        start = self.starts[place].astype(np.int64)
        count = self.starts[place + 1] - start
        if most is not None:
            count[count > most] = 0
        return np.repeat(there, count), self.rows[ranges(start, count)]


def ranges(start: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """`count` integers from each `start` on, one range behind the other."""
    ends = np.cumsum(count)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(start - (ends - count), count)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a participant's and a parcel's row, in ascending order, each once.

    `by_name` tells those that only a last name on the street brought together: their house numbers differ.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    by_name: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.left)

    def take(self, rows: NDArray[Any]) -> Pairs:
        """Some of the pairs, by their places or a mask."""
        return Pairs(self.left[rows], self.right[rows], self.by_name[rows])


def number_keys(places: Places) -> list[Keys]:
    """For each of `NUMBER_BLOCKS` the keys of every record, a row each, `NO_KEY` where there are fewer."""
    numbers = np.stack([places.number, places.number_to], axis=1).astype(np.int64)
    has_street = places.street.codes != NONE
    zips = places.zip.astype(np.int64)
    first, last, consonants = street_keys(places.street.distinct)
    cities = np.array([zlib.crc32(name.encode()) for name in places.city.distinct.to_pylist()], np.int64)
    has_city = places.city.codes != NONE
    return [
        np.where((numbers > 0) & (zips > 0)[:, None], zips[:, None] << _NUMBER_BITS | numbers, NO_KEY),
        np.where(
            (numbers > 0) & has_city[:, None],
            np.append(cities, 0)[places.city.codes][:, None] << _NUMBER_BITS | numbers,
            NO_KEY,
        ),
        *(
            np.where(
                (numbers > 0) & has_street[:, None],
                np.append(keys, 0)[places.street.codes][:, None] << _NUMBER_BITS | numbers,
                NO_KEY,
            )
            for keys in (first, last, consonants)
        ),
    ]


def name_keys(places: Places, households: Households) -> Keys:
    """The keys of `NAME_BLOCK` of every record, a row each, `NO_KEY` where there are fewer."""
    street = places.street.codes.astype(np.int64)[:, None]
    last = households.last.astype(np.int64)
    return np.where((street >= 0) & (last >= 0), street << 32 | last, NO_KEY)


def block(keys: Keys) -> Block:
    """The block of the records' keys."""
    found, _ = np.nonzero(keys != NO_KEY)
    return Block.of(keys[keys != NO_KEY], found)


def candidate_pairs(
    keys: list[Keys], blocks: list[Block], by_name: Keys, name_block: Block, parcels: int
) -> Pairs:
    """Every pair of a participant (a row of the keys) and a parcel that share a key."""
    packed = [_shared(own, block, parcels) for own, block in zip(keys, blocks, strict=True)]
    numbered = _distinct(np.concatenate(packed))
    named = _distinct(_shared(by_name, name_block, parcels))
    named = named[places_in(numbered, named) < 0]
    both = np.concatenate([numbered, named])
    order = np.argsort(both)
    return Pairs(both[order] // parcels, both[order] % parcels, order >= len(numbered))


def _distinct(values: Keys) -> Keys:
    """The distinct values in ascending order: sorting is several times faster here than numpy's hashing."""
    values.sort()
    return values[is_first(values)]


def _shared(keys: Keys, block: Block, parcels: int) -> Keys:
    """Pairs that share a key of one block, as participant * parcels + parcel, perhaps repeated."""
    row, _ = np.nonzero(keys != NO_KEY)
    place, rows = block.look_up(keys[keys != NO_KEY], MOST_CANDIDATES)
    return row[place] * parcels + rows


def street_keys(streets: pa.Array) -> tuple[Keys, Keys, Keys]:
    """Of each street its first letters, last letters, and consonants as integers."""
    found = np.array([_street_keys(name) for name in streets.to_pylist()], np.int64).reshape(len(streets), 3)
    return found[:, 0], found[:, 1], found[:, 2]


@lru_cache(maxsize=1 << 16)
def _street_keys(name: str) -> tuple[int, int, int]:
    first, last = name[:_FIRST_LETTERS], name[-_LAST_LETTERS:]
    return _packed(first), _packed(last), zlib.crc32(skeleton(name).encode())


def skeleton(street: str) -> str:
    """The first letter and the consonants and digits behind it, doubled ones once: `MAPLE` and `MAPEL` are `MPL`."""
    bare = street[:1] + street[1:].translate(_VOWELS)
    return bare[:1] + "".join(after for before, after in pairwise(bare) if before != after)


def _packed(letters: str) -> int:
    return int.from_bytes(letters.encode(), "big")
