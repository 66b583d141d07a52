"""Words of street names that are written in several ways: ordinals, abbreviations, two long names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS: Final = ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH")
_TEENS: Final = (
    *("TENTH", "ELEVENTH", "TWELFTH", "THIRTEENTH", "FOURTEENTH", "FIFTEENTH"),
    *("SIXTEENTH", "SEVENTEENTH", "EIGHTEENTH", "NINETEENTH"),
)
_TENS: Final = ("TWENT", "THIRT", "FORT", "FIFT", "SIXT", "SEVENT", "EIGHT", "NINET")

_ORDINAL_WORDS: Final = {
    **{word: number for number, word in enumerate(_UNITS + _TEENS, 1)},
    **{f"{ten}IETH": 10 * number for number, ten in enumerate(_TENS, 2)},
    **{
        f"{ten}Y{unit}": 10 * number + place
        for number, ten in enumerate(_TENS, 2)
        for place, unit in enumerate(_UNITS, 1)
    },
    "EIGTH": 8,
    "TWELTH": 12,
}
TENS_WORDS: Final = frozenset(f"{ten}Y" for ten in _TENS)
"""Words that make an ordinal with the next: `THIRTY`."""
ORDINAL_WORDS: Final = _ORDINAL_WORDS.keys() | {f"{ten}Y-{unit}" for ten in _TENS for unit in _UNITS}
"""Ordinals in words: `EIGHTH`, `THIRTY-FIRST`."""

_NUMERIC_ORDINAL = re.compile(r"0*(\d{1,3})(?:ST|ND|RD|TH)")
_LONGEST_ORDINAL: Final = 3
_ORDINAL_ENDINGS: Final = frozenset({"ST", "ND", "RD", "TH"})

_NAME_TABLE: Final = """
ACADEMY ACAD
AVENUE AV AVE
BEACH BCH
BEND BND
BLUFF BLF
BOULEVARD BLVD
BRANCH BRNCH
BRIDGE BRG BRDGE
BROOK BRK
CENTER CTR CENTRE CNTR
CHASE CHSE
CIRCLE CIR
CLIFF CLF
COMMON CMN
COMMONS CMNS
CORNER COR
CORNERS CORS
COUNTY CO CNTY CTY
COURSE CRSE
COVE CV
COVES CVS
CREEK CRK CK
CRESCENT CRES CRESC
CREST CRST
CROSSING XING
CROSSROAD XRD
DALE DL
DIVIDE DV DVD
ESTATES ESTS
FALLS FLS
FERRY FRY
FIELD FLD
FIELDS FLDS
FORD FRD
FOREST FRST
FORGE FRG
FORK FRK
FORKS FRKS
FORT FT FRT
GARDEN GDN
GARDENS GDNS
GATEWAY GTWY
GLEN GLN
GREEN GRN
GROVE GRV
HARBOR HBR
HAVEN HVN
HEIGHTS HTS HGTS HGHTS
HIGHWAY HWY
HILL HL
HILLS HLS
HOLLOW HOLW HLLW
JUNCTION JCT JCTN
KNOLL KNL
KNOLLS KNLS
LAKE LK
LAKES LKS
LANDING LNDG
LANE LN
LODGE LDG
MANOR MNR
MEADOW MDW
MEADOWS MDWS MEDOWS
MILLS MLS
MISSION MSSN
MOUNT MT MNT
MOUNTAIN MTN
ORCHARD ORCH
OVAL OVL
PARK PRK
PARKWAY PKWY
PASSAGE PSGE
PINES PNES
PLACE PL
PLAINS PLNS
PLAZA PLZ
POINT PT POINTE
PORT PRT
RANCH RNCH
RIDGE RDG RDGE
RIVER RIV RVR
ROAD RD
SHORE SHR
SHORES SHRS
SPRING SPG
SPRINGS SPGS
SQUARE SQ SQR SQRE
STATION STA STATN
SUMMIT SMT
TERRACE TER
TOWNSHIP TWP
TRACE TRCE
TRAIL TRL
VALLEY VLY VALLY
VIEW VW
VILLAGE VLG VILLG
VISTA VIS
WALK WLK
WELLS WLS
WILLIAM WM
WOODS WDS
"""
"""A line is a word of names: in full, then its abbreviations, where these are no words and no names themselves."""

_NAME_ROWS: Final = tuple(tuple(line.split()) for line in _NAME_TABLE.strip().splitlines())
_NAME_WORDS: Final = {spelling: row[0] for row in _NAME_ROWS for spelling in row[1:]}

NAME_ENDINGS: Final = frozenset(word for row in _NAME_ROWS for word in row)
"""Words that end names, behind which a direction or a unit may stand as behind a type (`VALLEY VIEW N`)."""

STREET_WORDS: Final = (
    NAME_ENDINGS | _ORDINAL_WORDS.keys() | _ORDINAL_ENDINGS | {"DR", "JFK", "MLK", "NO", "OLD", "SO"}
)
"""Every word of names that is read as another, or as none."""

_CARDINALS: Final = (
    "ONE",
    "TWO",
    "THREE",
    "FOUR",
    "FIVE",
    "SIX",
    "SEVEN",
    "EIGHT",
    "NINE",
    "TEN",
    "ELEVEN",
    "TWELVE",
)

_LONG_NAMES: Final = (
    (
        re.compile(
            r"(?:DR |DOCTOR )?(?:MARTIN (?:L|LUTHER) KING|M ?L KING|MARTIN LUTHERKING|MLK)(?: JR| JUNIOR)?"
        ),
        "MARTINLUTHERKING",
    ),
    (re.compile(r"(?:JOHN F|J ?F) KENNEDY|JFK"), "JOHNFKENNEDY"),
)


def ordinal(number: int) -> str:
    """The ordinal in digits: 1 -> `1ST`, 12 -> `12TH`, 33 -> `33RD`."""
    if number % 100 in (11, 12, 13):
        return f"{number}TH"
    return f"{number}{ {1: 'ST', 2: 'ND', 3: 'RD'}.get(number % 10, 'TH') }"


def street_name(words: Sequence[str]) -> str:
    """The words of a name as one, each in its one spelling: `MT VERNON` -> `MOUNTVERNON`, `THIRTY FIRST` -> `31ST`."""
    if len(words) == 1 and words[0].isalpha():
        return _one_word(words[0])
    name = " ".join(words)
    for spelling, canonical in _LONG_NAMES:
        name = spelling.sub(canonical, name)
    return "".join(_canonical(_ordinals(name.split())))


def _one_word(word: str) -> str:
    number = _ORDINAL_WORDS.get(word)
    if number is not None:
        return ordinal(number)
    return {"MLK": "MARTINLUTHERKING", "JFK": "JOHNFKENNEDY"}.get(word) or _NAME_WORDS.get(word, word)


def _canonical(words: list[str]) -> list[str]:
    last = len(words) - 1
    canonical = []
    for place, word in enumerate(words):
        if word == "ST":
            # A saint's name follows; nothing does where the type itself is part of a name (`MAIN ST EXT`).
            canonical.append("STREET" if place == last and last else "SAINT")
        elif word == "DR" and place == 0 and last:
            canonical.append("DOCTOR")
        elif word.isdigit() and last and 1 <= int(word[:3]) <= len(_CARDINALS):
            canonical.append(_CARDINALS[int(word[:3]) - 1])
        else:
            canonical.append(_NAME_WORDS.get(word, word))
    return canonical


def _ordinals(words: list[str]) -> list[str]:
    """Every ordinal in digits, also of two words; a number that is the whole name is one, too (`E 45 ST`)."""
    found: list[str] = []
    for word in words:
        number, joined = _ordinal_number(found[-1] if found else "", word)
        if number is None:
            found.append(word)
            continue
        if joined:
            found.pop()
        found.append(ordinal(number))
    if len(found) == 1 and found[0].isdigit():
        return [ordinal(int(found[0]))] if len(found[0]) <= _LONGEST_ORDINAL else []
    return found


def _ordinal_number(before: str, word: str) -> tuple[int | None, bool]:
    """The number of an ordinal, None if the word is none, and whether the word before belongs to it."""
    if before in TENS_WORDS:
        compound = _ORDINAL_WORDS.get(before + _UNIT_ORDINALS.get(word, word))
        if compound is not None:
            return compound, True
    if word in _ORDINAL_ENDINGS and before.isdigit() and ordinal(int(before)) == before.lstrip("0") + word:
        return int(before), True
    if (numeric := _NUMERIC_ORDINAL.fullmatch(word)) is not None:
        return int(numeric[1]), False
    return _ORDINAL_WORDS.get(word), False


_UNIT_ORDINALS: Final = {
    **dict(zip(_CARDINALS, _UNITS, strict=False)),
    **{ordinal(number): word for number, word in enumerate(_UNITS, 1)},
}
"""What may stand behind `TWENTY` beside `EIGHTH`: `EIGHT`, `8TH`."""
