"""ZIP codes of every form a column holds, as numbers."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.ascii_text import text_column

LOWEST: Final = 501
HIGHEST: Final = 99950
"""The lowest and highest ZIP in use."""

_FORMS: Final = (
    r"^\s*(?:OH|OHIO)?\s*(?:0*(?P<short>\d{3,4})(?:\.0*)?|(?P<long>\d{5})(?:\s*-?\s*\d{4}|-|\.0*)?)\s*$"
)


def zip_numbers(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """int32 a row: the first five digits of a ZIP, null if there is none.

    Takes integers, floats, and text such as `43215`, `43215.0`, `43215-1234`, `432151234`, `OH 43215`;
    -1, NaN, `NA` and other text give null.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_floating(values.type):
        values = _whole(values)
    if pa.types.is_integer(values.type):
        numbers = values.cast(pa.int64(), safe=False)
        numbers = pc.if_else(pc.greater(numbers, 9_999_999), pc.divide(numbers, 10_000), numbers)
    else:
        forms = pc.extract_regex(text_column(values), _FORMS)
        digits = pc.binary_join_element_wise(
            pc.struct_field(forms, "short"), pc.struct_field(forms, "long"), ""
        )
        numbers = pc.if_else(pc.equal(digits, ""), None, digits).cast(pa.int64())
    usable = pc.and_(pc.greater_equal(numbers, LOWEST), pc.less_equal(numbers, HIGHEST))
    return pc.if_else(usable, numbers, None).cast(pa.int32())


def _whole(values: pa.Array) -> pa.Array:
    doubles = values.cast(pa.float64())
    usable = pc.and_(pc.greater_equal(doubles, 0), pc.less(doubles, 1e9))
    return pc.if_else(usable, doubles, None).cast(pa.int64(), safe=False)
