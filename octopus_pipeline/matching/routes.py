"""Numbered roads of Ohio in every habit: state, US and interstate routes, county, township and private roads."""

from __future__ import annotations

import re
from typing import Final

_ROAD: Final = r"(?:ROADS?|RD|ROUTE|ROUT|RTE|RT|HIGHWAY|HIGHWY|HIWAY|HWAY|HWY|HGWY|HY)"
_NUMBER: Final = r" ?(?:NO |# ?)?0*(\d{1,3})([A-Z])?(?= |$)"
_LOCAL_NUMBER: Final = r" ?(?:NO |# ?)?0*(\d{1,4}(?:X\d{1,2}|[A-Z])?)(?= |$)"

_KINDS: Final = (
    ("US", rf"U ?S ?A?(?: ?{_ROAD})?"),
    (
        "SR",
        rf"(?:(?:OHIO|OH) ?)?(?:STATE|STAT|ST|STA) ?{_ROAD}|STATE|S ?R|(?:OHIO|OH)(?: ?(?:{_ROAD}|S ?R))?",
    ),
    ("I", r"(?:(?:ST|STATE) (?:RT|ROUTE) |SR )?(?:INTERSTATE(?: HIGHWAY| HWY| ROUTE)?|I ?R|I)"),
    ("RT", rf"(?:{_ROAD.replace('ROADS?|RD|', '')})"),
)
_NUMBERED = tuple((kind, re.compile(rf"(?:{spelling}){_NUMBER}")) for kind, spelling in _KINDS)
_LOCAL = (
    ("CR", re.compile(rf"(?:(?:COUNTY|CO|CNTY|CTY) ?{_ROAD}|CO|COUNTY|C ?R|C){_LOCAL_NUMBER}")),
    (
        "TR",
        re.compile(rf"(?:(?:TOWNSHIP|TOWNSH|TWNSHP|TWSP|TWNP|TWP|TWN|TOWN) ?{_ROAD}?|T ?R|T){_LOCAL_NUMBER}"),
    ),
    ("PR", re.compile(rf"(?:(?:PRIVATE|PVT|PRI) ?(?:{_ROAD}|DRIVE|DR|LANE|LN)|P ?R){_LOCAL_NUMBER}")),
    ("RD", re.compile(rf"(?:ROAD|RD){_LOCAL_NUMBER}")),
    ("RR", re.compile(r"(?:RURAL ?(?:ROUTE|RT|RTE)|R ?R|R ?F ?D|STAR ROUTE|HC)(?: ?#)? ?0*(\d{1,3})(?= |$)")),
)
_LETTERED = re.compile(r"(?:(?:COUNTY|CO|CNTY) (?:ROAD|RD) |COUNTYROAD)([A-Z])(?: ?(\d{1,2}))?$")
_BEGINNING = re.compile(r"U|S|OH|I|R|H|C|T|P")

US_ROUTES: Final = frozenset(
    {6, 20, 22, 23, 24, 27, 30, 33, 35, 36, 40, 42, 50, 52, 62, 68, 127, 224, 250, 322, 422}
)
INTERSTATES: Final = frozenset(
    {70, 71, 74, 75, 76, 77, 80, 90, 270, 271, 275, 277, 280, 470, 475, 480, 490, 670, 675, 680}
)
"""Ohio gives no state route the number of a US route or an interstate: the number tells the kind."""


def read_route(street: str) -> tuple[str, str] | None:
    """The numbered road a street begins with (`STATE RTE 314` -> `SR314`) and what follows it; None if it is none."""
    if _BEGINNING.match(street) is None:
        return None
    for kind, pattern in _NUMBERED:
        found = pattern.match(street)
        if found is not None:
            return _numbered(kind, int(found[1]), found[2] or ""), street[found.end() :].strip()
    for kind, pattern in _LOCAL:
        found = pattern.match(street)
        if found is not None:
            return kind + found[1], street[found.end() :].strip()
    lettered = _LETTERED.match(street)
    return (f"COUNTYROAD{lettered[1]}{lettered[2] or ''}", "") if lettered is not None else None


def _numbered(kind: str, number: int, letter: str) -> str:
    if number in US_ROUTES:
        kind = "US"
    elif number in INTERSTATES and kind in ("I", "RT"):
        kind = "I"
    elif kind == "RT":
        kind = "SR"
    return f"{kind}{number}{letter}"
