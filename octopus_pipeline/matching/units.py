"""Units within a building: USPS Publication 28, appendix C2, and the habits around them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from octopus_pipeline.matching.directions import DIRECTIONS
from octopus_pipeline.matching.street_types import STREET_TYPES
from octopus_pipeline.matching.street_words import NAME_ENDINGS, street_name

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANY_NUMBER: Final = """
# APARTMENT APARTMENTS APMT APT APTS APPT BLDG BUILDING COND CONDO CONDOMINIUM INIT LOT NO PMB RM ROOM SMB SPACE SPC
STE SUIT SUITE TRAILER TRLR UN UNI UNIIT UNIT UNITE UNT UNTI
"""
_NUMBERED: Final = frozenset(_ANY_NUMBER.split())
"""Designators that any number or letter may follow."""

_RARE: Final = frozenset(
    {"BOX", "DEPARTMENT", "DEPT", "FL", "FLOOR", "FLR", "HANGAR", "HNGR", "KEY", "PIER", "SLIP", "STOP"}
)
"""Designators that are words of names, too: digits must follow."""

_FLOORS: Final = frozenset({"FL", "FLR", "FLOOR"})

POSITIONS: Final = {
    "BASEMENT": "BSMT",
    "BSMT": "BSMT",
    "BACK": "REAR",
    "DN": "LOWR",
    "DOWN": "LOWR",
    "DOWNSTAIRS": "LOWR",
    "FRNT": "FRNT",
    "FRONT": "FRNT",
    "LOBBY": "LBBY",
    "LBBY": "LBBY",
    "LOWER": "LOWR",
    "LOWR": "LOWR",
    "LWR": "LOWR",
    "OFC": "OFC",
    "OFFICE": "OFC",
    "PENTHOUSE": "PH",
    "PH": "PH",
    "REAR": "REAR",
    "SIDE": "SIDE",
    "UP": "UPPR",
    "UPPER": "UPPR",
    "UPPR": "UPPR",
    "UPR": "UPPR",
    "UPSTAIRS": "UPPR",
}
"""Designators that stand alone -> their postal abbreviation."""

_NO_NAMES: Final = frozenset(
    {"REAR", "BASEMENT", "BSMT", "LOWER", "LOWR", "LWR", "UPPER", "UPPR", "UPR", "UPSTAIRS"}
)
"""Positions that no street's name ends with."""

UNIT_WORDS: Final = _NUMBERED | _RARE | POSITIONS.keys()
"""Every word that designates a unit."""

_GLUED = re.compile(r"(APT|UNIT|STE|SUITE|LOT|BLDG|CONDO|TRLR|RM)(\d[A-Z0-9]*)")
_WITH_DIGIT = re.compile(r"(?=[A-Z]*\d)[A-Z0-9]{1,8}")
_BARE = re.compile(r"\d{1,5}[A-Z]{0,2}|[A-Z]{1,2}\d{1,4}|[ABCDF-MO-RT-VX-Z]")
_LONGEST: Final = 10
_MOST_VALUES: Final = 3


def unit_value(words: Sequence[str]) -> str:
    """What designators stand before, as one word without leading zeros: `# 4 B` -> `4B`, `LOWER` -> `LOWR`."""
    values = [POSITIONS.get(word, word) for word in words if word != "#" and word not in _NUMBERED]
    unit = "".join(values).lstrip("0")[:_LONGEST]
    if len(unit) > 1 and (unit in STREET_TYPES or unit in DIRECTIONS or unit in _NUMBERED or unit == "OH"):
        return ""
    return POSITIONS.get(unit, unit)


def split_unit(words: list[str]) -> tuple[list[str], str]:
    """The words of a street with the designated unit behind them taken off, and the unit ('' if there is none)."""
    words = [part for word in words for part in _parts(word)]
    for place in range(len(words)):
        if _may_begin(words, place) and (words[place] == "#" or _names_street(words[:place])):
            unit = _designated(words[place:])
            if unit is not None:
                return words[:place], unit
    return _without_rear(words)


