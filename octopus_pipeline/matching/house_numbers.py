"""House numbers at the beginning of an address: single, ranges, fractions, glued letters, units put behind them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from octopus_pipeline.matching.directions import DIRECTIONS
from octopus_pipeline.matching.routes import read_route
from octopus_pipeline.matching.street_types import STREET_TYPES
from octopus_pipeline.matching.street_words import ordinal

_NUMBER: Final = r"0*(\d{1,6}?)(?:\.0+)?(?: ?-? ?([1-7]/[2-8])|-?([A-Z])(?: ?([1-7]/[2-8]))?)?(?=[ ,&\-#]|$)"
_FIRST = re.compile(_NUMBER)
_SECOND = re.compile(r"( ?- ?| ?/ ?| ?& ?| AND | TO | THRU | ?\+ ?| ?, ?| )" + _NUMBER)
_HASH_UNIT = re.compile(r" ?# ?([A-Z]{0,2}\d[A-Z0-9]*|[A-Z])(?=[ ,]|$)")
_GLUED_NAME = re.compile(r"0*(\d{1,6})([A-Z]{2}.*)")
_LONE_LETTER = re.compile(r" ([A-NP-Z]) (?=[A-Z0-9]{2,} |[NSEW] |[A-Z]{3,}$)")
_COUNTED: Final = frozenset({"MILE", "MILES", "OAKS", "POINTS", "CORNERS", "WINDS", "SEASONS"})
"""What a number counts in a street's name: `8 MILE RD`, `5 OAKS AVE`."""

_FAR: Final = 200
_NEAR: Final = 80
"""How far apart the ends of a range may be, the second where it is lower or has more digits; further, it is a unit."""
_CUT_WIDTH: Final = 5


class HouseNumber(NamedTuple):
    """What stood before the street's name."""

    number: int | None
    number_to: int | None
    fraction: str
    unit: str
    rest: str
    """The address after the number."""


def read_house_number(line: str) -> HouseNumber:
    """The house number of an address in upper-case ASCII: nothing but `rest` if it begins with none."""
    first = _FIRST.match(line)
    if first is None:
        return _glued(line)
    number = int(first[1])
    fraction, letter = first[2] or first[4] or "", first[3] or ""
    number_to, unit, rest = None, "", line[first.end() :]
    second = _SECOND.match(rest)
    if second is not None and not _is_street(second, rest):
        after = rest[second.end() :]
        number_to = _range_end(
            number, int(second[2]), second[2], joined=second[1] != " ", lettered=bool(second[4])
        )
        if number_to is None:
            unit = second[2] + (second[4] or "")
        elif second[4] in DIRECTIONS:
            after = f" {second[4]}{after}"
        elif number_to == number and int(second[2]) != number:
            number_to = None
        rest = after
    elif (hash_unit := _HASH_UNIT.match(rest)) is not None:
        unit, rest = hash_unit[1], rest[hash_unit.end() :]
    if not unit and not letter:
        unit, rest = _lone_letter(rest)
    if letter in DIRECTIONS and not _starts_with_direction(rest):
        letter, rest = "", f" {letter}{rest}"
    if number_to is not None and number_to < number:
        number, number_to = number_to, number
    return HouseNumber(number or None, number_to, fraction or letter, unit, rest.strip(" ,-&"))


def _glued(line: str) -> HouseNumber:
    """A number glued to the name (`11120SYCAMORE GROVE LN`); an ordinal (`4TH AVE`) is none."""
    glued = _GLUED_NAME.match(line)
    if glued is None:
        return HouseNumber(None, None, "", "", line.lstrip("0123456789 ,-/&") if line[:1].isdigit() else line)
    number, rest = int(glued[1]), glued[2]
    if line.startswith(ordinal(number)):
        return HouseNumber(None, None, "", "", line)
    return HouseNumber(number or None, None, "", "", rest)


def _is_street(second: re.Match[str], rest: str) -> bool:
    """Whether what looks like a second number names the street: `123 45 ST`, `123 4 TH AVE`, `123 8 MILE RD`."""
    words = rest[second.end() :].strip(" ,").split()
    if second[1] != " " or not words or second[3] or second[4]:
        return False
    if words[0] in _COUNTED or all(word in DIRECTIONS for word in words[words[0] in STREET_TYPES :]):
        return True
    return len(words) > 1 and ordinal(int(second[2])) == second[2].lstrip("0") + words[0]


def _range_end(number: int, second: int, digits: str, *, joined: bool, lettered: bool) -> int | None:
    """The other end of a range, short forms (`938 40`) written out; None if the second number is a unit's."""
    long = len(str(number))
    if len(digits) < long:
        if joined and len(digits) + long == _CUT_WIDTH and _is_cut(str(number), digits):
            return number
        second = int(str(number)[: -len(digits)] + digits)
        if second <= number or len(digits) > 2 or (len(digits) == 1 and long > 3 and not joined):
            return None
    apart = abs(second - number)
    near = _NEAR if second < number or len(str(second)) > long else _FAR
    if apart % 2:
        return second if joined and number < second <= number + _NEAR else None
    return second if apart <= near and not (lettered and second <= number) else None


def _is_cut(number: str, digits: str) -> bool:
    """Whether the digits begin a number somewhat higher: `2680-2`, `741-74`, ranges in a field of six characters."""
    ahead = int(digits) - int(number[: len(digits)])
    return 0 <= ahead <= (1 if len(digits) == 1 else 3)


def _lone_letter(rest: str) -> tuple[str, str]:
    """A letter between number and street (`3440 B BROTHERTON RD`); before a type alone it is the street (`12 J ST`)."""
    lone = _LONE_LETTER.match(rest)
    if lone is None or lone[1] in DIRECTIONS or read_route(rest.strip()) is not None:
        return "", rest
    after = rest[lone.end() :]
    if all(word in STREET_TYPES or word in DIRECTIONS for word in after.split("#")[0].split()):
        return "", rest
    return lone[1], f" {after}"


def _starts_with_direction(rest: str) -> bool:
    return rest.strip(" ,").split(" ", 1)[0] in DIRECTIONS
