"""How much the parts of two addresses, and the names beside them, can have in common: a level a part."""

from __future__ import annotations

from enum import IntEnum


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
