"""What the parts of two addresses, and the names beside them, have in common: one level a part of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from octopus_pipeline.matching.blocking import Pairs
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.context import occurs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.context import Streets

    Levels = NDArray[np.int8]


class Number(IntEnum):
    """House numbers."""

    SAME, IN_RANGE, SLIP, MISSING, UNNUMBERED, OTHER = range(6)


class Name(IntEnum):
    """Street names: letters apart (a swap counts as one), or one begins or ends with the other."""

    SAME, ONE_APART, TWO_APART, PART, ALIKE, OTHER = range(6)


class Part(IntEnum):
    """A part that either side may lack: street type, direction.

    `..._KNOWN`: where the parcel lies there is a street of its name with what the participant wrote, too.
    """

    (
        SAME,
        NEITHER,
        OURS_MISSING,
        THEIRS_MISSING,
        OTHER,
        OURS_MISSING_KNOWN,
        THEIRS_MISSING_KNOWN,
        OTHER_KNOWN,
    ) = range(8)


class Zip(IntEnum):
    """ZIP codes."""

    SAME, ONE_DIGIT, OTHER, OURS_MISSING, THEIRS_MISSING = range(5)


class City(IntEnum):
    """Cities."""

    SAME, SIMILAR, OTHER, OURS_MISSING, THEIRS_MISSING = range(5)


class Secondary(IntEnum):
    """Fractions, letters and units, of a parcel that is alone at its number and street or one of several there."""

    SAME, NEITHER, OURS_MISSING, THEIRS_MISSING, OTHER = range(5)
    (
        SAME_OF_SEVERAL,
        NEITHER_OF_SEVERAL,
        OURS_MISSING_OF_SEVERAL,
        THEIRS_MISSING_OF_SEVERAL,
        OTHER_OF_SEVERAL,
    ) = range(5, 10)


class Person(IntEnum):
    """Names of people."""

    SAME, SIMILAR_LAST_AND_FIRST, LAST_AND_INITIAL, LAST, SIMILAR_LAST, FIRST, OTHER, UNKNOWN = range(8)


_KNOWN: Final = Part.OTHER_KNOWN - Part.OTHER
_SHORTEST_PART: Final = 4
_SHORTEST_TYPO: Final = 4
_SHORTEST_TWO_TYPOS: Final = 6
_SHORTEST_SIMILAR_LAST: Final = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """The levels of each pair, an array a part; see the enumerations."""

    number: Levels
    name: Levels
    type: Levels
    direction: Levels
    zip: Levels
    city: Levels
    secondary: Levels
    person: Levels

    def take(self, rows: NDArray[Any]) -> Comparison:
        """The levels of some pairs."""
        return Comparison(*(getattr(self, name)[rows] for name in self.__slots__))


def credible(ours: Places, theirs: Places, pairs: Pairs) -> Pairs:
    """The pairs without those that share a last name on a street and have quite different house numbers."""
    rows = np.flatnonzero(pairs.by_name)
    our, their = ours.number[pairs.left[rows]], theirs.number[pairs.right[rows]]
    there = (our > 0) & (their > 0)
    slip = ~there
    slip[there] = _slips(our[there], their[there])
    kept = np.ones(len(pairs), np.bool_)
    kept[rows[~slip]] = False
    return Pairs(pairs.left[kept], pairs.right[kept], pairs.by_name[kept])


def compare(
    ours: Places,
    our_names: Households,
    theirs: Places,
    their_names: Households,
    pairs: Pairs,
    crowded: NDArray[np.bool_],
    streets: Streets,
    themselves: Places | None = None,
) -> Comparison:
    """Compare participants with parcels, whose texts have codes of the same dictionaries.

    `crowded`: whether each pair's parcel shares its number and street with others. `themselves`: see `contexts`.
    """
    left, right = pairs.left, pairs.right
    name = _street_names(ours.street.codes[left], theirs.street.codes[right], ours.street.distinct)
    kind = _parts(ours.street_type[left], theirs.street_type[right])
    direction = _parts(ours.direction[left], theirs.direction[right])
    _tell_known(kind, direction, name, ours, theirs, pairs, streets, themselves)
    return Comparison(
        number=_numbers(ours, theirs, pairs),
        name=name,
        type=kind,
        direction=direction,
        zip=_zips(ours.zip[left], theirs.zip[right]),
        city=_cities(ours.city.codes[left], theirs.city.codes[right], ours.city.distinct),
        secondary=_secondaries(ours.secondary.codes[left], theirs.secondary.codes[right], crowded),
        person=_persons(our_names, their_names, pairs),
    )


def _tell_known(
    kind: Levels,
    direction: Levels,
    name: Levels,
    ours: Places,
    theirs: Places,
    pairs: Pairs,
    streets: Streets,
    themselves: Places | None,
) -> None:
    """Raise the levels of parts that differ where the parcel's street also occurs as the participant wrote it."""
    rows = np.flatnonzero((name != Name.OTHER) & ((kind > Part.NEITHER) | (direction > Part.NEITHER)))
    left, right = pairs.left[rows], pairs.right[rows]
    own = themselves.take(left) if themselves is not None else None
    zips, street = theirs.zip[right], theirs.street.codes[right]
    typed = occurs(streets.typed, zips, street, ours.street_type[left], None, own)
    as_ours = typed | (kind[rows] <= Part.NEITHER)
    kinds = np.where(as_ours, ours.street_type[left], theirs.street_type[right])
    directed = occurs(streets.full, zips, street, kinds, ours.direction[left], own)
    differ = kind[rows] > Part.NEITHER
    kind[rows[typed & differ]] += _KNOWN
    differ = direction[rows] > Part.NEITHER
    direction[rows[directed & differ]] += _KNOWN


