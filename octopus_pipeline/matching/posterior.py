"""From the odds of each candidate to the probability that it is the participant's, the other candidates considered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def posteriors(participant: NDArray[np.int64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of each candidate: a participant's candidates and "none of them" (odds 1) share 1.

    `participant` is ascending; `log_odds` are those of each candidate against none.
    """
    if not len(participant):
        return np.zeros(0)
    starts = np.flatnonzero(np.diff(participant, prepend=participant[0] - 1))
    sizes = np.diff(starts, append=len(participant))
    highest = np.repeat(np.maximum(np.maximum.reduceat(log_odds, starts), 0), sizes)
    each = np.exp(log_odds - highest)
    total = np.repeat(np.add.reduceat(each, starts), sizes) + np.exp(-highest)
    return each / total  # type: ignore[no-any-return]
