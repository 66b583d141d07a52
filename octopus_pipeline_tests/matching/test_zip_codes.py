"""ZIP columns of every form."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.matching.zip_codes import zip_numbers


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (pa.array([43215, -1, 0, None, 432151234]), [43215, None, None, None, 43215]),
        (
            pa.array([43215.0, -1.0, math.nan, math.inf, None, 432151234.0]),
            [43215, None, None, None, None, 43215],
        ),
        (
            pa.array(
                [
                    "43215",
                    " 43215.0",
                    "43215-1234",
                    "432151234",
                    "OH 43215",
                    "NA",
                    "",
                    None,
                    "-1",
                    "-1.0",
                    "4321",
                    "abc",
                ]
            ),
            [43215, 43215, 43215, 43215, 43215, None, None, None, None, None, 4321, None],
        ),
        (pa.array(["6145550134", "4321512"]), [None, None]),
        (pa.nulls(1), [None]),
    ],
)
def test_zips_are_read(column: pa.Array, numbers: list[int | None]) -> None:
    assert zip_numbers(column).to_pylist() == numbers
    assert zip_numbers(pa.chunked_array([column])).type == pa.int32()


@given(st.lists(st.one_of(st.text(max_size=12), st.from_regex(r"[0-9.\- ]{0,12}")), max_size=20))
def test_no_text_raises(texts: list[str]) -> None:
    assert len(zip_numbers(pa.array(texts, pa.string()))) == len(texts)


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**62), 2**62).map(float))))
def test_no_number_raises(numbers: list[float]) -> None:
    assert len(zip_numbers(pa.array(numbers, pa.float64()))) == len(numbers)
