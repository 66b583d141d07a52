"""What participants' own parcels look like, learned by expectation maximisation, without a single labelled pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.candidates import county_pairs
from octopus_pipeline.matching.comparison import compare
from octopus_pipeline.matching.context import Street, contexts
from octopus_pipeline.matching.levels import Name, Person
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.usual_weights import usual_shares, usual_weights
from octopus_pipeline.matching.weights import (
    AREAS,
    PERSONS,
    STREETS,
    OwnWeights,
    counted,
    log_odds,
    logarithms,
    normalised,
    other_evidence,
    own_evidence,
    prior_odds,
    street_there,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context
    from octopus_pipeline.matching.county_index import Gazetteer
    from octopus_pipeline.matching.weights import OtherWeights, Table

SAMPLE_PARTICIPANTS: Final = 30_000
ROUNDS: Final = 12
"""Of expectation maximisation: more change nothing to speak of."""

_PRIOR: Final = 100.0
"""Participants that the usual rates count for."""
_MOST_OTHER_NAMES: Final = 1e-3


def learn_own(
    county: Gazetteer, other: OtherWeights, ours: Places, names: Households, shares: NDArray[np.float64]
) -> OwnWeights:
    """What participants' own parcels look like.

    `ours`, `names`: participants in the county's terms; `shares`: of each, how likely its ZIP is the county's.
    """
    own = usual_weights()
    if not len(ours):
        return own
    compared = compare(ours, names, county, county_pairs(county, number_keys(ours), ours, names))
    context = contexts(ours, county.streets)
    left = compared.pairs.left
    each = context.take(left)
    others, share = other_evidence(other, each, compared), np.log(shares[left])
    for _ in range(ROUNDS):
        odds = prior_odds(own, each) + log_odds(own_evidence(own, each, compared), others) + share
        own = logarithms(_maximised(context, each, compared, posteriors(left, odds), shares))
    return own


def _maximised(
    context: Context,
    each: Context,
    compared: Comparison,
    certain: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> OwnWeights:
    usual = usual_shares()
    local = (each.street >= Street.NAME).astype(np.int8)
    there = street_there(each, compared)
    where = (STREETS, AREAS, 2)
    here = counted(where, (context.street, context.area, context.has_number), shares)
    found = counted(where, (each.street, each.area, each.has_number), certain)
    person = counted((PERSONS,), (compared.person,), certain)
    person[Person.UNKNOWN] = 0
    person = normalised(person + _PRIOR * np.append(usual.person[:-1], 0))
    person[Person.UNKNOWN] = 1
    return OwnWeights(
        prior=np.clip((found + _PRIOR * usual.prior) / (here + _PRIOR), 1e-4, 1 - 1e-4),
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
    return normalised(counted(usual.shape, index, certain) + _PRIOR * usual, axes)


def _with_few_others(name: Table) -> Table:
    """Quite another street is a mistake of few: learned, it would take in those who live nowhere in the county."""
    name[:, Name.OTHER] = np.minimum(name[:, Name.OTHER], _MOST_OTHER_NAMES)
    return normalised(name)
