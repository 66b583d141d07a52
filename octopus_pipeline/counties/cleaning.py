"""What county data and participants write for nothing, turned into null; numbers, ZIP codes, phones, e-mails.

Every function takes a column of any type and gives one of the same length; nothing raises, whatever is in it.
What says nothing (`-1`, `-1.0`, NaN, `NA`, `N/A`, `NULL`, blanks) and what cannot be read both become null;
`unreadable` tells them apart.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from bson import Decimal128, ObjectId

if TYPE_CHECKING:
    from collections.abc import Sequence

Column: TypeAlias = "pa.Array | pa.ChunkedArray"

YEARS = (1700, 2100)
"""Years in which a house can have been built; county records also have 0 and 9999 for "unknown"."""

_WORDS_FOR_NOTHING = ("na", "n/a", "#n/a", "nan", "null", "<na>")
# Every casing is spelt out: looking a value up in a set is much cheaper than folding millions of them.
_CASINGS = {
    "".join(letters)
    for word in _WORDS_FOR_NOTHING
    for letters in product(*({letter, letter.upper()} for letter in word))
}
_NOTHING = pa.array(["", "-1", "-1.", "-1.0", "-1.00", *sorted(_CASINGS)], pa.string())
_WHOLE = 2.0**53
"""Floats below this hold every whole number exactly."""
_LONGEST_INTEGER_BITS = 1_000

_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
LOWEST_ZIP, HIGHEST_ZIP = 501, 99_950
"""The lowest and highest ZIP code in use."""

_ZIP = r"^(?i:OHIO|OH)?\s*(?:(?P<alone>\d{3,5})(?:\.0*|\s*-)?|(?P<before_4>\d{4,5})\s*-?\s*\d{4}(?:\.0*)?)$"
_SHORTEST_ZIP_AND_4, _LONGEST_ZIP_AND_4 = 10_000_000, 999_999_999
_PHONE = r"^[2-9]\d{2}[2-9]\d{6}$"
_SAME_DIGITS = pa.array([str(digit) * 10 for digit in range(10)])
_EMAIL = r"^[^@\s]+@[^@\s]+$"


_PLAIN = (
    pa.types.is_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_null,
)


def column(values: Sequence[object]) -> pa.Array:
    """Python values as a document store gives them, of any mixture of types, as one column.

    Where types are mixed all become text, whole floats without a fraction. What is no scalar (a list, a document,
    bytes) counts as missing.
    """
    try:
        found = pa.array(values, from_pandas=True)  # which takes NaN among texts for a null
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError):
        pass
    else:
        mixed = pa.types.is_floating(found.type) and bool in set(map(type, values))  # true would be 1.0
        if not mixed and any(is_kind(found.type) for is_kind in _PLAIN):
            return found
    texts = [value if type(value) is str else _as_text(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeError:  # half a surrogate pair
        whole = (None if text is None else text.encode(errors="replace").decode() for text in texts)
        return pa.array(whole, pa.string())


def _as_text(value: object) -> str | None:
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < _LONGEST_INTEGER_BITS else None
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return None if value.is_nan() else str(value)
    return str(value) if isinstance(value, str | ObjectId | UUID | date) else None


def _float_text(value: float) -> str | None:
    """As Arrow writes it, so that a value reads the same whatever stands beside it."""
    if not math.isfinite(value):
        return None
    if value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    # Python writes exponents otherwise.
    return repr(value) if 0.001 < abs(value) < 1e9 else pa.scalar(value).cast(pa.string()).as_py()


def texts(column: Column) -> pa.Array:
    """Texts without blanks at either end; whole numbers without a fraction. Null where nothing is said."""
    trimmed = pc.utf8_trim_whitespace(_written(column))
    return pc.if_else(pc.is_in(trimmed, value_set=_NOTHING), None, trimmed)


def unreadable(column: Column, cleaned: pa.Array) -> pa.Array:
    """Whether each value says something, yet came to null when it was cleaned.

    Zero says nothing: where it can be a value it is read, and as a year, a ZIP code or a phone it means "unknown".
    """
    found = _one_array(column)
    if _is_number(found.type):
        said = pc.not_equal(pc.coalesce(numbers(found), 0.0), 0.0)
    else:
        zero = pc.match_substring_regex(texts(found), r"^[0.\s()-]+$")
        said = pc.invert(pc.fill_null(zero, fill_value=True))
    return pc.and_(said, cleaned.is_null())


def numbers(column: Column) -> pa.Array:
    """Doubles; dollar signs and thousands' commas in texts are passed over. -1 is null, as it means "unknown"."""
    found = _one_array(column)
    if _is_number(found.type):
        parsed = found.cast(pa.float64(), safe=False)
    else:
        plain = pc.replace_substring_regex(texts(found), r"[$,\s]", "")
        parsed = _where(pc.match_substring_regex(plain, _NUMBER), plain).cast(pa.float64())
    return _where(pc.and_(pc.is_finite(parsed), pc.not_equal(parsed, -1.0)), parsed)


