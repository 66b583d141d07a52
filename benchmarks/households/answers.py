"""What participants say of themselves, still in parts, and the raw text they type."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.households.streets import DIRECTIONS, NONE, TYPES, StreetNames
from benchmarks.households.writing import (
    DIRECTIONS_SPELT_OUT,
    NAME_FORMS,
    OTHER_FORMS,
    SPELT_OUT,
    name_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.households.streets import Streets

    Texts = NDArray[Any]
    """An array of Python strings."""

_TYPE_FORMS = (*TYPES, *SPELT_OUT, *OTHER_FORMS)
ABBREVIATED, SPELT, OTHERWISE = range(3)
_UNIT_FORMS = ("APT {}", "#{}", "UNIT {}", ", APT {}", "APT. {}", "# {}", "{}", "NO {}", "APARTMENT {}")
_UNIT_FORM_WEIGHTS = (0.36, 0.16, 0.18, 0.06, 0.06, 0.06, 0.06, 0.02, 0.04)
_SPELT_OUT_DIRECTION = 0.15
_LOWER, _TITLE = 0.04, 0.18
"""The rest types in upper case, as most of the real account does."""
_EMPTY_CELLS = 0.5
"""Of those who type all in the address, how many leave the cells for city and ZIP empty."""


@dataclass(slots=True)
class Answers:
    """Columns of one entry a participant, changed in place by what people do wrong.

    `type`, `direction` are indices or NONE, `type_form` is ABBREVIATED, SPELT or OTHERWISE; `text` stands for the
    whole address where it is not empty; `area` is the index into the county's areas (NONE outside it).
    """

    number: Texts
    name: Texts
    is_name: NDArray[np.bool_]
    type: NDArray[np.int64]
    type_form: NDArray[np.int64]
    glued: NDArray[np.bool_]
    direction: NDArray[np.int64]
    direction_last: NDArray[np.bool_]
    unit: Texts
    text: Texts
    city: Texts
    zip: Texts
    whole: NDArray[np.bool_]
    first: Texts
    last: Texts
    area: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.number)


def joined(parts: Sequence[Answers]) -> Answers:
    """The answers of several groups, one after the other."""
    return Answers(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Answers)}
    )


def name_texts(
    streets: Streets, rows: NDArray[np.int64], names: StreetNames, rng: np.random.Generator
) -> Texts:
    """The names of the streets at `rows`, each in a form of its own."""
    forms = rng.integers(0, NAME_FORMS, size=len(rows)).tolist()
    kinds, numbers = streets.kind[rows].tolist(), streets.name[rows].tolist()
    texts = [name_text(k, n, names, f) for k, n, f in zip(kinds, numbers, forms, strict=True)]
    return np.array(texts, dtype=object)


def written_table(answers: Answers, rng: np.random.Generator) -> dict[str, pa.Array]:
    """The raw text: address, city, zip, first_name, last_name."""
    n = len(answers)
    address = _addresses(answers, rng)
    city, code = pa.array(answers.city, pa.string()), pa.array(answers.zip, pa.string())
    comma = pa.array(np.where(rng.random(n) < 0.8, ", ", " "))
    state = pa.array(np.where(rng.random(n) < 0.9, "OH ", "OHIO "))
    everything = pc.binary_join_element_wise(address, comma, city, comma, state, code, "")
    everything = pc.utf8_trim(everything, characters=", ")
    whole = pa.array(answers.whole)
    empty = pa.array(answers.whole & (rng.random(n) < _EMPTY_CELLS))
    case = rng.random(n)
    return {
        "address": _in_case(pc.if_else(whole, everything, address), case),
        "city": _in_case(pc.if_else(empty, "", city), case),
        "zip": pc.if_else(empty, "", code),
        "first_name": _in_case(pa.array(answers.first, pa.string()), case),
        "last_name": _in_case(pa.array(answers.last, pa.string()), case),
    }


def _addresses(answers: Answers, rng: np.random.Generator) -> pa.Array:
    n = len(answers)
    types = pa.array(_TYPE_FORMS).take(
        pa.array(answers.type + len(TYPES) * answers.type_form, mask=answers.type == NONE)
    )
    glue = pa.array(np.where(answers.glued, "", " "))
    street = pa.array(answers.name, pa.string())
    street = pc.if_else(
        pc.is_valid(types), pc.binary_join_element_wise(street, glue, pc.fill_null(types, ""), ""), street
    )
    spelt_out = len(DIRECTIONS) * (rng.random(n) < _SPELT_OUT_DIRECTION)
    directions = pa.array((*DIRECTIONS, *DIRECTIONS_SPELT_OUT))
    none = answers.direction == NONE
    before = directions.take(pa.array(answers.direction + spelt_out, mask=none | answers.direction_last))
    after = directions.take(pa.array(answers.direction + spelt_out, mask=none | ~answers.direction_last))
    form = rng.choice(len(_UNIT_FORMS), size=n, p=_UNIT_FORM_WEIGHTS)
    unit = np.full(n, None, dtype=object)
    rows = np.flatnonzero(answers.unit != "")
    unit[rows] = [
        _UNIT_FORMS[f].format(label) for f, label in zip(form[rows], answers.unit[rows], strict=True)
    ]
    number = pa.array(answers.number, pa.string(), mask=answers.number == "")
    address = pc.binary_join_element_wise(
        number, before, street, after, pa.array(unit, pa.string()), " ", null_handling="skip"
    )
    return pc.if_else(
        pa.array(answers.text != ""),
        pa.array(answers.text, pa.string()),
        pc.replace_substring(address, " ,", ","),
    )


def _in_case(texts: pa.Array, draw: NDArray[np.float64]) -> pa.Array:
    choice = np.where(draw < _LOWER, 1, np.where(draw < _LOWER + _TITLE, 2, 0))
    return pc.choose(pa.array(choice), texts, pc.utf8_lower(texts), pc.utf8_title(texts))
