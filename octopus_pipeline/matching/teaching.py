"""Learning each county's weights from the participants who say they live there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.comparable import households, places
from octopus_pipeline.matching.county_choice import choose_counties
from octopus_pipeline.matching.learning import SAMPLE_PARTICIPANTS, learn_own
from octopus_pipeline.matching.names import normalize_first_last
from octopus_pipeline.matching.weights_file import weights_path, write_weights

if TYPE_CHECKING:
    from octopus_pipeline.matching.prepared import PreparedCounties
    from octopus_pipeline.matching.weights import OwnWeights

LEAST_PARTICIPANTS: Final = 300
"""Fewer participants teach a county nothing: it keeps the weights it has, at first the usual ones."""

LEAST_SHARE: Final = 0.9
"""Participants whose ZIP is the county's with less than this teach nothing.

They may as well be another county's. Half of them counted for each of two counties, and all of them found in one, would
teach that county that it has everybody.
"""

THREADS: Final = 2
"""Counties that learn at once: with more threads they wait for each other."""


def teach(
    participants: pa.Table, counties: PreparedCounties, *, least: int = LEAST_PARTICIPANTS
) -> dict[str, int]:
    """Learn every prepared county's weights from `participants` (`PARTICIPANT_SCHEMA`); how many each learned from.

    Participants are taken in the order of their texts, each distinct one once: their order does not matter. Counties
    that fewer than `least` of them live in are left as they are and not in the answer.
    """
    told = participants.select(["address", "city", "zip", "first_name", "last_name"])
    distinct = told.group_by(told.schema.names).aggregate([])
    distinct = distinct.sort_by([(name, "ascending") for name in distinct.schema.names])
    rng = np.random.default_rng(distinct.num_rows)
    distinct = distinct.take(pa.array(rng.permutation(distinct.num_rows)))
    addresses = normalize_addresses(distinct["address"], distinct["city"], distinct["zip"])
    ours = places(addresses)
    names = households(normalize_first_last(distinct["first_name"], distinct["last_name"]))
    keys = number_keys(ours)
    prepared = {name: counties.county(name) for name in counties.counties}
    choice = choose_counties(
        ours, list(prepared), {name: county.city_parcels for name, county in prepared.items()}
    )
    pupils = {
        name: rows
        for name in prepared
        if len(rows := np.flatnonzero(choice.shares[name] >= LEAST_SHARE)[:SAMPLE_PARTICIPANTS]) >= least
    }

    def learned(name: str) -> OwnWeights:
        rows, index = pupils[name], prepared[name].index
        return learn_own(
            index.gazetteer,
            index.others,
            ours.take(rows).in_terms_of(index.gazetteer.places),
            names.take(rows).in_terms_of(index.gazetteer.households),
            [key[rows] for key in keys],
            choice.shares[name][rows],
        )

    with ThreadPoolExecutor(THREADS) as threads:
        for name, own in zip(pupils, threads.map(learned, pupils), strict=True):
            write_weights(own, weights_path(counties.path(name)))
    return {name: len(rows) for name, rows in pupils.items()}
