"""The weights of a county, learned without a single labelled pair.

What other parcels look like is counted: a sample of the county's own parcels, their commonest parts left out of some
of them, is compared with all the others. What a participant's own parcel looks like is learned from participants by
expectation maximisation, beginning with usual rates that also speak where there are few.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pyarrow as pa

from octopus_pipeline.matching.blocking import Pairs, number_keys
from octopus_pipeline.matching.comparable import DIRECTION_CODES, NONE, Households, Places, Texts, texts
from octopus_pipeline.matching.comparison import (
    City,
    Name,
    Number,
    Part,
    Person,
    Secondary,
    Zip,
    compare,
    credible,
)
from octopus_pipeline.matching.candidates import are_sensible, county_pairs
from octopus_pipeline.matching.context import Area, Street, contexts
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.weights import (
    AREAS,
    BROAD_PARTS,
    BROADLY,
    CITIES,
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
    OwnWeights,
    counted,
    log_odds,
    normalised,
    other_evidence,
    own_evidence,
    prior_odds,
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
SAMPLE_PARTICIPANTS: Final = 30_000
ROUNDS: Final = 12
"""Of expectation maximisation."""

_LEFT_OUT: Final = {
    "number": 0.1,
    "zip": 0.08,
    "city": 0.1,
    "street_type": 0.08,
    "direction": 0.12,
    "secondary": 0.2,
}
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
_PRIOR_OTHERS: Final = 20.0
_PRIOR_OWN: Final = 100.0
_PAIRS: Final = 2.0
_LEAST: Final = 1e-9
_MOST_OTHER_NAMES: Final = 1e-3


def count_others(county: Gazetteer) -> OtherWeights:
    """How many other parcels share how much with a participant: counted among the county's own parcels."""
    rng = np.random.default_rng(len(county.parcel))
    rows = np.sort(rng.permutation(len(county.parcel))[:SAMPLE_PARCELS])
    themselves = county.places.take(rows)
    ours = _as_people_write(themselves, county.places, rng)
    names = county.households.take(rows)
    names = Households(names.last[:, :1], names.first[:, :1], names.words)
    pairs = credible(ours, county.places, county_pairs(county, number_keys(ours), ours, names))
    others = county.parcel[rows[pairs.left]] != county.parcel[pairs.right]
    pairs = Pairs(pairs.left[others], pairs.right[others], pairs.by_name[others])
    neighbours = _are_neighbours(themselves, county.places, pairs)
    crowded = county.crowd[pairs.right] - neighbours > 1
    compared = compare(
        ours, names, county.places, county.households, pairs, crowded, county.streets, themselves
    )
    context = contexts(ours, county.streets, themselves=themselves)
    return _logarithms(_shares_of_others(context, compared, pairs, neighbours))


