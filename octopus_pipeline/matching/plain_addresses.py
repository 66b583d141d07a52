"""Addresses of the common shapes, read a column at a time: `12 N MAPLE RIDGE DR APT 4, SUNBURY, OH 43074`.

What is read here `address_line` reads the same, one by one and twenty times as slowly. A word that has a meaning of its
own there (a unit's position, an abbreviation, a route, a number in words) makes its address one for `address_line`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.address_line import JUNK, TELLING_WORDS
from octopus_pipeline.matching.cities import city_name, ohio_places
from octopus_pipeline.matching.directions import DIRECTIONS, LANDMARKS
from octopus_pipeline.matching.street_types import STREET_TYPES
from octopus_pipeline.matching.street_words import NAME_ENDINGS, ORDINAL_WORDS, TENS_WORDS, street_name
from octopus_pipeline.matching.streets import has_glued_type, split_glued_type
from octopus_pipeline.matching.units import UNIT_WORDS
from octopus_pipeline.matching.word_shapes import Shaped, shaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

# Kinds of words: a letter each, so that a shape is a text of them.
_NUMBER, _LONG_NUMBER, _ZIP, _ORDINAL = "N", "B", "Z", "K"
_DIRECTION, _NAME, _ENDING, _LANDMARK, _GLUED, _TYPE = "D", "W", "E", "M", "G", "T"
_DESIGNATOR, _UNIT, _LETTER = "U", "V", "L"
_COMMA, _OHIO, _OTHER = "C", "O", "X"

_PLAIN: Final = re.compile(
    r"(?P<number>[NB])?(?P<direction>D)?(?P<name>[WEMG]{1,4}|K)(?P<type>T)?(?P<behind>D)?"
    r"(?:C?U{1,2}(?P<unit>[NVL]))?"
    r"(?:(?P<comma>C)?(?P<city>[WEM]{1,3})(?:C?O)?(?:C?(?P<zip>Z))?)?"
)
"""The shapes that are read here, of words of the kinds above."""

_DESIGNATORS: Final = ("#", "APT", "UNIT", "LOT", "STE", "SUITE")
_SPECIAL_WORDS: Final = """
AND TO THRU OHIO STATE STAT STA INTERSTATE ROUTE ROUT RTE COUNTY CNTY CTY TOWN TOWNSHIP TOWNSH TWNSHP TWSP TWNP TWP TWN
PRIVATE PVT PRI RURAL STAR KING LUTHERKING KENNEDY MLK JFK
"""
_SPECIAL: Final = frozenset(_SPECIAL_WORDS.split())
"""Words that make a range, a route with a number, or one of the long names."""

_SHORTEST_NAME: Final = 3
_GLUED_MARK: Final = "+"
_MAY_BE_BOX: Final = re.compile(r"BO[XC]|BX|DRAWER|POB")
_WITH_DIGITS: Final = (
    (_NUMBER, re.compile(r"[1-9]\d{0,3}")),
    (_ZIP, re.compile(r"(?!43000)4[345]\d{3}(?:-\d{4})?")),
    (_LONG_NUMBER, re.compile(r"[1-9]\d{4,5}")),
    (_UNIT, re.compile(r"[1-9]\d{0,3}[A-Z]|[A-Z]\d{1,3}")),
    (_ORDINAL, re.compile(r"[1-9]\d{0,2}(?:ST|ND|RD|TH)")),
)
_ZIP_DIGITS: Final = 5


class _Plan(NamedTuple):
    """Where the parts of a shape stand: the place of the first word, -1 if there is none; of name and city how many.

    `glued`: 1 if the type is glued to the name's last word.
    """

    number: int
    direction: int
    name: int
    names: int
    type: int
    glued: int
    unit: int
    city: int
    cities: int
    zip: int
    comma: int


_NO_PLAN: Final = _Plan(*[-1] * len(_Plan._fields))


def read_plain_addresses(texts: pa.Array) -> tuple[NDArray[np.bool_], dict[str, pa.Array]]:
    """Which of the texts (upper-case ASCII) are plain addresses, and the columns of `ADDRESS_SCHEMA` of those."""
    spaced = pc.replace_substring(pc.replace_substring(texts, ",", " , "), "#", " # ")
    found = shaped(spaced, _kind)
    plans = [_plan(shape) for shape in found.shapes]
    planned = np.array([plan is not None for plan in plans], np.bool_)[found.shape]
    rows = np.flatnonzero(planned)
    table = np.array([plan or _NO_PLAN for plan in plans], np.int64).reshape(-1, len(_NO_PLAN))
    where = dict(zip(_Plan._fields, table[found.shape[rows]].T, strict=True))
    street, glued_type, is_name = _names(found, rows, where)
    city, is_city = _cities(found, rows, where)
    plain = is_name & is_city
    if not plain.all():
        kept = np.flatnonzero(plain)
        rows, where = rows[kept], {name: places[kept] for name, places in where.items()}
        street, glued_type, city = (column.take(pa.array(kept)) for column in (street, glued_type, city))
    zips = pc.utf8_slice_codeunits(_word(found, rows, where["zip"]), 0, _ZIP_DIGITS)
    count = len(rows)
    columns = {
        "number": _word(found, rows, where["number"]).cast(pa.int32()),
        "number_to": pa.nulls(count, pa.int32()),
        "fraction": pa.repeat("", count),
        "direction": _translated(found, rows, where["direction"], DIRECTIONS),
        "street": street,
        "street_type": pc.coalesce(glued_type, _translated(found, rows, where["type"], STREET_TYPES)),
        "unit": pc.fill_null(_word(found, rows, where["unit"]), ""),
        "city": city,
        "zip": zips.cast(pa.int32()),
        "po_box": pa.array(np.zeros(count, np.bool_)),
    }
    plain = np.zeros(len(texts), np.bool_)
    plain[rows] = True
    return plain, columns


def _plan(shape: str) -> _Plan | None:
    """The plan of a shape; None if it is not for us."""
    found = _PLAIN.fullmatch(shape)
    if found is None:
        return None
    behind, city = found["behind"], found["city"]
    glued = found["type"] is None and found["name"][-1] == _GLUED
    if found["type"] is None and (behind or not found["number"]):
        return None
    directed = bool(behind) + bool(found["direction"])
    if directed > 1 or (directed and found["name"][0] == _LANDMARK):
        return None
    if found["name"] == _ORDINAL and not found["number"]:
        return None
    # Without a comma a city stands between the type and the ZIP.
    if city and not found["comma"] and (not found["zip"] or shape[found.start("city") - 1] != _TYPE):
        return None
    return _Plan(
        number=found.start("number"),
        direction=max(found.start("direction"), found.start("behind")),
        name=found.start("name"),
        names=len(found["name"]),
        type=found.start("type"),
        glued=int(glued),
        unit=found.start("unit"),
        city=found.start("city"),
        cities=len(city or ""),
        zip=found.start("zip"),
        comma=found.start("comma"),
    )


@cache
def _kinds() -> dict[str, str]:
    """The words of which it is known what they are."""
    special = TELLING_WORDS | JUNK | TENS_WORDS | _SPECIAL
    endings = {word for word in NAME_ENDINGS - UNIT_WORDS - _SPECIAL if street_name([word]) == word}
    types = {spelling: _TYPE if kind else _OTHER for spelling, kind in STREET_TYPES.items()}
    spelt = {**types, **dict.fromkeys(DIRECTIONS, _DIRECTION)}
    return {
        **dict.fromkeys(special, _OTHER),
        **dict.fromkeys(endings, _ENDING),
        **dict.fromkeys(ORDINAL_WORDS, _ORDINAL),
        **dict.fromkeys(LANDMARKS - UNIT_WORDS, _LANDMARK),
        **spelt,
        **{f"{word}.": kind for word, kind in spelt.items()},
        **{f"{word}{dot}": _DESIGNATOR for word in _DESIGNATORS for dot in ("", ".")},
        ",": _COMMA,
        "OH": _OHIO,
        "OHIO": _OHIO,
    }


@lru_cache(maxsize=1 << 16)
def _kind(word: str) -> str:
    known = _kinds().get(word)
    if known is not None:
        return known
    if word.isalpha():
        if len(word) < _SHORTEST_NAME:
            return _LETTER if len(word) == 1 else _OTHER
        if _MAY_BE_BOX.search(word):
            return _OTHER
        glued = split_glued_type(word)
        if glued is None:
            return _NAME
        return _GLUED if _kind(glued[0]) in {_NAME, _ENDING} else _OTHER
    return next((kind for kind, pattern in _WITH_DIGITS if pattern.fullmatch(word)), _OTHER)


def _names(
    found: Shaped, rows: Rows, where: Mapping[str, Rows]
) -> tuple[pa.Array, pa.Array, NDArray[np.bool_]]:
    """The streets' names as one word each, the types glued to them, and whether the name reads the same ever after."""
    joined = pc.binary_join(found.spans(rows, where["name"], where["names"]), "")
    marks = pc.if_else(pa.array(where["glued"] == 1), _GLUED_MARK, "")
    written = pc.binary_join_element_wise(joined, marks, "").dictionary_encode()
    read = [_name(text) for text in written.dictionary.to_pylist()]
    names, types = (pa.array((one[place] for one in read), pa.string()) for place in (0, 1))
    same = np.array([_reads_same(name) for name, _ in read], np.bool_)[written.indices.to_numpy()]
    return names.take(written.indices), types.take(written.indices), same | (where["names"] == 1)


