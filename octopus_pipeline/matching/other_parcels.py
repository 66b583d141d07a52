"""What parcels that are not a participant's have in common with it: counted among a county's own parcels.

A sample of them is written as people write, and each compared with all others: what those agree in, strangers do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.candidates import county_pairs
from octopus_pipeline.matching.comparable import DIRECTION_CODES, NONE, Households, Places, Texts, texts
from octopus_pipeline.matching.comparison import are_neighbours, are_twins, compare
from octopus_pipeline.matching.context import contexts
from octopus_pipeline.matching.levels import Name, Person
from octopus_pipeline.matching.weights import (
    AREAS,
    BROAD_PARTS,
    BROADLY,
    CITIES,
    LEAST,
    NAMES,
    NUMBERS,
    PARTS,
    PERSONS,
    SECONDARIES,
    SPREADS,
    STREETS,
    ZIP_KNOWLEDGE,
    ZIPS,
    OtherWeights,
    counted,
    logarithms,
    normalised,
    street_there,
    which_person,
    zip_knowledge,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context
    from octopus_pipeline.matching.county_index import Gazetteer
    from octopus_pipeline.matching.weights import Table

SAMPLE_PARCELS: Final = 60_000

_LEFT_OUT: Final = {
    "number": 0.1, "zip": 0.08, "city": 0.1, "street_type": 0.08, "direction": 0.12, "secondary": 0.2,
}  # fmt: skip
_WRONG: Final = {
    "zip": 0.05,
    "digit": 0.03,
    "street_type": 0.02,
    "direction": 0.03,
    "letter": 0.1,
    "city": 0.08,
    "city_letter": 0.07,
}
_OPPOSITE: Final = np.array(
    [DIRECTION_CODES.index(letters.translate(str.maketrans("NSEW", "SNWE"))) for letters in DIRECTION_CODES]
)
_SHORTEST_MISSPELT: Final = 3
_PRIOR: Final = 20.0
"""Pairs that usual shares count for."""
_PAIRS: Final = 2.0

_USUAL_PERSON: Final = np.array(
    [
        [0.002, 0.0005, 0.001, 0.01, 0.005, 0.05, 0.9315, 0],
        [0.002, 0.0005, 0.001, 0.01, 0.005, 0.05, 0.9315, 0],
        [0.03, 0.005, 0.02, 0.9, 0.01, 0.01, 0.025, 0],
    ]
)


def count_others(county: Gazetteer) -> OtherWeights:
    """How many other parcels of a county share how much with a participant."""
    rng = np.random.default_rng(len(county.parcel))
    rows = np.sort(rng.permutation(len(county.parcel))[:SAMPLE_PARCELS])
    themselves = county.places.take(rows)
    ours = _as_people_write(themselves, county.places, rng)
    names = county.households.take(rows)
    names = Households(names.last[:, :1], names.first[:, :1], names.words)
    pairs = county_pairs(county, number_keys(ours), ours, names)
    pairs = pairs.take(county.parcel[rows[pairs.left]] != county.parcel[pairs.right])
    compared = compare(ours, names, county, pairs, themselves)
    context = contexts(ours, county.streets, themselves=themselves)
    neighbours = are_neighbours(themselves, county.places, compared.pairs)
    twins = are_twins(themselves, county.places, compared.pairs) & ~neighbours
    return logarithms(_shares_of_others(context, compared, neighbours, twins))


def _as_people_write(places: Places, county: Places, rng: np.random.Generator) -> Places:
    """Parcels' addresses with the parts that people leave out or get wrong left out or wrong in some.

    As often as in mailing lists, in round numbers; ZIP and city oftener: all that is counted is conditional on them.
    """
    count = len(places)
    out = {name: rng.random(count) < share for name, share in _LEFT_OUT.items()}
    wrong = {name: rng.random(count) < share for name, share in _WRONG.items()}
    anyone = rng.integers(0, len(county), count)
    number = np.where(out["number"], 0, places.number)
    zips = np.where(wrong["zip"], county.zip[anyone], places.zip)
    zips = np.where(wrong["digit"] & (zips > 0), zips // 10 * 10 + rng.integers(0, 10, count), zips).astype(
        np.int32
    )
    kinds = np.where(wrong["street_type"], county.street_type[anyone], places.street_type)
    opposite = np.append(_OPPOSITE, NONE)[places.direction]
    directions = np.where(wrong["direction"], opposite, places.direction)
    cities = replace(places.city, codes=np.where(wrong["city"], county.city.codes[anyone], places.city.codes))
    return replace(
        places,
        number=number,
        number_to=np.where(out["number"], 0, places.number_to),
        zip=np.where(out["zip"], 0, zips),
        street_type=np.where(out["street_type"], NONE, kinds),
        direction=np.where(out["direction"], NONE, directions),
        street=_misspelt(places.street, wrong["letter"], rng),
        city=_misspelt(cities, wrong["city_letter"], rng, out["city"]),
        secondary=replace(places.secondary, codes=np.where(out["secondary"], NONE, places.secondary.codes)),
    )


def _misspelt(
    column: Texts,
    which: NDArray[np.bool_],
    rng: np.random.Generator,
    missing: NDArray[np.bool_] | None = None,
) -> Texts:
    """Texts with a letter left out, doubled, or swapped with the next in some, the others as they are."""
    rows = np.flatnonzero(which & (column.codes != NONE))
    words = column.distinct.take(pa.array(column.codes[rows])).to_pylist()
    where, mistakes = rng.random(len(rows)).tolist(), rng.integers(3, size=len(rows)).tolist()
    wrong = texts(pa.array(map(_with_a_mistake, words, where, mistakes), pa.string()))
    wrong = wrong.in_terms_of(column.distinct)
    codes = column.codes.copy()
    codes[rows] = wrong.codes
    return Texts(codes if missing is None else np.where(missing, NONE, codes), wrong.distinct)


def _with_a_mistake(word: str, where: float, mistake: int) -> str:
    """A word, unless it is short, with a mistake: 0 leaves a letter out, 1 doubles one, 2 swaps one with the next.

    `where`: which letter, from 0 for the second to 1 for the last but one.
    """
    if len(word) <= _SHORTEST_MISSPELT:
        return word
    place = 1 + int(where * (len(word) - 2))
    left_out, doubled = word[:place] + word[place + 1 :], word[:place] + word[place - 1 :]
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return (left_out, doubled, swapped)[mistake]


def _shares_of_others(
    context: Context, compared: Comparison, neighbours: NDArray[np.bool_], twins: NDArray[np.bool_]
) -> OtherWeights:
    each, by_name = context.take(compared.pairs.left), compared.pairs.by_name
    elsewhere = ~neighbours & ~twins & ~by_name
    person = counted((3, PERSONS), (which_person(compared), compared.person))
    person[:, Person.UNKNOWN] = 0
    person_shares = normalised(person + _PRIOR * _USUAL_PERSON)
    person_shares[:, Person.UNKNOWN] = 1
    units = (2, SECONDARIES)
    unit = (each.has_secondary, compared.secondary)
    apart = counted(units, tuple(axis[~neighbours] for axis in unit))
    beside = counted(units, tuple(axis[neighbours & ~by_name] for axis in unit))
    return OtherWeights(
        place=_place(context, each, compared, elsewhere),
        named=_named(context, each, compared, by_name & ~neighbours),
        number=normalised(
            counted((NUMBERS,), (compared.number[elsewhere],)) + np.array([5, 0.05, 1e-6, 1e-6, 1e-6, 1e-6])
        ),
        city=_city(each, compared, elsewhere),
        secondary=normalised(apart + _PRIOR * normalised(apart.sum(0) + 0.1)),
        neighbour=(beside + 0.5) / (counted((2,), (context.has_secondary,))[:, None] + 100),
        twin=_twin(context, each, compared, twins & ~by_name),
        person=person_shares,
    )


def _place(context: Context, each: Context, compared: Comparison, numbered: NDArray[np.bool_]) -> Table:
    """How many other parcels at the same number agree in name, type, direction and ZIP, given what the county knows.

    Where few participants are alike, those with any frequency of the name tell; where those are few, the parts alone.
    """
    has_number = context.has_number > 0
    shape = (ZIP_KNOWLEDGE, STREETS, SPREADS, 2, 2)
    levels = (NAMES, BROAD_PARTS, BROAD_PARTS, ZIPS)
    whose = counted(shape, tuple(axis[has_number] for axis in _known(context)))
    index = (*_known(each), compared.name, BROADLY[compared.type], BROADLY[compared.direction], compared.zip)
    pairs = counted(shape + levels, tuple(axis[numbered] for axis in index))
    by_street = pairs.sum(2, keepdims=True)
    names = _rates(pairs.sum((2, 3, 4, 6, 7, 8), keepdims=True), _people(whose, (2, 3, 4)), 1e-3)
    zips = normalised(pairs.sum((1, 2, 3, 4, 6, 7), keepdims=True) + 1e-2)
    types = pairs.sum((0, 1, 2, 4, 7, 8), keepdims=True) + 0.1
    directions = pairs.sum((0, 1, 2, 3, 6, 8), keepdims=True) + 0.1
    parts = (
        names * zips * (types / types.sum(6, keepdims=True)) * (directions / directions.sum(7, keepdims=True))
    )
    return np.maximum(
        _rates(pairs, _people(whose, ()), _rates(by_street, _people(whose, (2,)), parts)), LEAST
    )


def _people(whose: Table, over: tuple[int, ...]) -> Table:
    return whose.sum(over, keepdims=True)[..., None, None, None, None]  # type: ignore[no-any-return]


def _rates(pairs: Table, participants: Table, expected: Table | float) -> Table:
    """Pairs a participant; where there are hardly any pairs, near the rate expected of them."""
    return (pairs + _PAIRS) / (participants + _PAIRS / expected)


def _known(context: Context) -> tuple[NDArray[np.int8], ...]:
    return zip_knowledge(context), context.street, context.frequency, context.has_type, context.has_direction


def _named(context: Context, each: Context, compared: Comparison, named: NDArray[np.bool_]) -> Table:
    """How many other parcels share the last name on the street, and agree in number, type, direction and ZIP."""
    whose = counted((2,), (context.has_number,))
    index = (
        each.has_number,
        compared.number,
        BROADLY[compared.type],
        BROADLY[compared.direction],
        compared.zip,
    )
    pairs = counted((2, NUMBERS, BROAD_PARTS, BROAD_PARTS, ZIPS), tuple(axis[named] for axis in index))
    numbers = (pairs.sum((2, 3, 4)) + 0.1) / (whose[:, None] + 1)
    rest = normalised(pairs.sum((0, 1)) + 0.1, 3)
    return np.maximum(numbers[:, :, None, None, None] * rest, LEAST)  # type: ignore[no-any-return]


def _twin(context: Context, each: Context, compared: Comparison, twins: NDArray[np.bool_]) -> Table:
    """How many parcels have the participant's number and street but for type or direction, by the levels of these."""
    there = street_there(each, compared)
    whose = counted((STREETS, 2, 2), (context.street, context.has_type, context.has_direction))
    whose = np.concatenate([whose, whose.sum(0, keepdims=True)])[..., None, None]
    index = (there, each.has_type, each.has_direction, compared.type, compared.direction)
    pairs = counted((STREETS + 1, 2, 2, PARTS, PARTS), tuple(axis[twins] for axis in index))
    anywhere = _rates(pairs.sum(0, keepdims=True), whose.sum(0, keepdims=True), 1e-5)
    return _rates(pairs, whose, anywhere)


def _city(each: Context, compared: Comparison, elsewhere: NDArray[np.bool_]) -> Table:
    same_name = (compared.name == Name.SAME).astype(np.int8)
    index = (each.area, compared.zip, same_name, compared.city)
    pairs = counted((AREAS, ZIPS, 2, CITIES), tuple(axis[elsewhere] for axis in index))
    by_zip = normalised(
        pairs.sum(2, keepdims=True) + _PRIOR * normalised(pairs.sum((1, 2), keepdims=True) + 0.01)
    )
    return normalised(pairs + _PRIOR * by_zip)
