"""How much each agreement and disagreement says: Fellegi-Sunter weights, conditional on the participant's context.

For a pair the odds that the parcel is the participant's are

    prior(context) * P(levels | its parcel, context) / expected number of other parcels with these levels

The second term is learned from participants, without labels (`learning`); the third by counting a county's own parcels
against each other. Of other parcels there are as many as there are, so a level that many strangers reach says little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from octopus_pipeline.matching.context import FREQUENCIES, Area, Street
from octopus_pipeline.matching.levels import City, Name, Number, Part, Person, Secondary, Zip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context

    Table = NDArray[np.float64]
    Evidence = dict[str, NDArray[np.float64]]
    Cells = dict[str, NDArray[np.int64]]
    """A table's name -> places in it, its axes one behind the other."""

ZIP_KNOWLEDGE = 3
STREETS, AREAS, SPREADS = len(Street), len(Area), len(FREQUENCIES) + 1
NUMBERS, NAMES, PARTS, ZIPS, CITIES, SECONDARIES, PERSONS = (
    len(levels) for levels in (Number, Name, Part, Zip, City, Secondary, Person)
)


BROADLY = np.array([0, 0, 1, 1, 2, 3, 3, 4], np.int8)
"""Of each level of a `Part`: 0 agreement, 1 one side missing, 2 another; 3 and 4 the same where ours is known."""
BROAD_PARTS = 5


@dataclass(frozen=True, slots=True)
class OwnWeights:
    """Logarithms of P(level | the participant's parcel, context), a table a part; OWN_SHAPES has the axes.

    `prior` is that of P(the participant's parcel is in the county | context).
    """

    prior: Table
    number: Table
    name: Table
    parts: Table
    area: Table
    secondary: Table
    person: Table


@dataclass(frozen=True, slots=True)
class OtherWeights:
    """Logarithms of the expected number of other parcels with given levels a participant, and of their shares.

    `place` is such a number of pairs that share a house number, `named` of pairs that share a last name on a street,
    `neighbour` of pairs with one address, units aside, `twin` of pairs whose streets differ in type or direction alone;
    the others are shares. OTHER_SHAPES has the axes.
    """

    place: Table
    named: Table
    number: Table
    city: Table
    secondary: Table
    neighbour: Table
    twin: Table
    person: Table


OWN_SHAPES = {
    "prior": (STREETS, AREAS, 2),  # street, area, has number
    "number": (2, NUMBERS),  # has number; level
    "name": (STREETS + 1, NAMES),  # street there; level
    "parts": (STREETS + 1, 2, 2, PARTS, PARTS),  # street there, has type, has direction; levels of both
    "area": (AREAS, 2, ZIPS, CITIES),  # area, street is in the ZIP; levels of ZIP and city
    "secondary": (2, SECONDARIES),  # has secondary; level
    "person": (PERSONS,),  # level; UNKNOWN says nothing
}
OTHER_SHAPES = {
    # ZIP knowledge, street, frequency, has type, has direction; levels of name, type, direction, ZIP
    "place": (ZIP_KNOWLEDGE, STREETS, SPREADS, 2, 2, NAMES, BROAD_PARTS, BROAD_PARTS, ZIPS),
    "named": (
        2,
        NUMBERS,
        BROAD_PARTS,
        BROAD_PARTS,
        ZIPS,
    ),  # has number; levels of number, type, direction, ZIP
    "number": (NUMBERS,),
    "city": (AREAS, ZIPS, 2, CITIES),  # area, level of ZIP, same name; level
    "secondary": (2, SECONDARIES),  # has secondary; level
    "neighbour": (2, SECONDARIES),
    "twin": (STREETS + 1, 2, 2, PARTS, PARTS),  # street there, has type, has direction; levels of both
    "person": (3, PERSONS),  # how found; level
}


def which_person(compared: Comparison) -> NDArray[np.int8]:
    """How a pair was found, as far as it bears on names: 0 by its street, 1 at its number only, 2 by the last name."""
    return np.where(compared.pairs.by_name, 2, compared.name >= Name.ALIKE).astype(np.int8)


def zip_knowledge(context: Context) -> NDArray[np.int8]:
    """0 without a ZIP, 1 if the county knows it, 2 if not."""
    unknown = (context.area == Area.UNKNOWN_ZIP) | (context.area == Area.BOTH_UNKNOWN)
    missing = (context.area == Area.ONLY_CITY) | (context.area == Area.NEITHER)
    return np.where(missing, 0, 1 + unknown).astype(np.int8)


def street_there(context: Context, compared: Comparison) -> NDArray[np.int8]:
    """What the county knows of the street, for parcels of the participant's ZIP; a value of its own for others."""
    elsewhere = (compared.zip == Zip.OTHER) | (compared.zip == Zip.ONE_DIGIT)
    return np.where(elsewhere, STREETS, context.street).astype(np.int8)


