"""What the parts of two addresses, and the names beside them, have in common: one level a part of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.context import occurs
from octopus_pipeline.matching.levels import City, Name, Number, Part, Secondary, Zip
from octopus_pipeline.matching.person_comparison import compare_persons, same_last_name
from octopus_pipeline.matching.text_distance import Letters, TextPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Pairs
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.county_index import Gazetteer

    Levels = NDArray[np.int8]

_KNOWN: Final = Part.OTHER_KNOWN - Part.OTHER
_SHORTEST_PART: Final = 4
_SHORTEST_TYPO: Final = 4
_SHORTEST_TWO_TYPOS: Final = 6
_MOST_EDITS: Final = 5
_ALIKE: Final = 0.4
"""Streets are alike if no more than this share of the letters has to change."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compared pairs and the levels of each, an array a part; `levels` has their meaning."""

    pairs: Pairs
    number: Levels
    name: Levels
    type: Levels
    direction: Levels
    zip: Levels
    city: Levels
    secondary: Levels
    person: Levels

    def take(self, rows: NDArray[Any]) -> Comparison:
        """Some of the pairs."""
        levels = (getattr(self, name)[rows] for name in self.__slots__[1:])
        return Comparison(self.pairs.take(rows), *levels)


def compare(
    ours: Places, names: Households, county: Gazetteer, pairs: Pairs, themselves: Places | None = None
) -> Comparison:
    """Compare participants, in the county's terms, with its addresses; pairs that cannot be right are left out.

    Those share a house number and neither a street that is alike nor a last name, or a last name on the street and
    house numbers that are more than a slip apart.

    `themselves`: parcels of the county that the participants stand for. They are not compared with themselves, and what
    only they are known for does not count.
    """
    pairs, name = _credible(ours, names, county, pairs)
    left, right, theirs = pairs.left, pairs.right, county.places
    kind = _parts(ours.street_type[left], theirs.street_type[right])
    direction = _parts(ours.direction[left], theirs.direction[right])
    _tell_known(kind, direction, name, ours, county, pairs, themselves)
    crowd = county.crowd[right] - (0 if themselves is None else are_neighbours(themselves, theirs, pairs))
    return Comparison(
        pairs=pairs,
        number=_numbers(ours, theirs, pairs),
        name=name,
        type=kind,
        direction=direction,
        zip=_zips(ours.zip[left], theirs.zip[right]),
        city=_cities(ours.city.codes[left], theirs.city.codes[right], ours.city.distinct),
        secondary=_secondaries(ours.secondary.codes[left], theirs.secondary.codes[right], crowd > 1),
        person=compare_persons(names, county.households, pairs),
    )


def are_neighbours(ours: Places, theirs: Places, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether both have one address, units aside: in the same ZIP or city, or in none."""
    left, right = pairs.left, pairs.right
    alike = are_twins(ours, theirs, pairs)
    for column in ("street_type", "direction"):
        alike &= getattr(ours, column)[left] == getattr(theirs, column)[right]
    return alike


def are_twins(ours: Places, theirs: Places, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether both have one number on streets of one name: in the same ZIP or city, or in none."""
    left, right = pairs.left, pairs.right
    alike = (ours.number[left] == theirs.number[right]) & (ours.number[left] > 0)
    alike &= (ours.street.codes[left] == theirs.street.codes[right]) & (ours.street.codes[left] != NONE)
    zips = (ours.zip[left] == theirs.zip[right]) | (ours.zip[left] == 0) | (theirs.zip[right] == 0)
    return alike & (zips | (ours.city.codes[left] == theirs.city.codes[right]))  # type: ignore[no-any-return]


def _credible(ours: Places, names: Households, county: Gazetteer, pairs: Pairs) -> tuple[Pairs, Levels]:
    """The pairs that may be right, and the levels of their street names."""
    theirs = county.places
    name = _street_names(
        ours.street.codes[pairs.left], theirs.street.codes[pairs.right], ours.street.distinct
    )
    kept = name != Name.OTHER
    others = np.flatnonzero(~kept)
    kept[others] = same_last_name(names, county.households, pairs.take(others))
    by_name = np.flatnonzero(pairs.by_name)
    our, their = ours.number[pairs.left[by_name]], theirs.number[pairs.right[by_name]]
    there = np.flatnonzero((our > 0) & (their > 0))
    kept[by_name[there]] = _slips(our[there], their[there])
    return pairs.take(kept), name[kept]


def _tell_known(
    kind: Levels,
    direction: Levels,
    name: Levels,
    ours: Places,
    county: Gazetteer,
    pairs: Pairs,
    themselves: Places | None,
) -> None:
    """Raise the levels of parts that differ where the parcel's street also occurs as the participant wrote it."""
    rows = np.flatnonzero((name != Name.OTHER) & ((kind > Part.NEITHER) | (direction > Part.NEITHER)))
    left, right = pairs.left[rows], pairs.right[rows]
    own = themselves.take(left) if themselves is not None else None
    theirs, streets = county.places, county.streets
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
    distinct, codes = np.unique(np.concatenate([our, their]), return_inverse=True)
    ours, theirs = np.split(codes.astype(np.int32), 2)
    digits = pa.array(distinct).cast(pa.string())
    slip = Letters(digits).least_edits(ours, theirs) <= 1
    texts = TextPairs(ours[slip], theirs[slip], digits)
    slip[slip] = texts.of_pairs(texts.edits(1) <= 1)
    return slip


def _street_names(our: NDArray[np.int32], their: NDArray[np.int32], names: pa.Array) -> Levels:
    level = np.full(len(our), Name.OTHER, np.int8)
    level[our == their] = Name.SAME
    numbered = pc.match_substring_regex(names, r"\d").to_numpy(
        zero_copy_only=False
    )  # 34TH is no slip for 33RD
    words = np.append(~numbered, False)
    rows = np.flatnonzero((our != their) & words[our] & words[their])
    rows = rows[_may_be_alike(our[rows], their[rows], names)]
    texts = TextPairs(our[rows], their[rows], names)
    edits, shorter = texts.edits(_MOST_EDITS), texts.shorter
    found = np.full(len(shorter), Name.OTHER, np.int8)
    found[(edits <= _MOST_EDITS) & (edits <= _ALIKE * shorter)] = Name.ALIKE
    found[texts.is_part() & (shorter >= _SHORTEST_PART)] = Name.PART
    found[(edits <= 2) & (shorter >= _SHORTEST_TWO_TYPOS)] = Name.TWO_APART
    found[(edits <= 1) & (shorter >= _SHORTEST_TYPO)] = Name.ONE_APART
    level[rows] = texts.of_pairs(found)
    level[(our == NONE) | (their == NONE)] = Name.OTHER
    return level


def _may_be_alike(our: NDArray[np.int32], their: NDArray[np.int32], names: pa.Array) -> NDArray[np.bool_]:
    """Whether the letters of the names allow them to be more than OTHER."""
    letters = Letters(names)
    most = np.maximum(_ALIKE * np.minimum(letters.length[our], letters.length[their]), 2)
    return letters.is_subset(our, their) | (letters.least_edits(our, their) <= np.minimum(most, _MOST_EDITS))


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
    texts = TextPairs(our[rows], their[rows], names)
    level[rows[texts.of_pairs(texts.edits(2) <= 2)]] = City.SIMILAR
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
