"""Texts as shapes: of each word what kind it is, a letter a kind, so that all texts of one shape are read at once.

There are hundreds of thousands of addresses and names, and a few thousand shapes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shaped:
    """Texts, split at blanks.

    Attributes:
        words: of all texts, one behind the other, as codes into `distinct`.
        starts: where each text's words begin in `words`, and where the last one's end.
        distinct: the distinct words.
        shape: of each text its shape, as a code into `shapes`.
        shapes: the distinct shapes, a letter a word.
    """

    words: NDArray[np.int32]
    starts: NDArray[np.int32]
    distinct: pa.Array
    shape: NDArray[np.int32]
    shapes: list[str]

    def spans(self, rows: NDArray[np.int64], begin: NDArray[np.int64], length: NDArray[np.int64]) -> pa.Array:
        """Of some texts the words from a place on, so many of them, as lists of texts."""
        ends = np.cumsum(length)
        first = np.repeat(self.starts[rows] + begin - (ends - length), length)
        codes = self.words[first + np.arange(ends[-1] if len(ends) else 0)]
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), self.distinct.take(pa.array(codes)))

    def at(self, rows: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.int32]:
        """Of some texts the code of the word at a place."""
        return self.words[self.starts[rows] + place]  # type: ignore[no-any-return]


def shaped(texts: pa.Array, kind: Callable[[str], str]) -> Shaped:
    """Split texts (ASCII) into words and tell their shapes; `kind` gives the letter of a word."""
    lists = pc.ascii_split_whitespace(texts)
    starts = lists.offsets.to_numpy()
    flat = lists.values.slice(int(starts[0]), int(starts[-1] - starts[0]))
    starts = starts - starts[0]
    encoded = flat.dictionary_encode()
    words, distinct = encoded.indices.to_numpy(), encoded.dictionary
    letters = np.frombuffer("".join(map(kind, distinct.to_pylist())).encode("ascii"), np.uint8)
    told = pa.py_buffer(np.ascontiguousarray(letters[words]))
    shapes = pa.StringArray.from_buffers(len(texts), pa.py_buffer(starts), told).dictionary_encode()
    return Shaped(words, starts, distinct, shapes.indices.to_numpy(), shapes.dictionary.to_pylist())
