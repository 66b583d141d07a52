"""Compass directions in street names: which word is a direction, and which only looks like one."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "N": "NORTH",
    "S": "SOUTH",
    "E": "EAST",
    "W": "WEST",
    "NE": "NORTHEAST",
    "NW": "NORTHWEST",
    "SE": "SOUTHEAST",
    "SW": "SOUTHWEST",
}

DIRECTIONS: Final = {**{short: short for short in _WORDS}, **{word: short for short, word in _WORDS.items()}}
"""Every spelling of a direction -> its letters."""

DIRECTION_WORDS: Final = {spelling: _WORDS[short] for spelling, short in DIRECTIONS.items()}
"""Every spelling of a direction -> the full word, for streets named after one (`NORTH ST`)."""

LETTERS: Final = frozenset(_WORDS)
"""Directions as postal abbreviations."""

_LANDMARKS: Final = (
    "BEND BOROUGH CREST END FORK GATE HAMPTON MINSTER POLE PORT SHORE SIDE STAR TOWER WIND WINDS WORTH"
)
LANDMARKS: Final = frozenset(_LANDMARKS.split())
"""Words that make a name with the direction before them: in `NORTH BEND` and `W FORK` both words are the street's."""


def combined(first: str, second: str) -> str:
    """One direction of two letters written apart (`N W` is NW): '' if they make none."""
    both = first + second
    return both if both in LETTERS else ""


def chosen(before: str, after: str) -> str:
    """The direction of a street that has one before and one after its name: the more precise, else the one before."""
    return after if len(after) > len(before) else before
