"""The words for what the matching knows by short names: levels, streets, areas, reasons."""

from __future__ import annotations

from typing import Final

from octopus_pipeline.matching.explanation import ShareBy
from octopus_pipeline.matching.findings import Subject
from octopus_pipeline.matching.residences import Reason

SHARES: Final = {
    ShareBy.ZIP: "{} by its ZIP",
    ShareBy.CITY: "{} by its city",
    ShareBy.SIZE: "{} by its size alone",
}
"""How likely a county is, and by what."""

STREETS: Final = {
    "UNKNOWN": "it has no such street",
    "ELSEWHERE": "it has the street, not in that ZIP",
    "NAME": "it has the street's name, with another type or direction",
    "AS_WRITTEN": "it has the street as written",
}
"""`context.Street`."""

AREAS: Final = {
    "AGREE": "ZIP and city agree",
    "DISAGREE": "ZIP and city are both known, not together",
    "ONLY_ZIP": "only a ZIP is given",
    "ONLY_CITY": "only a city is given",
    "NEITHER": "neither ZIP nor city is given",
    "UNKNOWN_ZIP": "the city is known, the ZIP is not",
    "UNKNOWN_CITY": "the ZIP is known, the city is not",
    "BOTH_UNKNOWN": "neither ZIP nor city is known there",
}
"""`context.Area`."""

_NUMBERS: Final = {
    "SAME": "the same",
    "IN_RANGE": "within the range",
    "SLIP": "one slip apart",
    "MISSING": "not given",
    "UNNUMBERED": "the parcel has none",
    "OTHER": "another",
}
_NAMES: Final = {
    "SAME": "the same",
    "ONE_APART": "one letter apart",
    "TWO_APART": "two letters apart",
    "PART": "one is part of the other",
    "ALIKE": "somewhat alike",
    "OTHER": "another",
}


def _part(part: str) -> dict[str, str]:
    return {
        "SAME": f"{part} the same",
        "NEITHER": "",
        "OURS_MISSING": f"{part} not given",
        "THEIRS_MISSING": f"the parcel has no {part}",
        "OTHER": f"another {part}",
        "OURS_MISSING_KNOWN": f"{part} not given, and there is a street without",
        "THEIRS_MISSING_KNOWN": f"the parcel has no {part}, and there is a street with it",
        "OTHER_KNOWN": f"another {part}, and there is a street as written",
    }


_ZIPS: Final = {
    "SAME": "ZIP the same",
    "ONE_DIGIT": "ZIP one digit apart",
    "OTHER": "another ZIP",
    "OURS_MISSING": "no ZIP given",
    "THEIRS_MISSING": "the parcel has no ZIP",
}
_CITIES: Final = {
    "SAME": "city the same",
    "SIMILAR": "city similar",
    "OTHER": "another city",
    "OURS_MISSING": "no city given",
    "THEIRS_MISSING": "the parcel has no city",
}
_UNITS: Final = {
    "SAME": "the same",
    "NEITHER": "none on either side",
    "OURS_MISSING": "not given",
    "THEIRS_MISSING": "the parcel has none",
    "OTHER": "another",
}
_PERSONS: Final = {
    "SAME": "last and given name the same",
    "SIMILAR_LAST_AND_FIRST": "given name the same, last name similar",
    "LAST_AND_INITIAL": "last name and initial the same",
    "LAST": "last name the same",
    "SIMILAR_LAST": "last name similar",
    "FIRST": "only a given name the same",
    "OTHER": "other names",
    "UNKNOWN": "not known on both sides",
}

LEVELS: Final = {
    Subject.NUMBER: (_NUMBERS,),
    Subject.STREET: (_NAMES,),
    Subject.TYPE_AND_DIRECTION: (_part("type"), _part("direction")),
    Subject.AREA: (_ZIPS, _CITIES),
    Subject.UNIT: (
        _UNITS | {f"{level}_OF_SEVERAL": f"{words}, of several" for level, words in _UNITS.items()},
    ),
    Subject.PERSON: (_PERSONS,),
}
"""`levels`: of each finding's levels the words."""

REASONS: Final = {
    Reason.NO_ADDRESS: "no address that can be read",
    Reason.PO_BOX: "nobody lives in a post-office box",
    Reason.ZIP_OUTSIDE: "no county of Ohio has the ZIP",
    Reason.COUNTY_NOT_LOADED: "the county of the ZIP is not loaded",
    Reason.STREET_UNKNOWN: "no county looked into has such a street there",
    Reason.NUMBER_UNKNOWN: "the street is known, but no parcel on it with that number is likely enough",
    Reason.SEVERAL: "more than one parcel could be right, and nothing tells them apart",
    Reason.WEAK: "what agrees is not enough to be sure",
}
"""`Reason`, in a sentence."""
