"""One address in a cell, whatever was typed into it, as its parts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from octopus_pipeline.matching.ascii_text import folded
from octopus_pipeline.matching.cities import city_name
from octopus_pipeline.matching.directions import DIRECTIONS, LANDMARKS
from octopus_pipeline.matching.house_numbers import read_house_number
from octopus_pipeline.matching.localities import split_locality
from octopus_pipeline.matching.street_types import STREET_TYPES
from octopus_pipeline.matching.street_words import STREET_WORDS
from octopus_pipeline.matching.streets import has_glued_type, read_street
from octopus_pipeline.matching.units import UNIT_WORDS, split_unit, unit_value


class AddressParts(NamedTuple):
    """The parts of an address, in the order and meaning of the address columns."""

    number: int | None = None
    number_to: int | None = None
    fraction: str = ""
    direction: str = ""
    street: str = ""
    street_type: str = ""
    unit: str = ""
    city: str = ""
    zip: int | None = None
    po_box: bool = False


NO_ADDRESS: Final = AddressParts()

_JUNK_TEXTS: Final = """
NA NAN NULL NONE NIL NO YES X XX XXX XXXX TBD TEST TESTING UNK UNKN UNKNOWN UNLISTED HOMELESS TRANSIENT DECLINED REFUSED
SAME SAMEADDRESS SAMEASABOVE SAMEASMAILING SAMEASSERVICE ADDRESS STREET STREETADDRESS ADDRESSUNKNOWN UNKNOWNADDRESS
NOADDRESS NOADDRESSGIVEN NONEGIVEN NOTAPPLICABLE NOTASSIGNED NOTAVAILABLE NOTGIVEN NOTLISTED NOTPROVIDED NOSITUS
NOSITUSADDRESS UNASSIGNED VACANT VACANTLAND GENERALDELIVERY
"""
JUNK: Final = frozenset(_JUNK_TEXTS.split())
"""What is written where an address is missing, without blanks."""
_NOTHING = re.compile(r"(?:(?:-1|0+)(?:\.0*)?)?")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")

_PO_BOX = re.compile(
    r"\b(?:(?:P ?O|POST(?:AL)? OFFICE|P0|PO?ST) ?(?:BOX|BX|BOC|DRAWER|B(?= ?\d))|POB(?:OX)?|CALLER BOX)"
    r"(?: ?(?:NO|NUMBER|#))? ?(?:[A-Z]?\d[\d-]*[A-Z]?\b|[A-Z]\b|$|(?= |,))|^P ?O \d+$|^BOX \d+(?=,|$)"
)
_MAY_BE_BOX = re.compile(r"BO[XC]|BX|DRAWER|^P ?O ?\d|P ?O ?B")
_NO_SIGNS: Final = re.compile(r"[A-Z0-9 ,#-]*").fullmatch
_QUOTES = re.compile(r"['\"`]")
_SITE = re.compile(r"\d+[A-Z]? [A-Z0-9]")
_CARE_OF = re.compile(r"^(?:(?:C ?/ ?O|ATTN|ATTENTION|%)\b[^0-9]*|(?:#|NO) ?)(?=\d+ [A-Z])")
_UNIT_FIRST = re.compile(
    r"^(?:(?:APT|APARTMENT|UNIT|LOT|STE|SUITE|TRLR|TRAILER|#)(?: ?# ?| |(?=\d))([A-Z0-9]{1,5})"
    r"|(REAR|UPPER|LOWER))[ ,]+(?=\d)"
)
_NAME_FIRST = re.compile(r"^[A-Z .&'-]+, ?(?=\d+[A-Z]? )")
_LOCAL_ROAD_NUMBER = re.compile(r"\b((?:ROAD|RD|CR|TR|HWY|[CT])[ -]?\d{1,3})-(\d{1,2}|[A-Z])\b")
_U_FOR_UNIT = re.compile(r"(?<=[A-Z0-9] )U-(?=(?:\d{1,4}[A-Z]?|[A-Z]\d{0,3})$)")
_SPACED_HALF = re.compile(r"^(\d+) 1 2(?= [A-Z]{2})")
_ASIDE = re.compile(r"\((?!(?:REAR|UPPER|LOWER|UP|DOWN|FRONT|UNIT|APT)\b)[^)]*\)?")
_SIGNS = re.compile(r"[^A-Z0-9#]+")

TELLING_WORDS: Final = (
    STREET_WORDS | UNIT_WORDS | LANDMARKS | DIRECTIONS.keys() | STREET_TYPES.keys() | {"USA", "OHIO"}
)
"""A street of one word that is none of these, and has no type glued to it, reads the same ever after."""
_SHORT: Final = 2
_MOST_ROUNDS: Final = 6
_PLAIN_UNIT: Final = re.compile(r"[A-Z]?\d{0,4}[A-Z]?").fullmatch


@lru_cache(maxsize=1 << 15)
def read_address(text: str) -> AddressParts:
    """The parts of one address; of no address at all, `NO_ADDRESS`. Any text is read, none raises.

    Reading is repeated until what it says, written as a line, reads the same: normalising twice changes nothing.
    """
    parts = _read(folded(text))
    for _ in range(_MOST_ROUNDS):
        if _is_plain(parts) and _reads_same(
            parts.direction, parts.street, parts.street_type, numbered=parts.number is not None
        ):
            break
        again = _read(address_line(parts))._replace(city=parts.city, zip=parts.zip)
        if again == parts:
            break
        parts = again
    return parts


def address_line(parts: AddressParts) -> str:
    """The parts as an address line, without city and ZIP: `30-32 1/2 N 4TH AVE # 4`."""
    if parts.po_box:
        return "PO BOX"
    number = str(parts.number or "") + (f"-{parts.number_to}" if parts.number_to is not None else "")
    if len(parts.fraction) == 1:
        number += parts.fraction
    else:
        number = f"{number} {parts.fraction}"
    unit = f"# {parts.unit}" if parts.unit else ""
    return " ".join(" ".join((number, parts.direction, parts.street, parts.street_type, unit)).split())


def _is_plain(parts: AddressParts) -> bool:
    """Whether only the street could read differently: number and unit are of the commonest form."""
    return (
        not parts.fraction
        and parts.number_to is None
        and not parts.po_box
        and _PLAIN_UNIT(parts.unit) is not None
    )


@lru_cache(maxsize=1 << 16)
def _reads_same(direction: str, street: str, street_type: str, *, numbered: bool) -> bool:
    parts = AddressParts(1 if numbered else None, None, "", direction, street, street_type)
    plain_word = street.isalpha() and len(street) > _SHORT and not _MAY_BE_BOX.search(street)
    if numbered and plain_word and street not in TELLING_WORDS and not has_glued_type(street):
        return True
    return _read(address_line(parts)) == parts


def _read(text: str) -> AddressParts:
    if not text[:1].isdigit() and _NOT_ALNUM.sub("", text) in JUNK:
        return NO_ADDRESS
    if text[:1] in ("-", "0", "") and _NOTHING.fullmatch(text):
        return NO_ADDRESS
    if not _NO_SIGNS(text):
        text = _ASIDE.sub(" ", _QUOTES.sub("", text).replace("&", " & "))
    line, city, zip_code = split_locality(text.strip())
    line = " ".join(line.replace(".", " ").split())
    boxless = _PO_BOX.sub(" ", line, count=1).strip(" ,") if _MAY_BE_BOX.search(line) else line
    if boxless != line and _SITE.match(boxless) is None:
        beside = boxless if boxless.replace(" ", "").isalpha() else ""
        return AddressParts(city=city or city_name(beside), zip=zip_code, po_box=True)
    parts = _read_line(boxless)._replace(city=city, zip=zip_code)
    return parts if parts.street or parts.street_type else AddressParts(city=city, zip=zip_code)


def _read_line(line: str) -> AddressParts:
    before = ""
    if not line[:1].isdigit():
        line = _NAME_FIRST.sub("", _CARE_OF.sub("", line))
        first = _UNIT_FIRST.match(line)
        if first is not None:
            before = first[1] or first[2]
            line = line[first.end() :]
    if "-" in line:
        line = _U_FOR_UNIT.sub("UNIT ", _LOCAL_ROAD_NUMBER.sub(_local_road_number, line))
    if " 1 2 " in line:
        line = _SPACED_HALF.sub(r"\1 1/2", line)
    number = read_house_number(line)
    words, designated = split_unit(_words(number.rest))
    street = read_street(words)
    return AddressParts(
        number.number,
        number.number_to,
        number.fraction,
        street.direction,
        street.name,
        street.kind,
        designated or street.unit or unit_value([number.unit or before]),
    )


def _words(street: str) -> list[str]:
    """The words of a street and `#`; of an intersection (`BROADWAY & SUNRISE`) the first street's."""
    words = street.split()
    if all(map(str.isalnum, words)):
        return words
    first, _, _ = street.partition(" & ")
    return _SIGNS.sub(" ", (first if len(first) > 1 else street).replace("#", " # ")).split()


def _local_road_number(found: re.Match[str]) -> str:
    """`CO RD 12-5` and `T-7-A`, numbers of county and township roads, without the hyphen a unit would have."""
    return f"{found[1]}{'X' if found[2].isdigit() else ''}{found[2]}"