def _name(text: str) -> tuple[str, str | None]:
    """A name in its one spelling, and the type glued to it where the text is marked to have one."""
    glued = split_glued_type(text.removesuffix(_GLUED_MARK)) if text.endswith(_GLUED_MARK) else None
    if glued is not None:
        return glued
    is_word = text.isalpha() and text not in ORDINAL_WORDS
    return (text if is_word else street_name(text.split("-"))), None


def _reads_same(joined: str) -> bool:
    return joined not in TELLING_WORDS and not has_glued_type(joined) and not _MAY_BE_BOX.search(joined)


def _cities(found: Shaped, rows: Rows, where: Mapping[str, Rows]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """The cities, and whether they are read as they are written: without a comma part of one may be another's name."""
    behind_type = ((where["cities"] > 0) & (where["comma"] < 0)).astype(np.int64)
    spans = found.spans(rows, where["city"] - behind_type, where["cities"] + behind_type)
    written = pc.binary_join(spans, " ").dictionary_encode()
    read = [_city(text) for text in written.dictionary.to_pylist()]
    city = pa.array((name for name, _ in read), pa.string()).take(written.indices)
    return city, np.array([is_one for _, is_one in read], np.bool_)[written.indices.to_numpy()]


def _city(text: str) -> tuple[str, bool]:
    """The city, and whether no more and no fewer words of the text, perhaps with the type before it, name a place."""
    before, _, behind = text.partition(" ")
    if _kinds().get(before) != _TYPE:
        return city_name(text), True
    words, places = behind.split(), ohio_places()
    ends = (city_name(" ".join(words[place:])) for place in range(1, len(words)))
    name = city_name(behind)
    return name, city_name(text) not in places and (name in places or not any(end in places for end in ends))


def _word(found: Shaped, rows: Rows, place: Rows) -> pa.Array:
    """The word at a place, null where that is -1."""
    return found.distinct.take(pa.array(found.at(rows, place), mask=place < 0))


def _translated(found: Shaped, rows: Rows, place: Rows, spellings: Mapping[str, str]) -> pa.Array:
    """The word at a place in its one spelling, '' where there is none."""
    word = pc.utf8_rtrim(_word(found, rows, place), ".")
    known = pc.index_in(word, value_set=pa.array(spellings.keys(), pa.string()))
    return pc.fill_null(pa.array(spellings.values(), pa.string()).take(known), "")
