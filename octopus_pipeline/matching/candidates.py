"""The parcels of one county that may be a participant's, with what speaks for and against each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.blocking import Pairs, candidate_pairs, name_keys
from octopus_pipeline.matching.comparison import Name, Person, compare, credible
from octopus_pipeline.matching.context import contexts
from octopus_pipeline.matching.weights import log_odds, other_evidence, own_evidence, prior_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Keys
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.context import Context
    from octopus_pipeline.matching.county_index import CountyIndex, Gazetteer
    from octopus_pipeline.matching.weights import OwnWeights


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of one county.

    Attributes:
        pairs: a participant's row (among those asked for) and the row of the county's gazetteer, ascending.
        compared: what they have in common.
        context: what the county knows of each participant asked for.
        odds: ln of the odds that the parcel is the participant's, other parcels aside.
    """

    pairs: Pairs
    compared: Comparison
    context: Context
    odds: NDArray[np.float64]


def find_candidates(
    index: CountyIndex,
    own: OwnWeights,
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
    pairs = credible(ours, county.places, county_pairs(county, keys, ours, names))
    compared = compare(
        ours, names, county.places, county.households, pairs, county.crowd[pairs.right] > 1, county.streets
    )
    sensible = are_sensible(compared)
    pairs = Pairs(pairs.left[sensible], pairs.right[sensible], pairs.by_name[sensible])
    compared = compared.take(sensible)
    context = contexts(ours, county.streets)
    each = context.take(pairs.left)
    evidence = log_odds(
        own_evidence(own, each, compared), other_evidence(index.others, each, compared, pairs.by_name)
    )
    return Candidates(pairs, compared, context, prior_odds(own, each) + evidence + np.log(shares)[pairs.left])


def county_pairs(county: Gazetteer, keys: list[Keys], ours: Places, names: Households) -> Pairs:
    """The pairs that share a key; `ours` and `names` are in the county's terms."""
    return candidate_pairs(
        keys, county.number_blocks, name_keys(ours, names), county.name_block, len(county.parcel)
    )


def are_sensible(compared: Comparison) -> NDArray[np.bool_]:
    """Whether the streets are alike, or a last name makes up for it."""
    return (compared.name != Name.OTHER) | (compared.person <= Person.SIMILAR_LAST)  # type: ignore[no-any-return]