def own_cells(context: Context, compared: Comparison) -> Cells:
    """The cell that each pair is in, in the tables of `OwnWeights` but `prior`; `context` has a row a pair."""
    local = (context.street >= Street.NAME).astype(np.int8)
    there = street_there(context, compared)
    axes = {
        "number": (context.has_number, compared.number),
        "name": (there, compared.name),
        "parts": (there, context.has_type, context.has_direction, compared.type, compared.direction),
        "area": (context.area, local, compared.zip, compared.city),
        "secondary": (context.has_secondary, compared.secondary),
        "person": (compared.person,),
    }
    return {name: np.ravel_multi_index(index, OWN_SHAPES[name]) for name, index in axes.items()}


def own_evidence(own: OwnWeights, cells: Cells) -> Evidence:
    """Logarithms of P(level | the participant's parcel, context), a part each: what stands in the `own_cells`."""
    return {name: getattr(own, name).ravel()[cell] for name, cell in cells.items()}


def other_evidence(other: OtherWeights, context: Context, compared: Comparison) -> Evidence:
    """The logarithm of the expected number of other parcels, by the parts that are counted together.

    `neighbour` is of parcels with the very address of the participant's own, units aside; the rest of others.
    """
    place = other.place[
        zip_knowledge(context), context.street, context.frequency, context.has_type, context.has_direction,
        compared.name, BROADLY[compared.type], BROADLY[compared.direction], compared.zip,
    ] + other.number[compared.number]  # fmt: skip
    named = other.named[
        context.has_number, compared.number, BROADLY[compared.type], BROADLY[compared.direction], compared.zip
    ]
    same_name = (compared.name == Name.SAME).astype(np.int8)
    return {
        "place": np.where(compared.pairs.by_name, named, place),
        "city": other.city[context.area, compared.zip, same_name, compared.city],
        "secondary": other.secondary[context.has_secondary, compared.secondary],
        "neighbour": other.neighbour[context.has_secondary, compared.secondary],
        "twin": other.twin[
            street_there(context, compared),
            context.has_type,
            context.has_direction,
            compared.type,
            compared.direction,
        ],
        "person": other.person[which_person(compared), compared.person],
    }


def log_odds(own: Evidence, other: Evidence) -> NDArray[np.float64]:
    """The logarithm of what the parts of `own_evidence` and `other_evidence` together say, the prior aside."""
    place = own["number"] + own["name"] + own["parts"] + own["area"]
    return place + own["secondary"] + own["person"] - log_others(own, other) - other["person"]


def log_others(own: Evidence, other: Evidence) -> NDArray[np.float64]:
    """The logarithm of the expected number of other parcels whose address agrees as well."""
    street = own["number"] + own["name"] + own["area"]
    place = street + own["parts"]
    elsewhere = other["place"] + other["city"] + other["secondary"]
    # A neighbour's address is the participant's, and a twin's is but for type and direction: what was mistaken in it
    # was mistaken in theirs.
    alike = np.logaddexp(place + other["neighbour"], street + other["twin"] + other["secondary"])
    return np.logaddexp(elsewhere, alike)


def prior_odds(own: OwnWeights, context: Context) -> NDArray[np.float64]:
    """The logarithm of the odds that a participant's parcel is in the county, before any is compared."""
    prior = own.prior[context.street, context.area, context.has_number]
    return prior - np.log1p(-np.exp(prior))


def normalised(table: Table, axes: int = 1) -> Table:
    """The table with its last axes summing to 1."""
    last = tuple(range(table.ndim - axes, table.ndim))
    return table / table.sum(axis=last, keepdims=True)  # type: ignore[no-any-return]


def counted(
    shape: tuple[int, ...], index: tuple[NDArray[Any], ...], weights: NDArray[np.float64] | None = None
) -> Table:
    """How often (or with what weight) each cell occurs; `index` has an array an axis."""
    return counted_cells(shape, np.ravel_multi_index(index, shape), weights)


def counted_cells(
    shape: tuple[int, ...], cells: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> Table:
    """The same of places in the table, its axes one behind the other."""
    return np.bincount(cells, weights, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)


LEAST = 1e-9
"""Shares and rates below this are taken for it."""

_Weights = TypeVar("_Weights", OwnWeights, OtherWeights)


def logarithms(weights: _Weights) -> _Weights:
    """Natural logarithms of shares and rates."""
    tables = (
        np.log(np.maximum(getattr(weights, name), LEAST)).astype(np.float32) for name in weights.__slots__
    )
    return type(weights)(*tables)
