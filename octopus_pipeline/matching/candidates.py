"""The parcels of one county that may be a participant's, with what speaks for and against each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.blocking import candidate_pairs, name_keys
from octopus_pipeline.matching.comparison import compare
from octopus_pipeline.matching.context import contexts
from octopus_pipeline.matching.weights import log_odds, other_evidence, own_cells, own_evidence, prior_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Keys, Pairs
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context
    from octopus_pipeline.matching.county_index import CountyIndex, Gazetteer
    from octopus_pipeline.matching.weights import Evidence, OwnWeights


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of one county, a row a pair of a participant and an address; participants' rows are ascending.

    Attributes:
        compared: the pairs (a participant's row among those asked for, a row of the gazetteer), and their levels.
        context: what the county knows of each participant asked for.
        odds: natural logarithm of the odds that the parcel is the participant's, other parcels aside.
        prior: the part of `odds` that was known before any parcel was compared.
        own, other: the rest of it, by parts; see `own_evidence`, `other_evidence`.
    """

    compared: Comparison
    context: Context
    odds: NDArray[np.float64]
    prior: NDArray[np.float64]
    own: Evidence
    other: Evidence


def find_candidates(
    index: CountyIndex,
    weights: OwnWeights,
    ours: Places,
    names: Households,
    keys: list[Keys],
    shares: NDArray[np.float64],
) -> Candidates:
    """The candidates of participants in a county.

    `ours`, `names`: participants, in any terms; `keys`: their `number_keys`; `shares`: of each, how likely its ZIP and
    city are this county's.
    """
    county = index.gazetteer
    ours, names = ours.in_terms_of(county.places), names.in_terms_of(county.households)
    compared = compare(ours, names, county, county_pairs(county, keys, ours, names))
    context = contexts(ours, county.streets)
    left = compared.pairs.left
    each = context.take(left)
    own, other = (
        own_evidence(weights, own_cells(each, compared)),
        other_evidence(index.others, each, compared),
    )
    prior = prior_odds(weights, each) + np.log(shares)[left]
    return Candidates(compared, context, prior + log_odds(own, other), prior, own, other)


def county_pairs(county: Gazetteer, keys: list[Keys], ours: Places, names: Households) -> Pairs:
    """The pairs that share a key; `ours` and `names` are in the county's terms."""
    return candidate_pairs(
        keys, county.number_blocks, name_keys(ours, names), county.name_block, len(county.parcel)
    )
