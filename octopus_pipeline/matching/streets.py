"""The words of a street, house number and unit taken off, as direction, name and type."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from octopus_pipeline.matching.directions import (
    DIRECTION_WORDS,
    DIRECTIONS,
    LANDMARKS,
    LETTERS,
    chosen,
    combined,
)
from octopus_pipeline.matching.routes import read_route
from octopus_pipeline.matching.street_types import STREET_TYPES, TYPE_WORDS
from octopus_pipeline.matching.street_words import street_name
from octopus_pipeline.matching.units import split_bare_unit, unit_value

_AVENUES: Final = frozenset({"AVENUE", "AVE", "AV"})
_GLUED_TYPE = re.compile(
    r"([A-Z]{3,}?)(STREET|DRIVE|AVENUE|BOULEVARD|BLVD|PARKWAY|PKWY|HIGHWAY|HWY|CIRCLE|TERRACE|(?<!LINCO)LN|DR|TRL|CIR"
    r"|(?<![AEIOUGTHL])(?<!GR)AVE|(?<=[KLMN])AV|(?<![AEIOURY])RD|(?<![AEIOUYNFC])CT|(?<=[HKMPT])ST|(?<=[A-Z]{4})PL)"
)
"""A type glued to the name, where no word ends so: `MAPLELN`, `DIEHLRD`, `OAKST`, but not `HARCOURT`, `FOREST`."""
_GLUED_ORDINAL = re.compile(r"(\d+(?:ST|ND|RD|TH))([A-Z]{2,})")
"""A type glued to a number: `8THSTREET`."""
_NOT_GLUED: Final = frozenset({"DRIVE", "OVERDRIVE", "HIGHWAY", "SEMICIRCLE", "SUPERHIGHWAY"})


_OF_A_DIRECTION: Final = frozenset({"DEEP", "DUE", "FAR", "KEY", "MID", "OLD", "TRUE", "WILD"})
"""Words that make a name with the direction behind them: `KEY WEST`."""


class Street(NamedTuple):
    """A street's parts, each '' if there is none."""

    direction: str
    name: str
    kind: str
    unit: str


def read_street(words: list[str]) -> Street:
    """The street that the words name; a unit without designator may stand behind it."""
    direction = ""
    words = [word for word in words if word != "#"]
    route = _route(words)
    if route is None and words and words[0] in DIRECTIONS:
        direction = DIRECTIONS[words[0]]
        route = _route(words[1:])
    if route is not None:
        return _numbered(direction, *route)
    words, unit = split_bare_unit(words)
    return _named(*_leading_direction(words), unit)


def _route(words: list[str]) -> tuple[str, list[str]] | None:
    old = len(words) > 1 and words[0] == "OLD"
    found = read_route(" ".join(words[1:] if old else words))
    return (("OLD" if old else "") + found[0], found[1].split()) if found is not None else None


def _numbered(direction: str, name: str, after: list[str]) -> Street:
    """A numbered road: behind it a direction, a needless type, a unit; anything else is part of the name."""
    more: list[str] = []
    for word in after:
        if word in DIRECTIONS:
            direction = direction or DIRECTIONS[word]
        elif word not in STREET_TYPES or word == "BYPASS":
            more.append(word)
    if len(more) == 1 and any(sign.isdigit() for sign in more[0]):
        return Street(direction, name, "", unit_value(more))
    return Street(direction, name + street_name(more), "", "")


