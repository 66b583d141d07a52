"""Cells that a spreadsheet would run as a formula, defused.

A cell is one if it starts with `=`, `+`, `-` or `@` (full-width forms too), also after blanks or invisible
characters, or if it starts with a tab or a line break: it gets a leading apostrophe, as OWASP's page on CSV injection
advises. Plain numbers (`-5`, `+1.5`, `-$511.61`, `+16145551234`) are no formulas and stay as they are.
"""

from __future__ import annotations

import re
import string

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = r"\s\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(rf"[\t\r\n]|[{_INVISIBLE}]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62-\ufe66\ufe6b]")
_NUMBER = re.compile(r"[+-]?\$?(\d[\d,]*(\.\d*)?|\.\d+)%?", re.ASCII)

_HARMLESS_STARTS = (string.ascii_letters + string.digits + "$").encode()
_HARMLESS = pa.array([None, b"", *(bytes([byte]) for byte in _HARMLESS_STARTS)], pa.binary())


def defused(text: str) -> str:
    """The cell's text, with a leading apostrophe if a spreadsheet would run it."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def undefused(text: str) -> str:
    """What `defused` made the cell of: for files of ours that people hand back."""
    return text[1:] if text.startswith("'") and defused(text[1:]) == text else text


def defused_column(cells: pa.Array) -> pa.Array:
    """The column with every text that a spreadsheet would run defused; nulls stay.

    Nearly all cells start with an ASCII letter or digit, which rules a formula out: only others are looked at.
    """
    first_bytes = pc.binary_slice(cells.cast(pa.binary()), 0, 1)
    every_first_byte = first_bytes.buffers()[-1]
    if every_first_byte is None or not every_first_byte.to_pybytes().translate(None, _HARMLESS_STARTS):
        return cells
    doubtful = pc.invert(pc.is_in(first_bytes, value_set=_HARMLESS))
    safe = [defused(text) for text in cells.filter(doubtful).to_pylist()]
    return pc.replace_with_mask(cells, doubtful, pa.array(safe, cells.type))
