"""Who lives in invented dwellings, who owns them, and how counties write their names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.households.vocabulary import (
    COMPANIES,
    FIRST_NAMES,
    SURNAME_ENDINGS,
    SURNAME_STEMS,
    SURNAMES,
    TOWNSHIPS,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

OWNER_OCCUPIED = 0.50
COMPANY_OWNED = 0.4
"""Of the dwellings that are let."""
NO_CUSTOMER = 0.47
OTHER_CUSTOMER = 0.08
"""How often the customer is of neither the household nor the owner: who lived there before, say."""
SECOND_CUSTOMER = 0.25
"""How often the customer is the second of the household."""
COUPLE = 0.55
_INITIALS = "ABCDEFGHJKLMNPRSTW"
_MISSING = ("NA", "", None)


@cache
def last_names() -> tuple[str, ...]:
    """Last names, the most frequent first."""
    rare = [stem + ending for stem in SURNAME_STEMS for ending in SURNAME_ENDINGS]
    order = np.random.default_rng(0).permutation(len(rare))
    return tuple(dict.fromkeys([*SURNAMES, *(rare[index] for index in order)]))


@cache
def _last_name_weights() -> NDArray[np.float64]:
    weights = (np.arange(len(last_names())) + 12.0) ** -0.9
    return weights / weights.sum()  # type: ignore[no-any-return]


@cache
def _first_name_weights() -> NDArray[np.float64]:
    weights = (np.arange(len(FIRST_NAMES)) + 12.0) ** -0.7
    return weights / weights.sum()  # type: ignore[no-any-return]


def draw_last_names(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices into `last_names()`."""
    return rng.choice(len(last_names()), size=n, p=_last_name_weights())


def draw_first_names(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices into FIRST_NAMES."""
    return rng.choice(len(FIRST_NAMES), size=n, p=_first_name_weights())


@dataclass(frozen=True, slots=True)
class Households:
    """Who lives in each dwelling: last name, first names of two (the second may be NONE) and a middle initial."""

    last: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    initial: NDArray[np.int64]

    def take(self, rows: NDArray[np.intp]) -> Households:
        """The households at these rows."""
        return Households(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw_households(n: int, rng: np.random.Generator) -> Households:
    """`n` households."""
    return Households(
        last=draw_last_names(n, rng),
        first=draw_first_names(n, rng),
        second=np.where(rng.random(n) < COUPLE, draw_first_names(n, rng), -1),
        # An initial is written of half of them.
        initial=np.where(rng.random(n) < 0.5, rng.integers(0, len(_INITIALS), size=n), -1),
    )


def owner_texts(households: Households, shape: int, rng: np.random.Generator) -> pa.Array:
    """The owner of each dwelling: often who lives there, else a landlord or a company; mostly in one shape."""
    n = len(households.last)
    lives_there = rng.random(n) < OWNER_OCCUPIED
    landlords = draw_households(n, rng)
    people = Households(
        **{
            field.name: np.where(lives_there, getattr(households, field.name), getattr(landlords, field.name))
            for field in fields(Households)
        }
    )
    shapes = np.where(rng.random(n) < 0.85, shape, rng.integers(0, 3, size=n))
    company = ~lives_there & (rng.random(n) < COMPANY_OWNED)
    first, second, last, initial = _texts(people)
    with_initial = _joined(first, initial)
    couple = _joined(with_initial, pc.if_else(pc.is_valid(second), _joined(pa.scalar("&"), second), None))
    trust = pc.if_else(pa.array(rng.random(n) < 0.04), "TR", None)
    named = pc.choose(
        pa.array(shapes),
        _joined(last, couple, trust),
        _joined(pc.binary_join_element_wise(last, pa.scalar(","), ""), couple),
        _joined(couple, last, trust),
    )
    firms = pa.array([f"{place} {kind}" for place in TOWNSHIPS for kind in COMPANIES], pa.string()).take(
        pa.array(rng.integers(0, len(TOWNSHIPS) * len(COMPANIES), size=n))
    )
    return pc.if_else(pa.array(company), firms, named)


def customer_texts(households: Households, rng: np.random.Generator) -> tuple[pa.Array, NDArray[np.bool_]]:
    """The utility's customer of each dwelling in one of three shapes, and whether it is the second of the household."""
    n = len(households.last)
    second = (households.second >= 0) & (rng.random(n) < SECOND_CUSTOMER)
    others = draw_households(n, rng)
    other = rng.random(n) < OTHER_CUSTOMER
    customers = Households(
        last=np.where(other, others.last, households.last),
        first=np.where(other, others.first, np.where(second, households.second, households.first)),
        second=households.second,
        initial=households.initial,
    )
    first, _, last, initial = _texts(customers)
    shapes = pa.array(rng.integers(0, 3, size=n))
    texts = pc.choose(
        shapes,
        _joined(first, last),
        _joined(first, initial, last),
        _joined(pc.binary_join_element_wise(last, pa.scalar(","), ""), first, initial),
    )
    missing = rng.random(n) < NO_CUSTOMER
    texts = pc.if_else(
        pa.array(missing), pa.scalar(_MISSING[rng.integers(len(_MISSING))], pa.string()), texts
    )
    return texts, second & ~other & ~missing


def _texts(people: Households) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """First, second and last name and initial; null for none."""
    first_names = pa.array(FIRST_NAMES)
    return (
        first_names.take(_nullable(people.first)),
        first_names.take(_nullable(people.second)),
        pa.array(last_names()).take(_nullable(people.last)),
        pa.array(list(_INITIALS)).take(_nullable(people.initial)),
    )


def _nullable(indices: NDArray[np.int64]) -> pa.Array:
    return pa.array(indices, mask=indices < 0)


def _joined(*parts: pa.Array | pa.Scalar) -> pa.Array:
    """The parts that are there, with a space between them."""
    return pc.binary_join_element_wise(*parts, " ", null_handling="skip")
