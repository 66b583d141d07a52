"""Names of the common shapes, read a column at a time: `SAMPLE, JOHN D`, `SAMPLE JOHN & JANE`, `JORDAN TAYLOR JR`.

How a shape is read is not said here: of each one a name is made up, read by `name_line`, and every name of the shape is
read as that one was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.name_line import read_name
from octopus_pipeline.matching.name_words import (
    AMBIGUOUS_WORDS,
    FINAL_LEGAL_WORDS,
    LEGAL_WORDS,
    MISSING_WORDS,
    NO_NAME_WORDS,
    ORGANIZATION_WORDS,
    PARTICLES,
    TELLING_WORDS,
)
from octopus_pipeline.matching.nicknames import FORMAL_NAMES, GIVEN_NAMES
from octopus_pipeline.matching.sorting import stable_order
from octopus_pipeline.matching.word_shapes import shaped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_GIVEN, _WORD, _INITIAL, _ROLE, _COMMA, _SIGN, _AND, _OTHER = "G", "W", "I", "R", "C", "S", "A", "X"

_MADE_UP: Final = {
    _GIVEN: ("DONNA", "EDITH", "GLORIA", "HANNAH", "JUANITA", "MARCUS", "PHYLLIS", "TREVOR"),
    _WORD: ("ZAVB", "ZAVD", "ZAVF", "ZAVG", "ZAVH", "ZAVJ", "ZAVK", "ZAVL"),
    _INITIAL: ("E", "F", "G", "H", "J", "K", "M", "P"),
    _ROLE: ("JR",),
    _COMMA: (",",),
    _SIGN: ("&",),
    _AND: ("AND",),
}
"""Words to make names of: no two are alike, and no nickname is among them."""

_NAMES: Final = {_GIVEN, _WORD, _INITIAL}

_SPACED_LLC: Final = "III"
"""Three letters may be `L L C`."""

_MOST_WORDS: Final = 12
_LEAST_NAMES: Final = 16
"""Names of rarer shapes are read one by one: that is quicker."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where candidates of the last name and given names stand, each as the places of the words it is made of."""

    last: tuple[tuple[int, ...], ...]
    first: tuple[tuple[int, ...], ...]


def read_plain_names(names: pa.Array) -> tuple[NDArray[np.bool_], pa.Array, pa.Array]:
    """Which of the distinct names (upper-case ASCII) are plain, and the last and given names of those, as lists."""
    spaced = pc.replace_substring(pc.replace_substring(names, ",", " , "), "&", " & ")
    found = shaped(spaced, _kind)
    formal, distinct = _formal(found.distinct)
    order = stable_order(found.shape)
    ends = np.searchsorted(found.shape[order], np.arange(len(found.shapes) + 1))
    rows: list[Rows] = [np.zeros(0, np.int64)]
    none = pa.array([], pa.list_(pa.string()))
    lists: dict[str, list[pa.Array]] = {"last": [none], "first": [none]}
    for shape, (start, end) in zip(found.shapes, pairwise(ends), strict=True):
        same = order[start:end]
        reading = _reading(shape) if len(same) >= _LEAST_NAMES else None
        if reading is None:
            continue
        words = found.words[found.starts[same][:, None] + np.arange(len(shape))]
        apart = _are_distinct(formal[words], shape)
        words = words[apart]
        rows.append(same[apart])
        lists["last"].append(_lists(words, reading.last, found.distinct))
        lists["first"].append(_lists(formal[words], reading.first, distinct))
    plain = np.zeros(len(names), np.bool_)
    read = np.concatenate(rows)
    plain[read] = True
    ascending = pa.array(np.argsort(read))
    last, first = (pa.concat_arrays(lists[part]).take(ascending) for part in ("last", "first"))
    return plain, last, first


