"""Sorting whole numbers a million at a time: several times faster where equal ones need not stay in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_PLACE_BITS: Final = 32
_PLACE: Final = (1 << _PLACE_BITS) - 1


def stable_order(values: NDArray[Any]) -> Integers:
    """The places of `values` (32 bits each) in ascending order of these; equal ones stay as they stand."""
    packed = values.astype(np.int64) << _PLACE_BITS | np.arange(len(values))
    packed.sort()
    return packed & _PLACE


def is_first(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each value is another than the one before."""
    return np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]


def first_places(values: Integers) -> Integers:
    """Where each of the distinct values stands first, in ascending order of the values."""
    order = np.argsort(values)
    if not len(order):
        return order
    return np.minimum.reduceat(order, np.flatnonzero(is_first(values[order])))


def distinct_and_codes(values: Integers) -> tuple[Integers, Integers]:
    """The distinct values in ascending order, and for each value its place among them."""
    order = np.argsort(values)
    ascending = values[order]
    is_new = is_first(ascending)
    codes = np.empty(len(values), np.int64)
    codes[order] = np.cumsum(is_new) - 1
    return ascending[is_new], codes


def places_in(ascending: Integers, values: Integers) -> Integers:
    """Where each value stands among distinct ascending ones; -1 where it does not."""
    if not len(ascending):
        return np.full(len(values), -1, np.int64)
    order = np.argsort(values)  # bisecting for ascending values stays within the cache
    wanted = values[order]
    found = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    found[ascending[found] != wanted] = -1
    places = np.empty(len(values), np.int64)
    places[order] = found
    return places