def split_bare_unit(words: list[str]) -> tuple[list[str], str]:
    """A unit without designator, taken off behind the street's type (`WERK RD 18`) or name (`PRESERVE 3A`)."""
    for place in range(1, len(words)):
        if words[place] in STREET_TYPES and _names_street(words[:place]):
            tail = words[place + 1 :]
            moved = 1 if tail and tail[0] in DIRECTIONS else 0
            if 1 <= len(tail) - moved <= 2 and all(_BARE.fullmatch(word) for word in tail[moved:]):
                return words[: place + 1 + moved], unit_value(tail[moved:])
    if (
        len(words) > 1
        and _WITH_DIGIT.fullmatch(words[-1])
        and words[-2].isalpha()
        and _names_street(words[:-1])
    ):
        ordinal = street_name(words[-1:]) != words[-1] if words[-1].isdigit() else words[-1][-2:] in _ENDINGS
        if not ordinal or (words[-1].isdigit() and words[-2] not in DIRECTIONS):
            return words[:-1], unit_value(words[-1:])
    return words, ""


_ENDINGS: Final = frozenset({"ST", "ND", "RD", "TH"})


def _parts(word: str) -> tuple[str, ...]:
    glued = None if word.isalpha() else _GLUED.fullmatch(word)
    return (glued[1], glued[2]) if glued is not None else (word,)


def _names_street(words: Sequence[str]) -> bool:
    return any(word not in DIRECTIONS for word in words)


def _may_begin(words: Sequence[str], place: int) -> bool:
    word = words[place]
    if word in _NUMBERED or word in _RARE or word in _NO_NAMES:
        return True
    after_type = place > 1 and (words[place - 1] in STREET_TYPES or words[place - 1] in NAME_ENDINGS)
    if word in POSITIONS:
        return after_type
    return place + 1 < len(words) and words[place + 1] in _FLOORS and bool(street_name([word])[:1].isdigit())


def _designated(tail: Sequence[str]) -> str | None:
    """The unit that the whole tail designates: None if there is more in it than designators and what they number."""
    found: list[str] = []
    floors: list[str] = []
    place = 0
    while place < len(tail):
        word = tail[place]
        if place + 1 < len(tail) and tail[place + 1] in _FLOORS and street_name([word])[:1].isdigit():
            floors.append(street_name([word]).rstrip("STNDRH"))
            place += 2
        elif word in _NUMBERED or word in _RARE:
            place += 1
            values = _values(tail, place, word)
            if values is None:
                return None
            (floors if word in _FLOORS else found).extend(values)
            place += len(values)
        elif word in POSITIONS:
            found.append(word)
            place += 1
        else:
            return None
    return unit_value(found or floors)


def _values(tail: Sequence[str], start: int, designator: str) -> Sequence[str] | None:
    """What stands behind a designator, up to the next one; None if that is no number or letter, but a name."""
    end = start
    while (
        end < len(tail)
        and tail[end] not in _NUMBERED
        and tail[end] not in POSITIONS
        and tail[end] not in _RARE
    ):
        end += 1
    values = tail[start:end]
    if designator in _RARE:
        return values if len(values) == 1 and _WITH_DIGIT.fullmatch(values[0]) else None
    if len(values) > _MOST_VALUES:
        return None
    for place, value in enumerate(values):
        longest = _LONGEST if designator == "#" and len(values) == 1 else 2 if place else 6
        if value in STREET_TYPES or (len(value) > longest and not _WITH_DIGIT.fullmatch(value)):
            return None
    return values


def _without_rear(words: list[str]) -> tuple[list[str], str]:
    """`123 REAR MAIN ST`, `E LINDEN (REAR) AVE`: the one position that auditors put before or into the street."""
    if "REAR" not in words:
        return words, ""
    rest = [word for word in words if word != "REAR"]
    longer = any(word not in STREET_TYPES and word not in DIRECTIONS for word in rest)
    return (rest, "REAR") if longer else (words, "")
