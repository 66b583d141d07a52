"""How much each agreement and disagreement says: Fellegi-Sunter weights, conditional on the participant's context.

For a pair the odds that the parcel is the participant's are

    prior(context) * P(levels | its parcel, context) / expected number of other parcels with these levels

The second term is learned from participants, without labels (`learning`); the third by counting a county's own parcels
against each other. Of other parcels there are as many as there are, so a level that many strangers reach says little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from octopus_pipeline.matching.comparison import City, Name, Number, Part, Person, Secondary, Zip
from octopus_pipeline.matching.context import FREQUENCIES, Area, Street

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context

    Table = NDArray[np.float64]

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
    """P(level | the participant's parcel, context), a table a part; the last axis (of `area` two) is the level's.

    `prior` is P(the participant's parcel is in the county | context).
    """

    prior: Table  # street, area, has number
    number: Table  # has number, level
    name: Table  # street, level
    type: Table  # street, has type, level
    direction: Table  # street, has direction, level
    area: Table  # area, street in place, ZIP level, city level
    secondary: Table  # has secondary, level
    person: Table  # level, without UNKNOWN: given that both names are known


@dataclass(frozen=True, slots=True)
class OtherWeights:
    """The expected number of other parcels with given levels a participant, and their shares, given the context.

    `place` is such a number of pairs that share a house number, `named` of pairs that share a last name on a street;
    the others are shares.
    """

    place: Table  # ZIP knowledge, street, frequency, has type, has direction; name, type, direction, ZIP
    named: Table  # has number; number, type, direction, ZIP
    number: Table  # level
    city: Table  # area, ZIP level, same name, level
    secondary: Table  # has secondary, level
    neighbour: Table  # has secondary, level
    person: Table  # how found, level


def which_person(compared: Comparison, by_name: NDArray[np.bool_]) -> NDArray[np.int8]:
    """How a pair was found, as far as it bears on names: 0 by its street, 1 at its number only, 2 by the last name."""
    return np.where(by_name, 2, compared.name >= Name.ALIKE).astype(np.int8)


def zip_knowledge(context: Context) -> NDArray[np.int8]:
    """0 without a ZIP, 1 if the county knows it, 2 if not."""
    unknown = (context.area == Area.UNKNOWN_ZIP) | (context.area == Area.BOTH_UNKNOWN)
    missing = (context.area == Area.ONLY_CITY) | (context.area == Area.NEITHER)
    return np.where(missing, 0, 1 + unknown).astype(np.int8)


def own_evidence(own: OwnWeights, context: Context, compared: Comparison) -> dict[str, NDArray[np.float64]]:
    """ln P(level | the participant's parcel, context) of each part of each pair; `context` has a row a pair."""
    local = (context.street >= Street.NAME).astype(np.int8)
    return {
        "number": np.log(own.number)[context.has_number, compared.number],
        "name": np.log(own.name)[context.street, compared.name],
        "type": np.log(own.type)[context.street, context.has_type, compared.type],
        "direction": np.log(own.direction)[context.street, context.has_direction, compared.direction],
        "area": np.log(own.area)[context.area, local, compared.zip, compared.city],
        "secondary": np.log(own.secondary)[context.has_secondary, compared.secondary],
        "person": np.log(own.person)[compared.person],
    }


def other_evidence(
    other: OtherWeights, context: Context, compared: Comparison, by_name: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """ln of the expected number of other parcels, by the parts that are counted together.

    `neighbour` is of parcels with the very address of the participant's own, units aside; the rest of others.
    """
    place = np.log(other.place)[
        zip_knowledge(context), context.street, context.frequency, context.has_type, context.has_direction,
        compared.name, BROADLY[compared.type], BROADLY[compared.direction], compared.zip,
    ] + np.log(other.number)[compared.number]  # fmt: skip
    named = np.log(other.named)[
        context.has_number, compared.number, BROADLY[compared.type], BROADLY[compared.direction], compared.zip
    ]
    same_name = (compared.name == Name.SAME).astype(np.int8)
    return {
        "place": np.where(by_name, named, place),
        "city": np.log(other.city)[context.area, compared.zip, same_name, compared.city],
        "secondary": np.log(other.secondary)[context.has_secondary, compared.secondary],
        "neighbour": np.log(other.neighbour)[context.has_secondary, compared.secondary],
        "person": np.log(other.person)[which_person(compared, by_name), compared.person],
    }


def log_odds(own: dict[str, NDArray[np.float64]], other: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """ln of what the parts of `own_evidence` and `other_evidence` together say, the prior aside."""
    place = own["number"] + own["name"] + own["type"] + own["direction"] + own["area"]
    elsewhere = other["place"] + other["city"] + other["secondary"]
    # A neighbour's address is the participant's: it agrees as well as the own parcel's does.
    others = np.logaddexp(elsewhere, place + other["neighbour"])
    return place + own["secondary"] + own["person"] - others - other["person"]  # type: ignore[no-any-return]


def prior_odds(own: OwnWeights, context: Context) -> NDArray[np.float64]:
    """ln of the odds that a participant's parcel is in the county, before any is compared."""
    prior = own.prior[context.street, context.area, context.has_number]
    return np.log(prior) - np.log1p(-prior)  # type: ignore[no-any-return]


def normalised(table: Table, axes: int = 1) -> Table:
    """The table with its last axes summing to 1."""
    last = tuple(range(table.ndim - axes, table.ndim))
    return table / table.sum(axis=last, keepdims=True)  # type: ignore[no-any-return]


def counted(shape: tuple[int, ...], index: tuple[NDArray[Any], ...], weights: NDArray[np.float64] | None = None) -> Table:
    """How often (or with what weight) each cell occurs."""
    flat = np.ravel_multi_index(index, shape)
    return np.bincount(flat, weights, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
