"""City, state and ZIP typed into an address."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from octopus_pipeline.counties.cleaning import HIGHEST_ZIP, LOWEST_ZIP
from octopus_pipeline.matching.cities import city_name, ohio_places
from octopus_pipeline.matching.directions import DIRECTIONS
from octopus_pipeline.matching.street_types import STREET_TYPES

_COUNTRY = re.compile(r"[ ,]+(?:USA|U S A|UNITED STATES(?: OF AMERICA)?)$")
_ZIP = re.compile(r"(?:^|[ ,]+|(?<=[A-Z]))(\d{5})(?: ?- ?\d{4}| ?-|\d{4}|\.0+)?$")
_NOT_A_ZIP = re.compile(
    r"(?:#|\b(?:APT|UNIT|STE|SUITE|LOT|BOX|BX|POB|DRAWER|PMB|SMB|RM|ROOM|BLDG|SR|RT|RTE|ROUTE|HWY|HIGHWAY)) ?#?$"
)
_STATE = re.compile(r"(?:^|[ ,]+)(OHIO|[A-Z]{2})$")
_STATES: Final = """
0 CT MA ME NH NJ RI VT
1 DE NY PA
2 DC MD NC SC VA WV
3 AL FL GA MS TN
4 IN KY MI OH OHIO
5 IA MN MT ND SD WI
6 IL KS MO NE
7 AR LA OK TX
8 AZ CO ID NM NV UT WY
9 AK CA HI OR WA
"""
_STATE_ZIPS: Final = {state: line[0] for line in _STATES.split("\n") for state in line.split()[1:]}
"""State -> the first digit of its ZIPs: what tells Connecticut from a court, Louisiana from a lane."""
_OHIO: Final = frozenset({"OH", "OHIO"})
_OHIO_ZIPS: Final = range(43001, 46000)

_NO_CITIES: Final = """
APT BACK BASEMENT BLDG BSMT BUILDING DOWN DOWNSTAIRS FL FLOOR FRONT LOT LOWER REAR RM ROOM STE SUITE UNIT
UP UPPER UPSTAIRS
"""
_NO_CITY: Final = frozenset(_NO_CITIES.split())
"""Words behind a comma that no city begins with."""
_BEHIND_ROUTE: Final = re.compile(
    r"(.*\b(?:ROUTE|RTE?|HWY|HIGHWAY|ROAD|RD|SR|US|CR|TR|CO|TWP|OH)[ .#-]*\d{1,4}[A-Z]?),? +([A-Z][A-Z .'-]+)"
)
"""A numbered road, and letters behind it."""
_BEHIND_TYPE: Final = re.compile(
    rf"((?:(?:{'|'.join(sorted(DIRECTIONS, key=len, reverse=True))})\.? +)?"
    r"(?:(?:(?:APARTMENT|APT|UNIT|STE|SUITE|LOT|NO)\.? *#? *|# *)[A-Z0-9-]{1,5} +|\d{1,4}[A-Z]? +)?)([A-Z .'-]+)"
)
"""What may stand between a street's type and a city: a direction, a unit; and the city."""
_LETTERS: Final = re.compile(r"[A-Z .'-]*[A-Z][A-Z .'-]*").fullmatch
_MOST_WORDS: Final = 4


class Locality(NamedTuple):
    """An address without what was typed behind it, and that."""

    line: str
    city: str
    zip: int | None


def split_locality(line: str) -> Locality:
    """City and ZIP taken off the end of an address in upper-case ASCII, commas still in it.

    Without a state, a ZIP or a comma only a place of Ohio behind the street's type counts as a city.
    """
    line = line.rstrip(" ,")
    zip_code, state = None, False
    if line.endswith(("A", "S")):
        line = _COUNTRY.sub("", line)
    if line[-1:].isdigit() or line.endswith("-"):
        line, zip_code = _split_zip(line)
    if line[-2:] in _STATE_ZIPS or line.endswith("OHIO"):
        line, state = _split_state(line, zip_code)
    if "," in line:
        segments = [segment.strip() for segment in line.split(",") if segment.strip()]
        if len(segments) > 1 and _is_city(segments[-1]):
            return Locality(", ".join(segments[:-1]), city_name(segments[-1]), zip_code)
    street, city = _split_place(line.rstrip(" ,"), told=state or zip_code is not None)
    return Locality(street, city, zip_code)


def _split_zip(line: str) -> tuple[str, int | None]:
    found = _ZIP.search(line)
    if found is None or _NOT_A_ZIP.search(line[: found.start()]):
        return line, None
    number, before = int(found[1]), line[: found.start()].rstrip(" ,")
    state = _STATE.search(before)
    told = state is not None and (state[1] in _OHIO or _agrees(state[1], number))
    sure = number in _OHIO_ZIPS or "," in found[0] or told
    return (before, number) if sure and LOWEST_ZIP <= number <= HIGHEST_ZIP else (line, None)


def _split_state(line: str, zip_code: int | None) -> tuple[str, bool]:
    found = _STATE.search(line)
    if found is None or found[1] not in _STATE_ZIPS:
        return line, False
    ohio = found[1] in _OHIO
    before = line[: found.start()]
    named = any(word.strip(",.") in STREET_TYPES for word in before.split()[1:])
    sure = (
        ohio or _agrees(found[1], zip_code)
        if zip_code is not None
        else "," in found[0] or (ohio and ("," in line or named))
    )
    return (before, True) if sure and before else (line, False)


def _agrees(state: str, zip_code: int) -> bool:
    return _STATE_ZIPS.get(state) == f"{zip_code:05d}"[0]


def _is_city(segment: str) -> bool:
    if not _LETTERS(segment) or segment in DIRECTIONS:
        return False
    if city_name(segment) in ohio_places():
        return True
    words = segment.split()
    return words[-1] not in STREET_TYPES and words[0].strip(".") not in _NO_CITY and len(words) <= _MOST_WORDS


def _split_place(line: str, *, told: bool) -> tuple[str, str]:
    """A place of Ohio behind the street; where a state or ZIP told of one, whatever stands behind the type."""
    words = line.split()
    for place in range(max(1, len(words) - _MOST_WORDS), len(words)):
        before = words[place - 1].strip(",.")
        behind_type = place > 1 and before in STREET_TYPES
        if not words[place][0].isalpha() or not (behind_type or told):
            continue
        city = city_name(" ".join(words[place:]))
        if city in ohio_places() and any(_is_name(word) for word in words[:place]):
            return " ".join(words[:place]), city
    if told:
        for place in range(len(words) - 1, 1, -1):
            if words[place - 1].strip(",.") in STREET_TYPES and any(map(_is_name, words[: place - 1])):
                behind = _BEHIND_TYPE.fullmatch(" ".join(words[place:]))
                if behind is None or behind[2].split()[0] in _NO_CITY or behind[2] in DIRECTIONS:
                    break
                return " ".join((*words[:place], behind[1].rstrip())), city_name(behind[2])
        numbered = _BEHIND_ROUTE.fullmatch(line)
        if numbered is not None and all(map(_is_name, numbered[2].split())):
            return numbered[1], city_name(numbered[2])
    return line, ""


def _is_name(word: str) -> bool:
    return not word.isdigit() and word not in DIRECTIONS and word not in STREET_TYPES
