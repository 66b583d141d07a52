"""One cleaning: what says nothing is null, what can be read is read, nothing raises, whatever stands beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.counties import cleaning

if TYPE_CHECKING:
    from collections.abc import Callable

CLEANERS = (
    cleaning.texts,
    cleaning.numbers,
    cleaning.years,
    cleaning.zips,
    cleaning.phones,
    cleaning.emails,
    cleaning.parcel_ids,
)
NOTHING = (
    -1,
    -1.0,
    float("nan"),
    "NA",
    "na",
    "N/A",
    "NaN",
    "NULL",
    "null",
    "-1",
    "-1.0",
    "",
    "  ",
    "\u00a0\t",
    None,
)

texts = st.text(st.sampled_from("019.,-+$@ aexNA\n\u00a0\U0001f3e0\u05d0\ud800")) | st.text(max_size=5)
scalars = (
    st.sampled_from(NOTHING)
    | texts
    | st.integers()
    | st.integers(0, 10**10)
    | st.floats()
    | st.booleans()
    | st.decimals()
    | st.datetimes()
)
values = scalars | st.binary(max_size=3) | st.lists(st.integers(), max_size=2)


def cleaned(clean: Callable[[pa.Array], pa.Array], *raw: object) -> list[Any]:
    return list(clean(cleaning.column(raw)).to_pylist())


@pytest.mark.parametrize("clean", CLEANERS)
def test_every_way_to_say_nothing_is_null_in_every_kind_of_column(
    clean: Callable[[pa.Array], pa.Array],
) -> None:
    assert cleaned(clean, *NOTHING) == [None] * len(NOTHING)
    for nothing in NOTHING:
        assert cleaned(clean, nothing) == [None]


@pytest.mark.parametrize(
    ("clean", "raw", "expected"),
    [
        (cleaning.zips, 43215, 43215),
        (cleaning.zips, 43215.0, 43215),
        (cleaning.zips, Int64(43215), 43215),
        (cleaning.zips, Decimal128("43215"), 43215),
        (cleaning.zips, "43215", 43215),
        (cleaning.zips, " 43215.0 ", 43215),
        (cleaning.zips, "43215-1234", 43215),
        (cleaning.zips, "43215 1234", 43215),
        (cleaning.zips, "432151234", 43215),
        (cleaning.zips, 432151234, 43215),
        (cleaning.zips, "43215-", 43215),
        (cleaning.zips, "43215 - 1234", 43215),
        (cleaning.zips, "432151234.0", 43215),
        (cleaning.zips, 432151234.0, 43215),
        (cleaning.zips, "OH 43215", 43215),
        (cleaning.zips, "ohio 43215-1234", 43215),
        (cleaning.zips, "02134", 2134),
        (cleaning.zips, "2134", 2134),
        (cleaning.zips, 21341234, 2134),
        (cleaning.zips, "6145551234", None),
        (cleaning.zips, 6145551234.0, None),
        (cleaning.zips, "555-1234", None),
        (cleaning.zips, 99999, None),
        (cleaning.zips, "4321S", None),
        (cleaning.zips, 43215.5, None),
        (cleaning.zips, 4321567, None),
        (cleaning.zips, 0, None),
        (cleaning.phones, "6145551234", "6145551234"),
        (cleaning.phones, 6145551234.0, "6145551234"),
        (cleaning.phones, "6145551234.0", "6145551234"),
        (cleaning.phones, 16145551234, "6145551234"),
        (cleaning.phones, "+1 (614) 555-1234", "6145551234"),
        (cleaning.phones, "614.555.1234 ext. 9", "6145551234"),
        (cleaning.phones, "614-555-1234x12", "6145551234"),
        (cleaning.phones, "555-1234", None),
        (cleaning.phones, "6.145551E9", None),
        (cleaning.phones, "9999999999", None),
        (cleaning.phones, "0145551234", None),
        (cleaning.emails, " Jane.Sample@Example.COM ", "jane.sample@example.com"),
        (cleaning.emails, "jane@sample@example.com", None),
        (cleaning.emails, "jane sample@example.com", None),
        (cleaning.emails, "@example.com", None),
        (cleaning.emails, "none", None),
        (cleaning.numbers, "$1,705.35", 1705.35),
        (cleaning.numbers, "12", 12.0),
        (cleaning.numbers, 0, 0.0),
        (cleaning.numbers, "1e999", None),
        (cleaning.numbers, float("inf"), None),
        (cleaning.numbers, "many", None),
        (cleaning.years, 1987.0, 1987),
        (cleaning.years, "1987", 1987),
        (cleaning.years, 0, None),
        (cleaning.years, 9999, None),
        (cleaning.texts, "  1592 HILLCREST AV ", "1592 HILLCREST AV"),
        (cleaning.texts, 49.0, "49"),
        (cleaning.texts, 49.5, "49.5"),
        (cleaning.texts, "NONE", "NONE"),
        (cleaning.texts, {"$where": "1"}, None),
        (cleaning.texts, "half\ud800", "half?"),
        (cleaning.parcel_ids, 10000123.0, "10000123"),
        (cleaning.parcel_ids, "10000123.0", "10000123"),
        (cleaning.parcel_ids, 2**70, str(2**70)),
        (cleaning.parcel_ids, "010-000123.000", "010-000123.000"),
    ],
)
def test_a_value_is_cleaned(clean: Callable[[pa.Array], pa.Array], raw: object, expected: object) -> None:
    assert cleaned(clean, raw) == [expected]


@given(st.lists(values))
def test_nothing_raises_and_a_value_means_the_same_whatever_stands_beside_it(raw: list[object]) -> None:
    for clean in CLEANERS:
        together = cleaned(clean, *raw)
        assert together == [cleaned(clean, value)[0] for value in raw]


@given(st.lists(values))
def test_cleaning_what_is_clean_changes_nothing(raw: list[object]) -> None:
    for clean in CLEANERS:
        once = clean(cleaning.column(raw))
        assert clean(once).equals(once)


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([["43215", "NA"], ["43215-1234"]]),
        pa.array(["43215", "NA", "43215-1234"]).dictionary_encode(),
        pa.array(["43215", "NA", "43215-1234"], pa.large_string()),
        pa.array(["43215", "NA", "43215-1234"], pa.string_view()),
        pa.array([b"43215", b"NA", b"43215-1234"], pa.binary()),
        pa.array([Decimal("43215.00"), None, Decimal("43215.00")]),
        pa.array([43215, -1, 432151234], pa.int64()),
        pa.array([43215, float("nan"), 43215], pa.float32()),
    ],
)
def test_columns_of_every_file_format_are_cleaned(column: cleaning.Column) -> None:
    assert cleaning.zips(column).to_pylist() == [43215, None, 43215]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\xff"]),
        pa.array([date(2024, 1, 1)]),
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.nulls(1),
    ],
)
def test_columns_that_make_no_sense_are_empty(column: pa.Array) -> None:
    for clean in (cleaning.numbers, cleaning.zips, cleaning.phones, cleaning.emails):
        assert clean(column).to_pylist() == [None]


def test_what_says_something_and_cannot_be_read_is_told_apart_from_nothing() -> None:
    raw = cleaning.column(["43215", "OHIO", "NA", None, "00000", 0, -1, ObjectId()])
    unreadable = cleaning.unreadable(raw, cleaning.zips(raw))
    assert unreadable.to_pylist() == [False, True, False, False, False, False, False, True]
    raw = pa.array([43215, 7, 0, -1, None])
    assert cleaning.unreadable(raw, cleaning.zips(raw)).to_pylist() == [False, True, False, False, False]
