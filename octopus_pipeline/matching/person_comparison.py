"""What a participant's name and the names of a parcel's household have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.levels import Person
from octopus_pipeline.matching.text_distance import Letters, TextPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Pairs
    from octopus_pipeline.matching.comparable import Households
    from octopus_pipeline.matching.comparison import Levels

_OURS: Final = 2
"""As many of a participant's last and given names are compared: they give one, at most a double one."""

_SHORTEST_SIMILAR: Final = 4
_SHORTEST_TWO_APART: Final = 7
_MOST_APART: Final = 2
_ALPHABET: Final = pa.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def same_last_name(ours: Households, theirs: Households, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether a last name of each pair is the same."""
    return _any_same(ours.last[:, :_OURS][pairs.left], theirs.last[pairs.right])


def compare_persons(ours: Households, theirs: Households, pairs: Pairs) -> Levels:
    """The level of `Person` of each pair."""
    level = np.full(len(pairs), Person.UNKNOWN, np.int8)
    known = (ours.last[:, 0] != NONE)[pairs.left] & (theirs.last[:, 0] != NONE)[pairs.right]
    rows = np.flatnonzero(known)
    if not len(rows):
        return level
    left, right = pairs.left[rows], pairs.right[rows]
    our_last, our_first = ours.last[left, :_OURS], ours.first[left, :_OURS]
    their_last, their_first = theirs.last[right], theirs.first[right]
    last = _any_same(our_last, their_last)
    first = _any_same(our_first, their_first)
    swapped = _any_same(our_last, their_first) & _any_same(our_first, their_last)
    initial = np.zeros(len(rows), np.bool_)
    unsure = np.flatnonzero(last & ~first)
    initial[unsure] = _any_initial(our_first[unsure], their_first[unsure], ours.words)
    similar = ~last & _any_similar(our_last, their_last, ours.words)
    found = np.full(len(rows), Person.OTHER, np.int8)
    found[first] = Person.FIRST
    found[similar] = Person.SIMILAR_LAST
    found[last] = Person.LAST
    found[initial] = Person.LAST_AND_INITIAL
    found[similar & first] = Person.SIMILAR_LAST_AND_FIRST
    found[(last & first) | swapped] = Person.SAME
    level[rows] = found
    return level


def _any_same(ours: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.bool_]:
    found = np.zeros(len(ours), np.bool_)
    for mine in ours.T:
        if (mine == NONE).all():
            continue
        for other in theirs.T:
            found |= (mine == other) & (mine != NONE)
    return found


def _any_initial(ours: NDArray[np.int32], theirs: NDArray[np.int32], words: pa.Array) -> NDArray[np.bool_]:
    """Whether a given name of one side is the initial of one of the other."""
    length = np.append(pc.binary_length(words).to_numpy(), 0)
    letters = pc.index_in(pc.utf8_slice_codeunits(words, 0, 1), value_set=_ALPHABET)
    letter = np.append(letters.fill_null(NONE).to_numpy(zero_copy_only=False), NONE)
    found = np.zeros(len(ours), np.bool_)
    for mine in ours.T:
        for other in theirs.T:
            short = (length[mine] == 1) | (length[other] == 1)
            found |= short & (letter[mine] == letter[other]) & (letter[mine] != NONE)
    return found


def _any_similar(ours: NDArray[np.int32], theirs: NDArray[np.int32], words: pa.Array) -> NDArray[np.bool_]:
    found, letters = np.zeros(len(ours), np.bool_), Letters(words)
    for mine in ours.T:
        for other in theirs.T:
            rows = np.flatnonzero((mine != other) & (mine != NONE) & (other != NONE))
            rows = rows[letters.least_edits(mine[rows], other[rows]) <= _MOST_APART]
            texts = TextPairs(mine[rows], other[rows], words)
            most = np.where(texts.shorter >= _SHORTEST_TWO_APART, 2, 1)
            near = (texts.edits(_MOST_APART) <= most) & (texts.shorter >= _SHORTEST_SIMILAR)
            found[rows[texts.of_pairs(near)]] = True
    return found
