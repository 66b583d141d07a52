"""Addresses for the tests: parts of an address as a short text, and texts made of the words addresses are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from octopus_pipeline.matching.directions import DIRECTIONS
from octopus_pipeline.matching.street_types import STREET_TYPES
from octopus_pipeline.matching.street_words import NAME_ENDINGS

if TYPE_CHECKING:
    from octopus_pipeline.matching.address_line import AddressParts

_OTHER_WORDS = """
MAIN OAK MAPLELN OKINGSWAY THIRTY FIRST 4TH 12 7 314 40 1/2 45 100A 43215 8 TH ND A B N O X T U S US SR STATE ROUTE RT
CO COUNTY RD TWP OH OHIO MANSFIELD CITY PO BOX OLD ST SAINT DR MLK MARTIN LUTHER KING JR JFK MILE REAR UPPER FRONT SIDE
PH FL FLOOR APT UNIT LOT STE KEY STOP TO AND THRU C/O N/A # , - & ( ) . 's \u00c9 \U0001f600 \u00bd \u200f
"""
WORDS = sorted({*STREET_TYPES, *NAME_ENDINGS, *DIRECTIONS, *_OTHER_WORDS.split()})
"""Every word that means something in an address, and some that do not."""

made_of_words = st.builds(
    lambda number, words, blank: number + blank.join(words),
    st.sampled_from(["", "12 ", "345 ", "30-32 ", "100 TO 104 ", "12A ", "7", "1216 22 "]),
    st.lists(st.sampled_from(WORDS), max_size=7),
    st.sampled_from([" ", "  ", ", ", "-"]),
)
"""Addresses, sensible ones and others."""

_NAME_WORDS = """
MAPLE WALNUT KINGSWAY FOREST MARY BAY NEW RUE GROVE MAPLELN 4TH 22ND 8ST PARK RIDGE FORK BEND END
"""
_NAMES = _NAME_WORDS.split()
_UNITS = [
    "# 4",
    "#4B",
    "APT 12",
    "APT. O",
    "APT # B2",
    "UNIT C",
    ", LOT 1004",
    "STE N",
    "NO 7",
    "REAR",
    "# 12345",
]
_CITIES = [
    "COLUMBUS",
    "ST MARYS",
    "TERRACE PARK",
    "NEW LONDON",
    "LONDON",
    "PLAIN CITY",
    "NEWTOWNE",
    "BIG LONDON",
]

nearly_plain = st.builds(
    lambda *parts: " ".join(part for part in parts if part).replace(" ,", ","),
    st.sampled_from(["12", "345", "43215", "123456", ""]),
    st.sampled_from(["", "", "N", "SOUTH", "NW.", "E"]),
    st.lists(st.one_of(st.sampled_from(_NAMES), st.sampled_from(WORDS)), min_size=1, max_size=3).map(
        " ".join
    ),
    st.sampled_from(["", "ST", "AVENUE", "DR.", "LN", "CR", "TR", "LA"]),
    st.sampled_from(["", "", "", "E", "NORTH"]),
    st.sampled_from(["", "", *_UNITS]),
    st.sampled_from(["", "", *_CITIES, *(f", {city}" for city in _CITIES)]),
    st.sampled_from(["", "OH", ", OH", "OHIO", "OH."]),
    st.sampled_from(["", "43215", "44906-1234", ", 45011", "90210"]),
)
"""Addresses in the order in which they are mostly written."""

any_text = st.one_of(made_of_words, nearly_plain, st.text(max_size=300))


def brief(parts: AddressParts) -> str:
    """The parts with a bar between, those at the end that are empty left out: `30-32||N|4TH|AVE|4`."""
    number = "" if parts.number is None else str(parts.number)
    number += "" if parts.number_to is None else f"-{parts.number_to}"
    zip_code = "" if parts.zip is None else str(parts.zip)
    texts = [number, *parts[2:8], zip_code, "PO BOX" if parts.po_box else ""]
    return "|".join(texts).rstrip("|")
