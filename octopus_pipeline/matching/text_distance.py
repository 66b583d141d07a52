"""How alike the texts of many pairs are, each distinct pair of texts looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA, Postfix, Prefix
from rapidfuzz.process import cpdist

from octopus_pipeline.matching.sorting import distinct_and_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHORTEST_END = 3

_Element = TypeVar("_Element", bound=np.generic)


class TextPairs:
    """The distinct pairs among pairs of texts (ASCII), given as codes into `texts`.

    Attributes:
        ours, theirs: the codes of each distinct pair.
        shorter: the letters of the shorter text of each.
    """

    def __init__(self, ours: NDArray[np.int32], theirs: NDArray[np.int32], texts: pa.Array) -> None:
        distinct, self._back = distinct_and_codes(ours.astype(np.int64) << 32 | theirs)
        self.ours, self.theirs = distinct >> 32, distinct & 0xFFFFFFFF
        one, other = texts.take(pa.array(self.ours)), texts.take(pa.array(self.theirs))
        self._left: list[str] = one.to_pylist()
        self._right: list[str] = other.to_pylist()
        lengths = (pc.binary_length(side).to_numpy(zero_copy_only=False) for side in (one, other))
        self.shorter: NDArray[np.int32] = np.minimum(*lengths)

    def edits(self, most: int) -> NDArray[np.int32]:
        """Letters to change, a swap of neighbours being one change (optimal string alignment); above `most`, more."""
        if not self._left:
            return np.zeros(0, np.int32)
        found: NDArray[np.int32] = cpdist(
            self._left, self._right, scorer=OSA.distance, score_cutoff=most, dtype=np.int32
        )
        return found

    def is_part(self) -> NDArray[np.bool_]:
        """Whether the shorter text is the longer one without its beginning, its end, or something within."""
        if not self._left:
            return np.zeros(0, np.bool_)
        common = (
            cpdist(self._left, self._right, scorer=end.similarity, dtype=np.int32)
            for end in (Prefix, Postfix)
        )
        begin, end = common
        within = (begin + end >= self.shorter) & (np.minimum(begin, end) >= _SHORTEST_END)
        return (np.maximum(begin, end) >= self.shorter) | within  # type: ignore[no-any-return]

    def of_pairs(self, found: NDArray[_Element]) -> NDArray[_Element]:
        """What was found of the distinct pairs, for each of all pairs."""
        return found[self._back]


class Letters:
    """The letters and digits of texts (upper-case ASCII, none of them empty), a bit each: what is quickly compared.

    Attributes:
        of: a set of bits a text.
        length: the letters of each text.
    """

    def __init__(self, texts: pa.Array) -> None:
        self.of: NDArray[np.uint64] = np.zeros(len(texts), np.uint64)
        self.length: NDArray[np.int32] = np.zeros(len(texts), np.int32)
        if not len(texts):
            return
        _, starts, written = texts.buffers()
        offsets = np.frombuffer(starts, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        signs = np.frombuffer(written, np.uint8)[offsets[0] : offsets[-1]]
        bits = np.uint64(1) << (signs - ord("0")).astype(np.uint64)
        self.of, self.length = np.bitwise_or.reduceat(bits, offsets[:-1] - offsets[0]), np.diff(offsets)

    def least_edits(self, ours: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.float64]:
        """Fewer edits than these part no pair: one changes two kinds of letters at most."""
        kinds = np.bitwise_count(self.of[ours] ^ self.of[theirs])
        return np.maximum(kinds / 2, np.abs(self.length[ours] - self.length[theirs]))  # type: ignore[no-any-return]

    def is_subset(self, ours: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether the longer text has every letter of the shorter one."""
        mine, others = self.of[ours], self.of[theirs]
        missing = np.where(self.length[ours] <= self.length[theirs], mine & ~others, others & ~mine)
        return missing == 0  # type: ignore[no-any-return]