def _numbers(ours: Places, theirs: Places, pairs: Pairs) -> Levels:
    our, their = ours.number[pairs.left], theirs.number[pairs.right]
    our_end, their_end = ours.number_to[pairs.left], theirs.number_to[pairs.right]
    level = np.full(len(pairs), Number.OTHER, np.int8)
    level[
        (our == their) | (our == their_end) | ((our_end > 0) & ((our_end == their) | (our_end == their_end)))
    ] = Number.IN_RANGE
    level[(our == their) & (our_end == their_end)] = Number.SAME
    level[their == 0] = Number.UNNUMBERED
    level[our == 0] = Number.MISSING
    rows = np.flatnonzero(level == Number.OTHER)
    level[rows[_slips(our[rows], their[rows])]] = Number.SLIP
    return level


def _slips(our: NDArray[np.int32], their: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the numbers are one digit (or one swap of two) apart."""
    distance = _distances([str(n) for n in our.tolist()], [str(n) for n in their.tolist()], 1)
    return distance <= 1


def _street_names(our: NDArray[np.int32], their: NDArray[np.int32], names: pa.Array) -> Levels:
    level = np.full(len(our), Name.OTHER, np.int8)
    level[our == their] = Name.SAME
    level[(our == NONE) | (their == NONE)] = Name.OTHER
    rows = np.flatnonzero((our != their) & (our != NONE) & (their != NONE))
    distinct, back = np.unique(our[rows].astype(np.int64) << 32 | their[rows], return_inverse=True)
    left, right = _both(distinct, names)
    distance = _distances(left, right, 5)
    shorter = np.fromiter(
        (min(len(a), len(b)) for a, b in zip(left, right, strict=True)), np.int64, len(left)
    )
    digits = np.fromiter(
        (any(map(str.isdigit, a)) or any(map(str.isdigit, b)) for a, b in zip(left, right, strict=True)),
        np.bool_,
        len(left),
    )
    part = np.fromiter((_is_part(a, b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    found = np.full(len(distinct), Name.OTHER, np.int8)
    found[distance <= 0.4 * shorter] = Name.ALIKE
    found[part] = Name.PART
    found[(distance <= 2) & (shorter >= _SHORTEST_TWO_TYPOS)] = Name.TWO_APART
    found[(distance <= 1) & (shorter >= _SHORTEST_TYPO)] = Name.ONE_APART
    found[digits] = Name.OTHER  # 34TH is no slip for 33RD
    level[rows] = found[back]
    return level


def _is_part(a: str, b: str) -> bool:
    shorter, longer = (a, b) if len(a) < len(b) else (b, a)
    return len(shorter) >= _SHORTEST_PART and (longer.startswith(shorter) or longer.endswith(shorter))


def _parts(our: NDArray[np.int32], their: NDArray[np.int32]) -> Levels:
    level = np.full(len(our), Part.OTHER, np.int8)
    level[our == their] = Part.SAME
    level[their == NONE] = Part.THEIRS_MISSING
    level[our == NONE] = Part.OURS_MISSING
    level[(our == NONE) & (their == NONE)] = Part.NEITHER
    return level


def _zips(our: NDArray[np.int32], their: NDArray[np.int32]) -> Levels:
    level = np.full(len(our), Zip.OTHER, np.int8)
    rows = np.flatnonzero((our != their) & (our > 0) & (their > 0))
    a, b = our[rows], their[rows]
    apart = sum(
        ((a // power) % 10 != (b // power) % 10).astype(np.int8) for power in (1, 10, 100, 1_000, 10_000)
    )
    level[rows[apart == 1]] = Zip.ONE_DIGIT
    level[our == their] = Zip.SAME
    level[their == 0] = Zip.THEIRS_MISSING
    level[our == 0] = Zip.OURS_MISSING
    return level


def _cities(our: NDArray[np.int32], their: NDArray[np.int32], names: pa.Array) -> Levels:
    level = np.full(len(our), City.OTHER, np.int8)
    level[our == their] = City.SAME
    rows = np.flatnonzero((our != their) & (our != NONE) & (their != NONE))
    distinct, back = np.unique(our[rows].astype(np.int64) << 32 | their[rows], return_inverse=True)
    distance = _distances(*_both(distinct, names), 2)
    level[rows[(distance <= 2)[back]]] = City.SIMILAR
    level[their == NONE] = City.THEIRS_MISSING
    level[our == NONE] = City.OURS_MISSING
    return level


def _secondaries(our: NDArray[np.int32], their: NDArray[np.int32], crowded: NDArray[np.bool_]) -> Levels:
    level = np.full(len(our), Secondary.OTHER, np.int8)
    level[our == their] = Secondary.SAME
    level[their == NONE] = Secondary.THEIRS_MISSING
    level[our == NONE] = Secondary.OURS_MISSING
    level[(our == NONE) & (their == NONE)] = Secondary.NEITHER
    return level + (Secondary.SAME_OF_SEVERAL * crowded).astype(np.int8)


def _persons(ours: Households, theirs: Households, pairs: Pairs) -> Levels:
    level = np.full(len(pairs), Person.UNKNOWN, np.int8)
    known = (ours.last[:, 0] != NONE)[pairs.left] & (theirs.last[:, 0] != NONE)[pairs.right]
    rows = np.flatnonzero(known)
    if not len(rows):
        return level
    left, right = pairs.left[rows], pairs.right[rows]
    our_last, our_first = ours.last[left, :2], ours.first[left, :2]
    their_last, their_first = theirs.last[right], theirs.first[right]
    last = _any_same(our_last, their_last)
    first = _any_same(our_first, their_first)
    swapped = _any_same(our_last, their_first) & _any_same(our_first, their_last)
    initial = last & ~first & _any_initial(our_first, their_first, ours.words)
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
    for mine in range(ours.shape[1]):
        for other in range(theirs.shape[1]):
            found |= (ours[:, mine] == theirs[:, other]) & (ours[:, mine] != NONE)
    return found


def _any_initial(ours: NDArray[np.int32], theirs: NDArray[np.int32], words: pa.Array) -> NDArray[np.bool_]:
    """Whether a given name of one side is the initial of one of the other."""
    length = np.append(pc.utf8_length(words).to_numpy(), 0)
    letter = np.append(
        pc.index_in(pc.utf8_slice_codeunits(words, 0, 1), value_set=_alphabet())
        .fill_null(NONE)
        .to_numpy(zero_copy_only=False),
        NONE,
    )
    found = np.zeros(len(ours), np.bool_)
    for mine in range(ours.shape[1]):
        for other in range(theirs.shape[1]):
            a, b = ours[:, mine], theirs[:, other]
            short = (length[a] == 1) | (length[b] == 1)
            found |= short & (letter[a] == letter[b]) & (letter[a] != NONE)
    return found


def _alphabet() -> pa.Array:
    return pa.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _any_similar(ours: NDArray[np.int32], theirs: NDArray[np.int32], words: pa.Array) -> NDArray[np.bool_]:
    found = np.zeros(len(ours), np.bool_)
    for mine in range(ours.shape[1]):
        for other in range(theirs.shape[1]):
            a, b = ours[:, mine], theirs[:, other]
            rows = np.flatnonzero((a != b) & (a != NONE) & (b != NONE))
            if not len(rows):
                continue
            distinct, back = np.unique(a[rows].astype(np.int64) << 32 | b[rows], return_inverse=True)
            left, right = _both(distinct, words)
            shorter = np.fromiter(
                (min(len(x), len(y)) for x, y in zip(left, right, strict=True)), np.int64, len(left)
            )
            near = (_distances(left, right, 2) <= np.where(shorter >= 7, 2, 1)) & (
                shorter >= _SHORTEST_SIMILAR_LAST
            )
            found[rows[near[back]]] = True
    return found


def _both(packed: NDArray[np.int64], texts: pa.Array) -> tuple[list[str], list[str]]:
    """The two texts of each pair of codes."""
    return texts.take(pa.array(packed >> 32)).to_pylist(), texts.take(
        pa.array(packed & 0xFFFFFFFF)
    ).to_pylist()


def _distances(left: list[str], right: list[str], most: int) -> NDArray[np.int32]:
    """Edits from one text to the other, a swap of neighbours being one (optimal string alignment); above `most`, more."""
    if not left:
        return np.zeros(0, np.int32)
    return cpdist(left, right, scorer=OSA.distance, score_cutoff=most, dtype=np.int32)  # type: ignore[no-any-return]
