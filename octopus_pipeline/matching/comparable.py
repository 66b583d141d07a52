"""Addresses and names as numbers that can be compared a million at a time.

Texts become codes of a dictionary: equal texts of one dictionary have equal codes. A county has its dictionaries;
those of participants are written in the county's terms by `in_terms_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.directions import LETTERS
from octopus_pipeline.matching.sorting import first_places, stable_order
from octopus_pipeline.matching.street_types import STREET_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int32]

NONE: Final = -1
"""The code of a missing text."""

LAST_NAMES: Final = 4
FIRST_NAMES: Final = 6
"""As many last and given names of a household are compared."""

DIRECTION_CODES: Final = sorted(LETTERS)
"""The directions, in the order of their codes."""

STREET_TYPE_CODES: Final = sorted(set(STREET_TYPES.values()) - {""})
"""The street types, in the order of their codes."""

_DIRECTIONS: Final = pa.array(DIRECTION_CODES)
_TYPES: Final = pa.array(STREET_TYPE_CODES)


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts as codes into the distinct ones; NONE where there is no text."""

    codes: Integers
    distinct: pa.Array

    def take(self, rows: NDArray[Any]) -> Texts:
        """The same of some rows."""
        return Texts(self.codes[rows], self.distinct)

    def in_terms_of(self, known: pa.Array) -> Texts:
        """The same with the codes of `known`; texts that are not among them have codes from its length on."""
        place = pc.index_in(self.distinct, value_set=known)
        missing = place.is_null().to_numpy(zero_copy_only=False)
        codes = place.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int32)
        codes[missing] = len(known) + np.arange(missing.sum(), dtype=np.int32)
        # One more at the end, which NONE (-1) finds.
        both = pa.concat_arrays([known, self.distinct.filter(pa.array(missing))])
        return Texts(np.append(codes, np.int32(NONE))[self.codes], both)


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses, one entry each; a number, range end or ZIP of 0 is none.

    `secondary` is what tells dwellings of one house number apart: fraction or letter, and unit.
    `direction` and `street_type` are codes of fixed lists, NONE where there is none.
    """

    number: Integers
    number_to: Integers
    direction: Integers
    street_type: Integers
    zip: Integers
    street: Texts
    secondary: Texts
    city: Texts

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: NDArray[Any]) -> Places:
        """The same of some rows."""
        return Places(
            *(
                getattr(self, name)[rows]
                for name in ("number", "number_to", "direction", "street_type", "zip")
            ),
            *(getattr(self, name).take(rows) for name in ("street", "secondary", "city")),
        )

    def in_terms_of(self, county: Places) -> Places:
        """The same with the codes of another's texts."""
        return Places(
            self.number, self.number_to, self.direction, self.street_type, self.zip,
            self.street.in_terms_of(county.street.distinct),
            self.secondary.in_terms_of(county.secondary.distinct),
            self.city.in_terms_of(county.city.distinct),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Households:
    """Names, one row each: candidates of the last name and given names as codes of one dictionary of words."""

    last: Integers
    first: Integers
    words: pa.Array

    def __len__(self) -> int:
        return len(self.last)

    def take(self, rows: NDArray[Any]) -> Households:
        """The same of some rows."""
        return Households(self.last[rows], self.first[rows], self.words)

    def in_terms_of(self, county: Households) -> Households:
        """The same with the codes of another's words."""
        both = Texts(np.concatenate([self.last, self.first], axis=1), self.words).in_terms_of(county.words)
        last, first = np.split(both.codes, [LAST_NAMES], axis=1)
        return Households(last, first, both.distinct)


def places(addresses: pa.Table) -> Places:
    """Normalised addresses (`ADDRESS_SCHEMA`) as numbers; post-office boxes have neither number nor street."""
    secondary = pc.binary_join_element_wise(addresses["fraction"], addresses["unit"], "")
    return Places(
        number=_integers(addresses["number"]),
        number_to=_integers(addresses["number_to"]),
        direction=_codes(addresses["direction"], _DIRECTIONS),
        street_type=_codes(addresses["street_type"], _TYPES),
        zip=_integers(addresses["zip"]),
        street=texts(addresses["street"]),
        secondary=texts(secondary),
        city=texts(addresses["city"]),
    )


def words_of(*tables: pa.Table) -> pa.Array:
    """The distinct words of normalised names (`NAME_SCHEMA`), sorted."""
    words = pc.unique(
        pa.chunked_array(
            [pc.list_flatten(table[kind].combine_chunks()) for table in tables for kind in ("last", "first")],
            pa.string(),
        )
    )
    return words.take(pc.sort_indices(words))


def households(*tables: pa.Table, words: pa.Array | None = None) -> Households:
    """Normalised names (`NAME_SCHEMA`) as numbers; several tables of the same rows make one household a row.

    `words`: a dictionary that has every word of theirs; their own by default.
    """
    words = words_of(*tables) if words is None else words
    last = _matrix([table["last"].combine_chunks() for table in tables], words, LAST_NAMES)
    first = _matrix([table["first"].combine_chunks() for table in tables], words, FIRST_NAMES)
    return Households(last, first, words)


def texts(column: pa.Array | pa.ChunkedArray) -> Texts:
    """A column of texts as codes of its distinct values, which are sorted; '' and null are missing."""
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = pc.if_else(pc.equal(found, ""), None, found)
    distinct = pc.unique(found).drop_null()
    distinct = distinct.take(pc.sort_indices(distinct))
    return Texts(_codes(found, distinct), distinct)


def _codes(column: pa.Array | pa.ChunkedArray, known: pa.Array) -> Integers:
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    place = pc.index_in(found, value_set=known)
    return place.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)  # type: ignore[no-any-return]


def _integers(column: pa.ChunkedArray) -> Integers:
    return (  # type: ignore[no-any-return]
        pc.fill_null(column, 0).combine_chunks().to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    )


def _matrix(columns: list[pa.Array], words: pa.Array, width: int) -> Integers:
    """The words of each row's lists, one after the other, as codes: `width` of them, NONE where there are fewer."""
    rows = np.concatenate([pc.list_parent_indices(column).to_numpy() for column in columns])
    values = pa.concat_arrays([pc.list_flatten(column) for column in columns])
    codes = pc.index_in(values, value_set=words).to_numpy(zero_copy_only=False).astype(np.int64)
    matrix = np.full((len(columns[0]), width), NONE, np.int32)
    if not len(codes):
        return matrix
    # The same word of two lists counts once, at its first place.
    kept = np.sort(first_places(rows * (len(words) + 1) + codes))
    kept = kept[stable_order(rows[kept])]
    rows, codes = rows[kept], codes[kept]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
    fits = place < width
    matrix[rows[fits], place[fits]] = codes[fits]
    return matrix
