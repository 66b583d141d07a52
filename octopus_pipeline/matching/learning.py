"""What participants' own parcels look like, learned by expectation maximisation, without a single labelled pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from octopus_pipeline.matching.candidates import county_pairs
from octopus_pipeline.matching.comparison import compare
from octopus_pipeline.matching.context import contexts
from octopus_pipeline.matching.levels import Name, Person
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.usual_weights import usual_shares, usual_weights
from octopus_pipeline.matching.weights import (
    AREAS,
    OWN_SHAPES,
    STREETS,
    OwnWeights,
    counted,
    counted_cells,
    log_odds,
    logarithms,
    normalised,
    other_evidence,
    own_cells,
    own_evidence,
    prior_odds,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Keys
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.context import Context
    from octopus_pipeline.matching.county_index import Gazetteer
    from octopus_pipeline.matching.weights import Cells, OtherWeights, Table

SAMPLE_PARTICIPANTS: Final = 10_000
ROUNDS: Final = 12
"""Of expectation maximisation: more change nothing to speak of."""

_PRIOR: Final = 100.0
"""Participants that the usual rates count for."""
_MOST_OTHER_NAMES: Final = 1e-3


def learn_own(
    county: Gazetteer,
    other: OtherWeights,
    ours: Places,
    names: Households,
    keys: list[Keys],
    shares: NDArray[np.float64],
) -> OwnWeights:
    """What participants' own parcels look like.

    `ours`, `names`: participants in the county's terms; `keys`: their `number_keys`; `shares`: of each, how likely its
    ZIP is the county's.
    """
    own = usual_weights()
    if not len(ours):
        return own
    compared = compare(ours, names, county, county_pairs(county, keys, ours, names))
    context = contexts(ours, county.streets)
    left = compared.pairs.left
    each = context.take(left)
    others, share = other_evidence(other, each, compared), np.log(shares[left])
    cells = own_cells(each, compared)
    for _ in range(ROUNDS):
        odds = prior_odds(own, each) + log_odds(own_evidence(own, cells), others) + share
        own = logarithms(_maximised(context, each, cells, posteriors(left, odds), shares))
    return own


def _maximised(
    context: Context,
    each: Context,
    cells: Cells,
    certain: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> OwnWeights:
    """The weights that are likeliest if each pair is right with a probability of `certain`."""
    usual = usual_shares()
    sums = {name: counted_cells(OWN_SHAPES[name], cell, certain) for name, cell in cells.items()}
    where = (STREETS, AREAS, 2)
    here = counted(where, (context.street, context.area, context.has_number), shares)
    found = counted(where, (each.street, each.area, each.has_number), certain)
    person = sums["person"]
    person[Person.UNKNOWN] = 0
    person = normalised(person + _PRIOR * np.append(usual.person[:-1], 0))
    person[Person.UNKNOWN] = 1
    return OwnWeights(
        prior=np.clip((found + _PRIOR * usual.prior) / (here + _PRIOR), 1e-4, 1 - 1e-4),
        number=normalised(sums["number"] + _PRIOR * usual.number),
        name=_with_few_others(normalised(sums["name"] + _PRIOR * usual.name)),
        parts=normalised(sums["parts"] + _PRIOR * usual.parts, axes=2),
        area=normalised(sums["area"] + _PRIOR * usual.area, axes=2),
        secondary=normalised(sums["secondary"] + _PRIOR * usual.secondary),
        person=person,
    )


def _with_few_others(name: Table) -> Table:
    """Quite another street is a mistake of few: learned, it would take in those who live nowhere in the county."""
    name[:, Name.OTHER] = np.minimum(name[:, Name.OTHER], _MOST_OTHER_NAMES)
    return normalised(name)
