"""Who answers: people of the county's parcels, and people whose address is none of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.households import answers as answering
from benchmarks.households.answers import Answers, name_texts, written_table
from benchmarks.households.defects import DEFECTS, spoil
from benchmarks.households.dwellings import UNIT_LABELS, house_keys
from benchmarks.households.people import draw_first_names, draw_last_names, last_names
from benchmarks.households.streets import NONE
from benchmarks.households.vocabulary import FIRST_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.households.parcels import CountyParcels


class Kind(IntEnum):
    """Whether a participant's address is a parcel's, and if not, why."""

    TRUE, UNKNOWN_NUMBER, UNKNOWN_STREET, OUTSIDE, PO_BOX, JUNK = range(6)


KIND_SHARES = (0.80, 0.06, 0.03, 0.05, 0.03, 0.03)
KIND_NAMES = ("true", "unknown number", "unknown street", "outside", "PO box", "junk")
PARCEL_CAUSES = (
    *("parcel without number", "parcel without ZIP", "parcel with other ZIP", "parcel with a range"),
    *("parcel in a township", "condominium", "parcel with a twin"),
)
CAUSES = (*(defect.name for defect in DEFECTS), *PARCEL_CAUSES)
_NEAR = 0.5
"""Share of the unknown numbers that are close to a known one; the others lie anywhere along the street."""
_JUNK = (
    "n/a",
    "same",
    "NA",
    "none",
    "unknown",
    "-",
    "",
    "SAME AS ABOVE",
    "see file",
    "homeless",
    "0",
    "test",
    "x",
)
_STREET_ONLY = 0.4
"""Share of the junk that is a street without a number."""
_PO_BOXES = ("PO BOX {}", "P.O. BOX {}", "P O BOX {}", "POB {}", "BOX {}", "PO BOX #{}")

PARTICIPANTS_SCHEMA = pa.schema(
    [
        ("participant_id", pa.int64()),
        ("address", pa.string()),
        ("city", pa.string()),
        ("zip", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
    ]
)
TRUTH_SCHEMA = pa.schema(
    [
        ("participant_id", pa.int64()),
        ("parcel_id", pa.string()),
        ("kind", pa.string()),
        ("defects", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class CountyParticipants:
    """A county's participants and their truth, row by row, without ids yet."""

    participants: pa.Table
    truth: pa.Table


def ask(
    county: CountyParcels, elsewhere: CountyParcels, count: int, rng: np.random.Generator
) -> CountyParticipants:
    """`count` participants of the county; those who live outside live in `elsewhere`."""
    kinds = np.sort(rng.choice(len(Kind), size=count, p=KIND_SHARES))
    inside = kinds != Kind.OUTSIDE
    rows = np.where(
        inside,
        rng.integers(0, county.table.num_rows, size=count),
        rng.integers(0, elsewhere.table.num_rows, size=count),
    )
    order = np.concatenate([np.flatnonzero(inside), np.flatnonzero(~inside)])
    kinds, rows = kinds[order], rows[order]
    living = int(inside.sum())
    parts = [_answers_of(county, rows[:living], rng), _answers_of(elsewhere, rows[living:], rng)]
    parts[1].area[:] = NONE
    answers = answering.joined(parts)
    _other_numbers(answers, county, rows, np.flatnonzero(kinds == Kind.UNKNOWN_NUMBER), rng)
    _other_streets(answers, county, np.flatnonzero(kinds == Kind.UNKNOWN_STREET), rng)
    # Whoever lives behind no parcel must not bear the name of those who live behind one.
    _strangers(answers, np.flatnonzero((kinds != Kind.TRUE) & (kinds != Kind.OUTSIDE)), rng)
    _po_boxes(answers, np.flatnonzero(kinds == Kind.PO_BOX), rng)
    _junk(answers, np.flatnonzero(kinds == Kind.JUNK), rng)
    is_true = kinds == Kind.TRUE
    happened = spoil(answers, is_true, county.county, rng)
    causes = np.hstack([happened, _parcel_causes(county, np.where(is_true, rows, 0)) & is_true[:, None]])
    parcel_ids = county.table["parcel_id"].combine_chunks().take(pa.array(rows, mask=~is_true))
    participants = pa.table({"participant_id": pa.nulls(count, pa.int64()), **written_table(answers, rng)})
    truth = pa.table(
        [
            pa.nulls(count, pa.int64()),
            parcel_ids,
            pa.array(KIND_NAMES).take(pa.array(kinds)),
            _listed(causes),
        ],
        schema=TRUTH_SCHEMA,
    )
    return CountyParticipants(participants.cast(PARTICIPANTS_SCHEMA), truth)


