"""The one spelling of a city, and the places of Ohio."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

from octopus_pipeline.matching.directions import DIRECTION_WORDS

_WORDS: Final = {
    **{letter: word for letter, word in DIRECTION_WORDS.items() if len(letter) == 1},
    "ST": "SAINT",
    "STE": "SAINTE",
    "MT": "MOUNT",
    "FT": "FORT",
    "PT": "PORT",
    "HTS": "HEIGHTS",
    "HGTS": "HEIGHTS",
    "HT": "HEIGHTS",
    "SPGS": "SPRINGS",
    "SPG": "SPRINGS",
    "TOWNSHIP": "TWP",
    "TWSP": "TWP",
    "TWNSHP": "TWP",
    "VLG": "VILLAGE",
    "JCT": "JUNCTION",
    "JCTN": "JUNCTION",
    "CTR": "CENTER",
    "FLS": "FALLS",
    "HLS": "HILLS",
    "LK": "LAKE",
    "BCH": "BEACH",
    "CRK": "CREEK",
    "GRV": "GROVE",
    "MLS": "MILLS",
    "PLNS": "PLAINS",
    "PK": "PARK",
    "PRT": "PORT",
    "VLY": "VALLEY",
    "WSHNGTN": "WASHINGTON",
    "CINTI": "CINCINNATI",
    "CINCI": "CINCINNATI",
    "COLS": "COLUMBUS",
}
_PREFIX = re.compile(r"(?:CITY|VILLAGE|VLG|TOWN) OF ")
_TOWNSHIP = re.compile(r"(?:TWP|TOWNSHIP) OF (.+)")
_STATE_BEHIND = re.compile(r"(?<=[A-Z])[ ,]+(?:OHIO|OH)(?: \d{5}.*)?$|[ ,]+\d{5}(?:-?\d{4})?$")
_MISSING: Final = frozenset(
    {"NA", "NAN", "NULL", "NONE", "UNKNOWN", "UNK", "OH", "OHIO", "NOTAVAILABLE", "SAME"}
)
_NOT_LETTERS = re.compile(r"[^A-Z0-9]+")


def city_name(text: str) -> str:
    """A city in upper-case ASCII as one word in its one spelling: `Mt. Vernon, OH` -> `MOUNTVERNON`; '' if missing."""
    text = _STATE_BEHIND.sub("", text.replace(".", " ").replace("'", "").strip(" ,"))
    text = _TOWNSHIP.sub(r"\1 TWP", _PREFIX.sub("", text))
    words = _NOT_LETTERS.sub(" ", text).split()
    if "".join(words) in _MISSING:
        return ""
    if words[:1] == ["WASHINGTON"] and words[1:] in (["CH"], ["C", "H"], ["CT", "HSE"], ["COURT", "HSE"]):
        return "WASHINGTONCOURTHOUSE"
    name = "".join(_WORDS.get(word, word) for word in words)
    return name if name.strip("0123456789") else ""


@cache
def ohio_places() -> frozenset[str]:
    """The postal names of Ohio's places, as `city_name` spells them."""
    lines = resources.files(__package__).joinpath("ohio_places.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(city_name(line) for line in lines if not line.startswith("#"))