@cache
def _kinds() -> dict[str, str]:
    """The words of which it is known what they are."""
    special = (
        LEGAL_WORDS | FINAL_LEGAL_WORDS | ORGANIZATION_WORDS | AMBIGUOUS_WORDS | PARTICLES | MISSING_WORDS
    )
    telling = {word for word in TELLING_WORDS if len(word) > 1}
    # Of several words, too, a missing name may be made: `CURRENT OWNER`.
    beginnings = {word[:end] for word in MISSING_WORDS for end in range(2, len(word))}
    ends = {word[start:] for word in MISSING_WORDS for start in range(1, len(word) - 1)}
    return {
        **dict.fromkeys(GIVEN_NAMES, _GIVEN),
        **dict.fromkeys(NO_NAME_WORDS, _ROLE),
        **dict.fromkeys(special | telling | beginnings | ends, _OTHER),
        ",": _COMMA,
        "&": _SIGN,
        "AND": _AND,
        "OR": _AND,
        "THE": _OTHER,
    }


def _kind(word: str) -> str:
    known = _kinds().get(word)
    if known is not None:
        return known
    if not word.isalpha():
        return _OTHER
    return _WORD if len(word) > 1 else _INITIAL


@lru_cache(maxsize=1 << 12)
def _reading(shape: str) -> _Reading | None:
    """How the names of a shape are read; None if that depends on more than the shape."""
    between = {_COMMA, _SIGN, _AND}
    if _OTHER in shape or len(shape) > _MOST_WORDS or _SPACED_LLC in shape.replace(_ROLE, ""):
        return None
    if _AND + _COMMA in shape or _COMMA + _AND in shape:  # `AND,` is a name
        return None
    if not shape or shape[0] in between or shape[-1] in between or not {_GIVEN, _WORD} & set(shape):
        return None
    if any(shape.count(kind) > len(_MADE_UP[kind]) for kind in _NAMES):
        return None
    left = {kind: list(words) for kind, words in _MADE_UP.items()}
    words = [left[kind].pop(0) if kind in _NAMES else left[kind][0] for kind in shape]
    read = read_name(" ".join(words))
    named = [place for place, kind in enumerate(shape) if kind in _NAMES]
    runs = {
        "".join(words[place] for place in named[start:end]): tuple(named[start:end])
        for start in range(len(named))
        for end in range(start + 1, len(named) + 1)
    }
    if read.organization or not {*read.last, *read.first} <= runs.keys():
        return None
    return _Reading(*(tuple(runs[name] for name in part) for part in (read.last, read.first)))


def _formal(words: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    """Of each word the code of its formal name, into the words and the formal names that are not among them."""
    spellings = pa.array(FORMAL_NAMES.keys(), pa.string())
    names = pc.fill_null(
        pa.array(FORMAL_NAMES.values(), pa.string()).take(pc.index_in(words, spellings)), words
    )
    both = pc.unique(pa.concat_arrays([words, names]))
    return pc.index_in(names, both).to_numpy(), both


def _are_distinct(words: NDArray[np.int32], shape: str) -> NDArray[np.bool_]:
    """Whether no two names in a row are one: that counts once, wherever it stands."""
    distinct = np.ones(len(words), np.bool_)
    named = [place for place, kind in enumerate(shape) if kind in _NAMES]
    for one, other in combinations(named, 2):
        distinct &= words[:, one] != words[:, other]
    return distinct


def _lists(words: NDArray[np.int32], parts: tuple[tuple[int, ...], ...], distinct: pa.Array) -> pa.Array:
    """Of each row of words a list of the parts, each of the words at its places."""
    count = len(words)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * len(parts))
    columns = [
        pc.binary_join_element_wise(*(distinct.take(pa.array(words[:, place])) for place in part), "")
        for part in parts
    ]
    row_by_row = np.arange(count * len(parts)).reshape(len(parts), count).T.ravel()
    values = pa.concat_arrays([pa.array([], pa.string()), *columns]).take(pa.array(row_by_row))
    return pa.ListArray.from_arrays(offsets, values)