def years(column: Column) -> pa.Array:
    """Whole years within `YEARS` as int32."""
    found = numbers(column)
    first, last = YEARS
    plausible = pc.and_(pc.greater_equal(found, first), pc.less_equal(found, last))
    whole = pc.equal(pc.floor(found), found)
    return _where(pc.and_(plausible, whole), found).cast(pa.int32())


def zips(column: Column) -> pa.Array:
    """Five-digit ZIP codes as int32, out of `43215`, `43215.0`, `43215-1234`, `432151234`, `OH 43215`, number or text.

    Of `4321` and `43211234` the zero in front is missing, as New England's ZIP codes have one.
    """
    found = _one_array(column)
    if _is_number(found.type):
        codes = _zip_numbers(numbers(found))
    else:
        distinct = pc.dictionary_encode(_written(found))
        codes = _zip_texts(texts(distinct.dictionary)).take(distinct.indices)
    usable = pc.and_(pc.greater_equal(codes, LOWEST_ZIP), pc.less_equal(codes, HIGHEST_ZIP))
    return _where(usable, codes).cast(pa.int32())


def _zip_numbers(found: pa.Array) -> pa.Array:
    usable = pc.and_(pc.equal(pc.floor(found), found), pc.less_equal(pc.abs(found), _LONGEST_ZIP_AND_4))
    whole = _where(usable, found).cast(pa.int64())
    return pc.if_else(pc.greater_equal(whole, _SHORTEST_ZIP_AND_4), pc.divide(whole, 10_000), whole)


def _zip_texts(found: pa.Array) -> pa.Array:
    forms = pc.extract_regex(found, _ZIP)
    alone, before_4 = pc.struct_field(forms, "alone"), pc.struct_field(forms, "before_4")
    return pc.if_else(pc.equal(alone, ""), before_4, alone).cast(pa.int64())


def phones(column: Column) -> pa.Array:
    """Ten digits of a North American number, without the country's 1, extension and punctuation.

    Numbers that cannot exist (an area code or exchange that starts with 0 or 1, one digit ten times) are null.
    """
    written = pc.replace_substring_regex(texts(column), r"(?i)(?:\.0+|[\s,;]*(?:x|ext\.?)\s*\d+)$", "")
    sane = pc.match_substring_regex(written, r"^[\d\s()+./-]+$")
    digits = pc.replace_substring_regex(_where(sane, written), r"\D", "")
    digits = pc.replace_substring_regex(digits, r"^1(\d{10})$", r"\1")
    real = pc.and_not(pc.match_substring_regex(digits, _PHONE), pc.is_in(digits, value_set=_SAME_DIGITS))
    return _where(real, digits)


def emails(column: Column) -> pa.Array:
    """E-mail addresses in lower case: something, one @, something, no blanks within."""
    lower = pc.utf8_lower(texts(column))
    return _where(pc.match_substring_regex(lower, _EMAIL), lower)


def parcel_ids(column: Column) -> pa.Array:
    """Parcel ids as texts; `12345.0`, the number 12345 gone through a spreadsheet, is `12345`."""
    return pc.replace_substring_regex(texts(column), r"^(\d+)\.0$", r"\1")


def _written(column: Column) -> pa.Array:
    """The column as texts."""
    found = _one_array(column)
    kind = found.type
    if pa.types.is_string(kind):
        return found
    if pa.types.is_floating(kind):
        found = _where(pc.is_finite(found), found).cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(found), found), pc.less(pc.abs(found), _WHOLE))
        without_fraction = _where(whole, found).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(without_fraction, found.cast(pa.string()))
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        return pa.nulls(len(found), pa.string())
    try:
        return found.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # bytes that are no text
        return pa.nulls(len(found), pa.string())


def _one_array(column: Column) -> pa.Array:
    found = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _where(mask: pa.Array, found: pa.Array) -> pa.Array:
    """`found` where the mask is true; null where it is false or null."""
    return pc.if_else(mask, found, None)