def _leading_direction(words: list[str]) -> tuple[str, list[str]]:
    """The direction in front and the words after it; none where it is the name or makes one with the next word."""
    first = DIRECTIONS.get(words[0]) if words else None
    if first is None:
        spelt = {"NO": "N", "SO": "S"}.get(words[0]) if len(words) > 2 else None
        return (spelt, words[1:]) if spelt is not None else ("", words)
    rest = words[1:]
    if len(first) == 1 < len(words[0]) and len(rest) > 2 and rest[-2] in STREET_TYPES:
        behind = DIRECTIONS.get(rest[-1], first)
        if behind != first:  # `WEST BURY RD S`: a street has one direction
            return "", [words[0] + rest[0], *rest[1:]]
    if len(rest) > 1 and DIRECTIONS.get(rest[0]) == first and not _is_type_only(rest[1:]):
        return _leading_direction(rest)
    if len(rest) > 1 and rest[0] in DIRECTIONS and (len(words[0]) == 1) == (len(rest[0]) == 1):
        both = combined(first, DIRECTIONS[rest[0]])
        if both and not _is_type_only(rest[1:]):
            return both, rest[1:]
    if not rest or _is_type_only(rest):
        return "", [DIRECTION_WORDS[words[0]], *rest]
    # A letter makes a name with the landmark only if that is all of it: `W FORK RD`, but `W WIND HAVEN AVE`.
    alone = len(words[0]) > 1 or len(rest) == 1 or _is_type_only(rest[1:])
    if rest[0] in LANDMARKS and len(first) == 1 and alone:
        return "", [DIRECTION_WORDS[words[0]] + rest[0], *rest[1:]]
    if rest[0] in DIRECTIONS:
        inner = _leading_direction(rest)
        return first, [DIRECTION_WORDS[rest[0]], *rest[1:]] if inner[0] else inner[1]
    return first, rest


def _is_type_only(words: list[str]) -> bool:
    """Whether the words are a type, perhaps with a direction behind: the direction before them is then the name."""
    if len(words) == 2 and words[1] in DIRECTIONS:
        words = words[:1]
    return len(words) == 1 and words[0] in STREET_TYPES


def _named(direction: str, words: list[str], unit: str) -> Street:
    if len(words) == 2 and words[0] in _AVENUES and len(words[1]) == 1:
        return Street(direction, "AVENUE" + words[1], "", unit)
    words, after = _trailing_direction(words)
    words, kind = _split_type(words)
    if kind and not after and not direction and len(words) > 1 and words[-1] in LETTERS:
        words, after = words[:-1], words[-1]
    return Street(chosen(direction, after), street_name(words), kind, unit)


def _trailing_direction(words: list[str]) -> tuple[list[str], str]:
    """A direction behind the type or the name (`WOODLYN DR SOUTH`, `HIGH N`)."""
    if len(words) < 2 or words[-1] not in DIRECTIONS or words[-2] in _OF_A_DIRECTION:
        return words, ""
    return words[:-1], DIRECTIONS[words[-1]]


def has_glued_type(word: str) -> bool:
    """Whether a type is glued to the name: `MAPLELN`."""
    return split_glued_type(word) is not None


def split_glued_type(word: str) -> tuple[str, str] | None:
    """The name and the type glued to it: `MAPLELN` is `MAPLE`, `LN`; None if none is."""
    found = _GLUED_TYPE.fullmatch(word) if word not in _NOT_GLUED else None
    return (found[1], STREET_TYPES[found[2]]) if found is not None else None


def _split_type(words: list[str]) -> tuple[list[str], str]:
    """The words of the name, and the type; a word alone is a type only as an abbreviation (`ST`, not `COURT`)."""
    last = words[-1] if words else ""
    if last in STREET_TYPES and (len(words) > 1 or last not in TYPE_WORDS):
        name, kind = words[:-1], STREET_TYPES[last]
        repeated = len(name) > 1 and STREET_TYPES.get(name[-1]) == kind
        return name[:-1] if repeated else name, kind
    glued = split_glued_type(last)
    ordinal = _GLUED_ORDINAL.fullmatch(last)
    if ordinal is not None and ordinal[2] in STREET_TYPES:
        glued = ordinal[1], STREET_TYPES[ordinal[2]]
    return ([*words[:-1], glued[0]], glued[1]) if glued is not None else (words, "")
