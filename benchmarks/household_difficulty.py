"""Whether the invented households are as hard as they must be: Splink, given our columns and blocks, tells.

A generator that is too kind proves nothing about a matcher. The band holds for a Splink that is set up with care but
without knowing how the data was made; one tuned to it does better, and is measured for information.
Needs the optional packages of the group `bench`. The generator was calibrated on seeds 1 to 3.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks.households.benchmark import generate
from benchmarks.households.peer import PeerLinks, link
from benchmarks.households.peer_columns import parcel_columns, participant_columns
from benchmarks.households.scoring import score
from benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

PARTICIPANTS, PARCELS = 130_000, 500_000
SEEDS = (1, 2, 3, 11)
_BANDS = {True: (0.94, 0.955), False: (0.90, 0.92)}
"""Least and greatest best F1 of Splink, with names and without."""


def run() -> Iterator[Measurement]:
    """Splink's best F1 a seed, with names and without; for information, that of a Splink tuned to this data."""
    for seed in SEEDS:
        for names, (least, most) in _BANDS.items():
            benchmark = generate(PARTICIPANTS, PARCELS, seed, names=names)
            participants = participant_columns(benchmark.participants)
            parcels = parcel_columns(benchmark.parcels)
            what = f"Splink's best F1, seed {seed}, {'with' if names else 'without'} names"
            cold = link(participants, parcels)
            kept = link(participants, parcels, cold.model)
            how = _numbers(benchmark.truth, cold) | {"seconds_kept": kept.seconds}
            yield Measurement(what, float(how["best_f1"]), least=least, most=most, how=how)
            tuned = _numbers(benchmark.truth, link(participants, parcels, tuned=True))
            yield Measurement(f"{what}, tuned", float(tuned["best_f1"]), how=tuned)


def _numbers(truth: pa.Table, links: PeerLinks) -> dict[str, float | int | str]:
    """Everything measured of one run; `posterior_` where a participant's candidates share the odds."""
    posterior = asdict(score(truth, links.by_posterior))
    return {
        "seconds": links.seconds,
        "pairs": links.pairs,
        **asdict(score(truth, links.by_pair)),
        **{f"posterior_{name}": value for name, value in posterior.items()},
    }