def _answers_of(parcels: CountyParcels, rows: NDArray[np.int64], rng: np.random.Generator) -> Answers:
    """What the people of the parcels at `rows` would say if they made no mistake."""
    n = len(rows)
    dwellings = parcels.dwellings.take(rows)
    streets = parcels.streets.take(dwellings.street)
    households = parcels.households.take(rows)
    # Whoever lives behind a number range calls it by either end.
    last = parcels.last_number[rows]
    number = np.where((last > 0) & (rng.random(n) < 0.5), last, dwellings.number)
    first = np.where(parcels.second_is_customer[rows], households.second, households.first)
    towns = np.array([area.town for area in parcels.county.areas], dtype=object)
    zips = np.array([str(area.zip) for area in parcels.county.areas], dtype=object)
    labels = np.array([*UNIT_LABELS, ""], dtype=object)
    return Answers(
        number=number.astype(str).astype(object),
        name=name_texts(streets, np.arange(n), parcels.names, rng),
        is_name=streets.kind == 0,
        type=streets.type.copy(),
        type_form=np.zeros(n, dtype=np.int64),
        glued=np.zeros(n, dtype=np.bool_),
        direction=streets.direction.copy(),
        direction_last=np.zeros(n, dtype=np.bool_),
        unit=labels[dwellings.unit],
        text=np.full(n, "", dtype=object),
        city=towns[streets.area],
        zip=zips[streets.area],
        whole=np.zeros(n, dtype=np.bool_),
        first=np.array(FIRST_NAMES, dtype=object)[first],
        last=np.array(last_names(), dtype=object)[households.last],
        area=streets.area.copy(),
    )


def _other_numbers(
    answers: Answers,
    county: CountyParcels,
    rows: NDArray[np.int64],
    chosen: NDArray[np.intp],
    rng: np.random.Generator,
) -> None:
    """Give the chosen a number that no parcel of their street has."""
    keys = np.unique(
        np.concatenate(
            [
                house_keys(county.dwellings.street, county.dwellings.number),
                house_keys(county.dwellings.street, county.last_number),
            ]
        )
    )
    street, known = county.dwellings.street[rows[chosen]], county.dwellings.number[rows[chosen]]
    number = known.copy()
    wrong = np.arange(len(chosen))
    reach = 1
    while len(wrong):
        near = known[wrong] + rng.choice([-1, 1], size=len(wrong)) * 2 * rng.integers(
            1, 4 + reach, size=len(wrong)
        )
        anywhere = known[wrong] + rng.integers(-150 - reach, 150 + reach, size=len(wrong))
        number[wrong] = np.where(rng.random(len(wrong)) < _NEAR, near, anywhere)
        number[wrong] = np.maximum(number[wrong], 1)
        wrong = wrong[np.isin(house_keys(street[wrong], number[wrong]), keys)]
        reach += 1
    answers.number[chosen] = number.astype(str).astype(object)
    answers.unit[chosen] = ""


def _other_streets(
    answers: Answers, county: CountyParcels, chosen: NDArray[np.intp], rng: np.random.Generator
) -> None:
    """Give the chosen a street whose name none of the county's has."""
    used = np.isin(np.arange(len(county.names.texts)), county.streets.name[county.streets.kind == 0])
    weights = np.where(used, 0, county.names.weights)
    names = np.array(county.names.texts, dtype=object)
    answers.name[chosen] = names[rng.choice(len(names), size=len(chosen), p=weights / weights.sum())]
    answers.is_name[chosen] = True
    answers.unit[chosen] = ""


def _strangers(answers: Answers, chosen: NDArray[np.intp], rng: np.random.Generator) -> None:
    answers.first[chosen] = np.array(FIRST_NAMES, dtype=object)[draw_first_names(len(chosen), rng)]
    answers.last[chosen] = np.array(last_names(), dtype=object)[draw_last_names(len(chosen), rng)]


def _po_boxes(answers: Answers, chosen: NDArray[np.intp], rng: np.random.Generator) -> None:
    numbers, forms = rng.integers(1, 9999, size=len(chosen)), rng.integers(len(_PO_BOXES), size=len(chosen))
    answers.text[chosen] = [
        _PO_BOXES[form].format(number) for form, number in zip(forms, numbers, strict=True)
    ]
    _without_street(answers, chosen)


def _junk(answers: Answers, chosen: NDArray[np.intp], rng: np.random.Generator) -> None:
    """A street without a number, or a word that is no address."""
    street_only = rng.random(len(chosen)) < _STREET_ONLY
    answers.number[chosen[street_only]] = ""
    answers.unit[chosen[street_only]] = ""
    words = chosen[~street_only]
    answers.text[words] = np.array(_JUNK, dtype=object)[rng.integers(len(_JUNK), size=len(words))]
    _without_street(answers, words)


def _without_street(answers: Answers, chosen: NDArray[np.intp]) -> None:
    for texts in (answers.number, answers.name, answers.unit):
        texts[chosen] = ""
    for indices in (answers.type, answers.direction):
        indices[chosen] = NONE
    answers.is_name[chosen] = False


def _parcel_causes(county: CountyParcels, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A column for each of PARCEL_CAUSES."""
    return np.column_stack(
        [
            county.has_no_number[rows],
            county.has_no_zip[rows],
            county.has_other_zip[rows],
            county.last_number[rows] > 0,
            (county.streets.township != NONE)[county.dwellings.street[rows]],
            county.dwellings.unit[rows] != NONE,
            county.has_twin[rows],
        ]
    )


def _listed(causes: NDArray[np.bool_]) -> pa.Array:
    """The names of the causes that hold, a list a row."""
    _, which = np.nonzero(causes)
    offsets = np.concatenate([[0], np.cumsum(causes.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(CAUSES).take(pa.array(which)))
