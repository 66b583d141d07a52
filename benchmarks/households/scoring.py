"""How good links are: any matcher's (participant, parcel or none, score) against the truth.

A link is right if it names the true parcel and no other: not another unit of its condominium, nor a parcel whose
address is the same to the letter. A participant without a true parcel is right unlinked only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

BAR = 0.95
_BINS = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """What `score` found; shares are between 0 and 1.

    `calibration_error` is the expected calibration error over ten bins of equal width of all links that were given a
    score: the mean distance between a bin's mean score and its share of right links, weighted by the bin's links.
    `wrong_above_bar` is the share that is wrong among the links whose score is at least BAR.
    """

    best_f1: float
    best_threshold: float
    recall_at_99: float
    recall_at_995: float
    precision_at_bar: float
    recall_at_bar: float
    wrong_above_bar: float
    calibration_error: float


def score(truth: pa.Table, links: pa.Table) -> Scores:
    """Measure `links` (participant_id, parcel_id or null, score; at most one row a participant, any order)."""
    right, scores, positives = _judged(truth, links)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    taken = np.arange(1, len(order) + 1)
    # A threshold takes all links of a score or none.
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(order) else np.arange(0)
    hits, taken, thresholds = hits[ends], taken[ends], scores[order][ends]
    precision, recall = hits / taken, hits / max(positives, 1)
    f1 = 2 * hits / (taken + positives)
    best = int(np.argmax(f1)) if len(f1) else -1
    above = scores >= BAR
    return Scores(
        best_f1=float(f1[best]) if best >= 0 else 0.0,
        best_threshold=float(thresholds[best]) if best >= 0 else 1.0,
        recall_at_99=float(recall[precision >= 0.99].max(initial=0.0)),
        recall_at_995=float(recall[precision >= 0.995].max(initial=0.0)),
        precision_at_bar=float(right[above].mean()) if above.any() else 1.0,
        recall_at_bar=float(right[above].sum() / max(positives, 1)),
        wrong_above_bar=float(1 - right[above].mean()) if above.any() else 0.0,
        calibration_error=calibration_error(scores, right),
    )


def calibration_error(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The expected calibration error over ten bins of equal width."""
    if not len(scores):
        return 0.0
    bins = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    stated = np.bincount(bins, weights=scores, minlength=_BINS)
    found = np.bincount(bins, weights=right, minlength=_BINS)
    return float(np.abs(stated - found).sum() / len(scores))


def recall_by_cause(truth: pa.Table, links: pa.Table, threshold: float = BAR) -> dict[str, tuple[float, int]]:
    """Of the participants with a true parcel and each defect (`untouched`: with none): share found, and how many.

    Found: linked to the true parcel with a score of at least `threshold`.
    """
    parcel, scores = _aligned(truth, links)
    found = _is_right(parcel, truth) & (scores >= threshold)
    is_true = truth["parcel_id"].is_valid().to_numpy()
    defects = truth["defects"].combine_chunks()
    rows = pc.list_parent_indices(defects).to_numpy()
    names = defects.flatten()
    causes = {"untouched": np.flatnonzero(is_true & (pc.list_value_length(defects).to_numpy() == 0))}
    for name in pc.unique(names).to_pylist():
        those = rows[pc.equal(names, name).to_numpy(zero_copy_only=False)]
        causes[name] = those[is_true[those]]
    recalls = {name: (float(found[those].mean()), len(those)) for name, those in causes.items() if len(those)}
    return dict(sorted(recalls.items(), key=lambda item: item[1][0]))


def _aligned(truth: pa.Table, links: pa.Table) -> tuple[pa.Array, NDArray[np.float64]]:
    """The parcel linked to each participant of the truth, in its order, and the score; null and -1 without a link."""
    place = pc.index_in(truth["participant_id"], links["participant_id"].combine_chunks().cast(pa.int64()))
    place = place.combine_chunks()
    parcel = links["parcel_id"].combine_chunks().cast(pa.string()).take(place)
    scores = links["score"].combine_chunks().cast(pa.float64()).take(place)
    return parcel, pc.fill_null(pc.if_else(parcel.is_valid(), scores, -1.0), -1.0).to_numpy(
        zero_copy_only=False
    )


def _judged(truth: pa.Table, links: pa.Table) -> tuple[NDArray[np.bool_], NDArray[np.float64], int]:
    """Whether each link is right, its score, and how many participants have a true parcel."""
    parcel, scores = _aligned(truth, links)
    expected = truth["parcel_id"]
    right = _is_right(parcel, truth)
    linked = parcel.is_valid().to_numpy(zero_copy_only=False)
    return right[linked], scores[linked], len(expected) - expected.null_count


def _is_right(parcel: pa.Array, truth: pa.Table) -> NDArray[np.bool_]:
    """Whether each participant is linked to the true parcel: False without a link, and without a true parcel."""
    right = pc.equal(parcel, truth["parcel_id"].combine_chunks())
    return right.fill_null(fill_value=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