def _are_neighbours(ours: Places, theirs: Places, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether both have one address, units aside: in the same ZIP or city, or in none."""
    left, right = pairs.left, pairs.right
    alike = (ours.number[left] == theirs.number[right]) & (ours.number[left] > 0)
    for column in ("street_type", "direction"):
        alike &= getattr(ours, column)[left] == getattr(theirs, column)[right]
    alike &= (ours.street.codes[left] == theirs.street.codes[right]) & (ours.street.codes[left] != NONE)
    zips = (ours.zip[left] == theirs.zip[right]) | (ours.zip[left] == 0) | (theirs.zip[right] == 0)
    return alike & (zips | (ours.city.codes[left] == theirs.city.codes[right]))  # type: ignore[no-any-return]


def _as_people_write(places: Places, county: Places, rng: np.random.Generator) -> Places:
    """Parcels' addresses with the parts that people leave out or get wrong left out or wrong in some.

    As often as in US mailing lists at large; the ZIP and city oftener, since all that is counted is conditional on them.
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
    words = [*column.distinct.to_pylist(), None]
    written = [words[code] for code in column.codes.tolist()]
    for row in np.flatnonzero(which).tolist():
        word = written[row]
        if word is not None and len(word) > _SHORTEST_MISSPELT:
            place, mistake = int(rng.integers(1, len(word) - 1)), int(rng.integers(3))
            swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
            written[row] = (word[:place] + word[place + 1 :], word[:place] + word[place - 1 :], swapped)[
                mistake
            ]
    column = texts(pa.array(written, pa.string())).in_terms_of(column.distinct)
    return column if missing is None else replace(column, codes=np.where(missing, NONE, column.codes))


def _shares_of_others(
    context: Context, compared: Comparison, pairs: Pairs, neighbours: NDArray[np.bool_]
) -> OtherWeights:
    each = context.take(pairs.left)
    elsewhere = ~neighbours & ~pairs.by_name
    person = counted((3, PERSONS), (which_person(compared, pairs.by_name), compared.person))
    person[:, Person.UNKNOWN] = 0
    person_shares = normalised(person + _PRIOR_OTHERS * _USUAL_OTHER_PERSON)
    person_shares[:, Person.UNKNOWN] = 1
    units = (2, SECONDARIES)
    unit = (each.has_secondary, compared.secondary)
    apart = counted(units, tuple(axis[~neighbours] for axis in unit))
    beside = counted(units, tuple(axis[neighbours & ~pairs.by_name] for axis in unit))
    return OtherWeights(
        place=_place(context, each, compared, elsewhere),
        named=_named(context, each, compared, pairs.by_name & ~neighbours),
        number=normalised(
            counted((NUMBERS,), (compared.number[elsewhere],)) + np.array([5, 0.05, 1e-6, 1e-6, 1e-6, 1e-6])
        ),
        city=_city(each, compared, elsewhere),
        secondary=normalised(apart + _PRIOR_OTHERS * normalised(apart.sum(0) + 0.1)),
        neighbour=(beside + 0.5) / (counted((2,), (context.has_secondary,))[:, None] + 100),
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
        _rates(pairs, _people(whose, ()), _rates(by_street, _people(whose, (2,)), parts)), _LEAST
    )


def _people(whose: Table, over: tuple[int, ...]) -> Table:
    return whose.sum(over, keepdims=True)[..., None, None, None, None]  # type: ignore[no-any-return]


def _rates(pairs: Table, participants: Table, expected: Table | float) -> Table:
    """Pairs a participant; where there are hardly any pairs, near the rate expected of them."""
    return (pairs + _PAIRS) / (participants + _PAIRS / expected)  # type: ignore[no-any-return]


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
    return np.maximum(numbers[:, :, None, None, None] * rest, _LEAST)


def _city(each: Context, compared: Comparison, elsewhere: NDArray[np.bool_]) -> Table:
    same_name = (compared.name == Name.SAME).astype(np.int8)
    index = (each.area, compared.zip, same_name, compared.city)
    pairs = counted((AREAS, ZIPS, 2, CITIES), tuple(axis[elsewhere] for axis in index))
    by_zip = normalised(
        pairs.sum(2, keepdims=True) + _PRIOR_OTHERS * normalised(pairs.sum((1, 2), keepdims=True) + 0.01)
    )
    return normalised(pairs + _PRIOR_OTHERS * by_zip)


def learn_own(
    county: Gazetteer, other: OtherWeights, ours: Places, names: Households, shares: NDArray[np.float64]
) -> OwnWeights:
    """What participants' own parcels look like.

    `ours`, `names`: participants in the county's terms; `shares`: of each, how likely its ZIP is the county's.
    """
    own = usual_weights()
    if not len(ours):
        return own
    pairs = credible(ours, county.places, county_pairs(county, number_keys(ours), ours, names))
    crowded = county.crowd[pairs.right] > 1
    compared = compare(ours, names, county.places, county.households, pairs, crowded, county.streets)
    sensible = are_sensible(compared)
    pairs, compared = (
        Pairs(pairs.left[sensible], pairs.right[sensible], pairs.by_name[sensible]),
        compared.take(sensible),
    )
    context = contexts(ours, county.streets)
    each = context.take(pairs.left)
    others, share = other_evidence(other, each, compared, pairs.by_name), np.log(shares[pairs.left])
    for _ in range(ROUNDS):
        odds = prior_odds(own, each) + log_odds(own_evidence(own, each, compared), others) + share
        own = _logarithms(_maximised(context, each, compared, pairs, posteriors(pairs.left, odds), shares))
    return own


def usual_weights() -> OwnWeights:
    """What participants' own parcels look like where nobody is known yet: the rates of US mailing lists at large."""
    return _logarithms(_usual())


_Weights = TypeVar("_Weights", OwnWeights, OtherWeights)


def _logarithms(weights: _Weights) -> _Weights:
    tables = (
        np.log(np.maximum(getattr(weights, name), _LEAST)).astype(np.float32) for name in weights.__slots__
    )
    return type(weights)(*tables)


def _maximised(
    context: Context,
    each: Context,
    compared: Comparison,
    pairs: Pairs,
    certain: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> OwnWeights:
    usual = _usual()
    local = (each.street >= Street.NAME).astype(np.int8)
    there = street_there(each, compared)
    where = (STREETS, AREAS, 2)
    here = counted(where, (context.street, context.area, context.has_number), shares)
    found = counted(where, (each.street, each.area, each.has_number), certain)
    person = counted((PERSONS,), (compared.person,), certain)
    person[Person.UNKNOWN] = 0
    person = normalised(person + _PRIOR_OWN * np.append(usual.person[:-1], 0))
    person[Person.UNKNOWN] = 1
    return OwnWeights(
        prior=np.clip((found + _PRIOR_OWN * usual.prior) / (here + _PRIOR_OWN), 1e-4, 1 - 1e-4),
        number=_updated(usual.number, (each.has_number, compared.number), certain),
        name=_with_few_others(_updated(usual.name, (there, compared.name), certain)),
        parts=_updated(
            usual.parts,
            (there, each.has_type, each.has_direction, compared.type, compared.direction),
            certain,
            axes=2,
        ),
        area=_updated(usual.area, (each.area, local, compared.zip, compared.city), certain, axes=2),
        secondary=_updated(usual.secondary, (each.has_secondary, compared.secondary), certain),
        person=person,
    )


def _updated(
    usual: Table, index: tuple[NDArray[np.int8], ...], certain: NDArray[np.float64], axes: int = 1
) -> Table:
    return normalised(counted(usual.shape, index, certain) + _PRIOR_OWN * usual, axes)


def _with_few_others(name: Table) -> Table:
    """Quite another street is a mistake of few: learned, it would take in those who live nowhere in the county."""
    name[:, Name.OTHER] = np.minimum(name[:, Name.OTHER], _MOST_OTHER_NAMES)
    return normalised(name)


@cache
def _usual() -> OwnWeights:
    prior = np.empty((STREETS, AREAS, 2))
    prior[:] = np.array([0.5, 0.7, 0.9, 0.92])[:, None, None]
    prior[..., 0] *= 0.3
    prior[:, Area.BOTH_UNKNOWN] *= 0.2
    number = _table((2, NUMBERS), {
        (1, Number.SAME): 0.955, (1, Number.IN_RANGE): 0.005, (1, Number.SLIP): 0.028, (1, Number.UNNUMBERED): 0.008,
        (1, Number.OTHER): 0.004, (0, Number.MISSING): 1,
    })  # fmt: skip
    name = np.tile(normalised(np.array([0.86, 0.10, 0.015, 0.02, 0.004, 0.001])), (STREETS + 1, 1))
    name[Street.NAME : STREETS] = normalised(np.array([0.97, 0.015, 0.005, 0.007, 0.002, 0.001]))
    secondary = _table((2, SECONDARIES), {
        (1, Secondary.SAME): 0.1, (1, Secondary.THEIRS_MISSING): 0.37, (1, Secondary.OTHER): 0.01,
        (1, Secondary.SAME_OF_SEVERAL): 0.5, (1, Secondary.THEIRS_MISSING_OF_SEVERAL): 0.01, (1, Secondary.OTHER_OF_SEVERAL): 0.01,
        (0, Secondary.NEITHER): 0.95, (0, Secondary.NEITHER_OF_SEVERAL): 0.01,
        (0, Secondary.OURS_MISSING): 0.02, (0, Secondary.OURS_MISSING_OF_SEVERAL): 0.02,
    })  # fmt: skip
    person = np.array([0.70, 0.03, 0.03, 0.12, 0.01, 0.04, 0.07, 1.0])
    return OwnWeights(
        prior=np.clip(prior, 1e-4, 0.99),
        number=number,
        name=name,
        parts=_usual_parts(),
        area=_usual_area(),
        secondary=secondary,
        person=person,
    )


def _usual_parts() -> Table:
    """Types and directions; a street that is known, but not as written, has one of them wrong."""
    kind, direction = _usual_part(missing=0.08, other=0.02), _usual_part(missing=0.12, other=0.03)
    both = np.stack([kind[:, None, :, None] * direction[None, :, None, :]] * (STREETS + 1))
    agree = [Part.SAME, Part.NEITHER]
    both[Street.NAME][np.ix_(range(2), range(2), agree, agree)] *= 0.01
    return normalised(both, 2)


def _usual_part(missing: float, other: float) -> Table:
    table = np.full((2, PARTS), 1e-5)
    there, lacking = table[1], table[0]
    there[[Part.SAME, Part.OTHER, Part.OTHER_KNOWN]] = 1 - missing - other, other, other / 10
    there[[Part.THEIRS_MISSING, Part.THEIRS_MISSING_KNOWN]] = missing / 4, missing / 40
    lacking[[Part.NEITHER, Part.OURS_MISSING, Part.OURS_MISSING_KNOWN]] = 1 - missing, missing, missing / 10
    return normalised(table)


_USUAL_OTHER_PERSON: Final = np.array(
    [
        [0.002, 0.0005, 0.001, 0.01, 0.005, 0.05, 0.9315, 0],
        [0.002, 0.0005, 0.001, 0.01, 0.005, 0.05, 0.9315, 0],
        [0.03, 0.005, 0.02, 0.9, 0.01, 0.01, 0.025, 0],
    ]
)


def _usual_area() -> Table:
    zips = np.zeros((AREAS, ZIPS))
    zips[:, [Zip.SAME, Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING]] = [0.92, 0.01, 0.04, 0.03]
    zips[Area.DISAGREE, [Zip.SAME, Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING]] = [0.5, 0.12, 0.35, 0.03]
    zips[[Area.ONLY_CITY, Area.NEITHER]] = 0
    zips[[Area.ONLY_CITY, Area.NEITHER], Zip.OURS_MISSING] = 1
    unknown = [Area.UNKNOWN_ZIP, Area.BOTH_UNKNOWN]
    zips[unknown] = 0
    zips[np.ix_(unknown, [Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING])] = [0.3, 0.5, 0.2]
    cities = np.zeros((AREAS, CITIES))
    cities[:, [City.SAME, City.SIMILAR, City.OTHER, City.THEIRS_MISSING]] = [0.85, 0.03, 0.10, 0.02]
    cities[[Area.ONLY_ZIP, Area.NEITHER]] = 0
    cities[[Area.ONLY_ZIP, Area.NEITHER], City.OURS_MISSING] = 1
    both = zips[:, :, None] * cities[:, None, :] + 1e-5
    return normalised(np.stack([both, both], axis=1), 2)


def _table(shape: tuple[int, ...], cells: dict[tuple[int, ...], float]) -> Table:
    table = np.full(shape, 1e-5)
    for cell, value in cells.items():
        table[cell] = value
    return normalised(table)
