"""Columns of addresses: every type of column, what the columns add to the cell, and the laws of normalising."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_pipeline.matching.address import ADDRESS_SCHEMA, normalize_addresses, render_addresses
from octopus_pipeline.matching.address_line import read_address
from octopus_pipeline_tests.matching.addresses import any_text, nearly_plain


def test_the_columns_say_where_an_address_is_and_the_cell_where_they_do_not() -> None:
    addresses = normalize_addresses(
        pa.array(["12 Main St, Mansfield, OH 44906", "12 Main St, Mansfield, OH 44906", "12 Main St"]),
        pa.array(["Mt Vernon", None, "NA"]),
        pa.array(["43050-1234", "NA", "-1"]),
    )
    assert addresses["city"].to_pylist() == ["MOUNTVERNON", "MANSFIELD", ""]
    assert addresses["zip"].to_pylist() == [43050, 44906, None]
    assert addresses["street"].to_pylist() == ["MAIN"] * 3


@given(st.lists(any_text, max_size=30))
@settings(max_examples=200)
def test_a_column_is_read_cell_by_cell(texts: list[str]) -> None:
    addresses = normalize_addresses(pa.array(texts, pa.string()))
    assert addresses.schema == ADDRESS_SCHEMA
    assert [tuple(row.values()) for row in addresses.to_pylist()] == [
        tuple(read_address(text)) for text in texts
    ]


@given(st.lists(nearly_plain, min_size=40, max_size=40))
@settings(max_examples=150)
def test_plain_addresses_are_read_as_each_is_alone(texts: list[str]) -> None:
    rows = normalize_addresses(pa.array(texts)).to_pylist()
    assert [tuple(row.values()) for row in rows] == [tuple(read_address(text)) for text in texts]


@given(st.lists(any_text, max_size=30))
@settings(max_examples=200)
def test_normalising_is_idempotent(texts: list[str]) -> None:
    addresses = normalize_addresses(pa.array(texts, pa.string()))
    again = normalize_addresses(render_addresses(addresses), addresses["city"], addresses["zip"])
    assert again.equals(addresses)


def test_units_are_their_own_though_their_street_is_read_once() -> None:
    texts = [
        f"12 MAIN ST {unit}"
        for unit in ("APT 1", "APT 25", "# 0403B", "BLDG 2 APT 4", "UNIT C", "FL 2 APT 3", "")
    ]
    assert normalize_addresses(pa.array(texts))["unit"].to_pylist() == ["1", "25", "403B", "24", "C", "3", ""]


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()]
)
def test_any_column_of_texts_will_do(kind: pa.DataType) -> None:
    texts = pa.array(["skipped", "12 Main St", None, "30 32 TERRY ST"]).cast(kind)
    for column in (texts.slice(1), pa.chunked_array([texts.slice(1, 1), texts.slice(2)])):
        addresses = normalize_addresses(column)
        assert addresses["street"].to_pylist() == ["MAIN", "", "TERRY"]
        assert addresses["number"].to_pylist() == [12, None, 30]


def test_columns_without_text_have_no_addresses() -> None:
    assert normalize_addresses(pa.array([], pa.string())).schema == ADDRESS_SCHEMA
    assert normalize_addresses(pa.chunked_array([], pa.string())).num_rows == 0
    empty = normalize_addresses(pa.nulls(2), pa.nulls(2), pa.nulls(2))
    assert empty["street"].to_pylist() == ["", ""]
    assert empty["zip"].null_count == 2


def test_a_table_longer_than_a_batch_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octopus_pipeline.matching.address._BATCH", 7)
    numbers = list(range(1, 50))
    addresses = normalize_addresses(
        pa.array([f"{number} MAIN ST" for number in numbers]),
        zip=pa.array([43000 + number for number in numbers]),
    )
    assert addresses["number"].to_pylist() == numbers
    assert addresses["zip"].to_pylist() == [43000 + number for number in numbers]
