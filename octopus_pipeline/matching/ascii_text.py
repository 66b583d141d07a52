"""Any text as upper-case ASCII of bounded length, without which no table of spellings could be looked up."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

LONGEST: Final = 160
"""Characters of a text that are read: no address or name is longer, and junk may be a megabyte."""

_SPELT_OUT: Final = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u02bc\u2032\u00b4"), "'"),
    ord("\u00bd"): " 1/2",
    ord("\u00bc"): " 1/4",
    ord("\u00be"): " 3/4",
    ord("\u2044"): "/",
    ord("\u2116"): "#",
    ord("\u00df"): "ss",
    ord("\u00c6"): "AE",
    ord("\u00e6"): "ae",
    ord("\u0152"): "OE",
    ord("\u0153"): "oe",
    ord("\u00d8"): "O",
    ord("\u00f8"): "o",
    ord("\u0141"): "L",
    ord("\u0142"): "l",
    ord("\u0110"): "D",
    ord("\u0111"): "d",
    ord("\u00d0"): "D",
    ord("\u00f0"): "d",
    ord("\u00de"): "Th",
    ord("\u00fe"): "th",
    ord("\u0131"): "i",
}
_BLANKS = re.compile(r"[\x00-\x20\x7f]+")


def folded(text: str) -> str:
    """The text in upper-case ASCII, accents folded, other scripts and signs left out, blanks single."""
    text = text[:LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_SPELT_OUT)).translate(_SPELT_OUT)
        text = text.encode("ascii", "ignore").decode("ascii")[:LONGEST]
    return _BLANKS.sub(" ", text.upper()).strip()


def text_column(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column of any type as one array of upper-case text, cut to `LONGEST` characters; nulls become ''.

    Blanks stay as they are; only texts with other than ASCII characters are folded, one by one.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    text = pc.fill_null(values.cast(pa.large_string()), "")
    if (pc.max(pc.binary_length(text)).as_py() or 0) > LONGEST:
        text = pc.utf8_slice_codeunits(text, 0, LONGEST)
    text = text.cast(pa.string())
    ascii_only = pc.string_is_ascii(text)
    if not pc.all(ascii_only, min_count=0).as_py():
        foreign = pc.invert(ascii_only)
        text = pc.replace_with_mask(
            text, foreign, pa.array(map(folded, text.filter(foreign).to_pylist()), pa.string())
        )
    return pc.utf8_upper(text)  # ascii_upper of pyarrow 26 breaks columns that were sliced, then cast
