"""How right the matches are: on invented households that nothing was tuned on, and on the labelled real file.

The seeds are not those of `household_difficulty`, nor the one that the matcher was developed on (1). Splink's figures
on the same data stand beside ours; its scores are shared out among a participant's candidates, which does it good.
Needs the optional packages of the group `bench`; the real file where BENCHMARK_HAMILTON_DATA says.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.households.benchmark import generate
from benchmarks.households.hamilton import COUNTY, hamilton_folder, load, score_labelled
from benchmarks.households.ours import county_tables, links, participant_table, prepare
from benchmarks.households.peer import link
from benchmarks.households.peer_columns import parcel_columns, participant_columns
from benchmarks.households.scoring import BAR, recall_by_cause, score
from benchmarks.measurement import Measurement
from octopus_pipeline.counties.fields import DEMOGRAPHIC
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.teaching import teach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.households.scoring import Scores

PARTICIPANTS, PARCELS = 130_000, 500_000
SEEDS = (107, 108)


def run() -> Iterator[Measurement]:
    """F1, recall at a precision, and calibration a seed, with names and without; then the real county."""
    for seed in SEEDS:
        for names in (True, False):
            yield from _invented(seed, names=names)
    folder = hamilton_folder()
    if folder is not None:
        yield from _real(folder)


def _invented(seed: int, *, names: bool) -> Iterator[Measurement]:
    benchmark = generate(PARTICIPANTS, PARCELS, seed, names=names)
    what = f"seed {seed}, {'with' if names else 'without'} names"
    with tempfile.TemporaryDirectory(prefix="octopus-benchmark-") as place:
        prepare(county_tables(benchmark.parcels), Path(place))
        counties = PreparedCounties(Path(place))
        participants = participant_table(benchmark.participants)
        teach(participants, counties)
        found = links(participants, counties)
    ours = score(benchmark.truth, found)
    peer = link(participant_columns(benchmark.participants), parcel_columns(benchmark.parcels))
    theirs = score(benchmark.truth, peer.by_posterior)
    yield from _measured(what, ours, theirs, names=names, lost=recall_by_cause(benchmark.truth, found))


def _measured(
    what: str, ours: Scores, theirs: Scores, *, names: bool, lost: dict[str, tuple[float, int]]
) -> Iterator[Measurement]:
    how: dict[str, float | int | str] = {
        **{f"splink_{name}": value for name, value in asdict(theirs).items()},
        **asdict(ours),
        **{f"recall: {cause} ({count})": recall for cause, (recall, count) in lost.items()},
    }
    yield Measurement(f"{what}: best F1", ours.best_f1, least=0.98 if names else None, how=how)
    yield Measurement(
        f"{what}: recall at precision 0.995", ours.recall_at_995, least=0.965 if names else 0.935, how=how
    )
    yield Measurement(f"{what}: share wrong among scores >= {BAR}", ours.wrong_above_bar, most=0.005, how=how)
    yield Measurement(f"{what}: expected calibration error", ours.calibration_error, most=0.01, how=how)
    yield Measurement(f"{what}: best F1 less Splink's", ours.best_f1 - theirs.best_f1, least=0.0, how=how)


def _real(folder: Path) -> Iterator[Measurement]:
    data = load(folder)
    with tempfile.TemporaryDirectory(prefix="octopus-benchmark-") as place:
        ((houses, _),) = county_tables(data.parcels).values()
        prepare({COUNTY: (houses, DEMOGRAPHIC.schema.empty_table())}, Path(place))
        counties = PreparedCounties(Path(place))
        participants = participant_table(data.participants, names=False)
        teach(participants, counties)
        found = links(participants, counties)
    kept = found.filter(pc.greater_equal(found["score"], pa.scalar(BAR)))
    scores = score_labelled(data, kept, BAR)
    how: dict[str, float | int | str] = dict(asdict(scores))
    yield Measurement("Hamilton County, address only: precision", scores.precision, least=0.999, how=how)
    yield Measurement("Hamilton County, address only: recall", scores.recall, least=0.987, how=how)
    yield Measurement(
        "Hamilton County: share matched of those outside", scores.outside_matched, most=0.005, how=how
    )
