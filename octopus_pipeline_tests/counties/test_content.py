"""A table's version tells every change of content and nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.counties.content import ContentHash

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = pa.schema([("name", pa.string()), ("zip", pa.int32()), ("cost", pa.float64())])

Row = tuple[str | None, int | None, float | None]

rows = st.tuples(
    st.none() | st.text(max_size=3), st.none() | st.integers(0, 3), st.none() | st.sampled_from((0.5, 1.0))
)


def batch(found: list[Row]) -> pa.RecordBatch:
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return pa.record_batch(
        [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], SCHEMA
    )


def version(batches: Iterable[pa.RecordBatch], schema: pa.Schema = SCHEMA) -> str:
    content = ContentHash(schema)
    for one in batches:
        content.add(one)
    return content.version()


@given(st.lists(rows), st.lists(st.integers(0, 10)))
def test_where_batches_end_makes_no_difference(found: list[Row], cuts: list[int]) -> None:
    whole = batch(found)
    edges = [0, *sorted(min(cut, len(found)) for cut in cuts), len(found)]
    parts = [whole.slice(start, end - start) for start, end in pairwise(edges)]
    assert version(parts) == version([whole])


@given(st.lists(rows, max_size=4), st.lists(rows, max_size=4))
def test_equal_tables_and_no_others_have_equal_versions(one: list[Row], other: list[Row]) -> None:
    assert (version([batch(one)]) == version([batch(other)])) == (one == other)


def test_what_lies_in_memory_under_a_null_is_no_content() -> None:
    valid = pa.py_buffer(b"\x01")
    hidden = pa.Array.from_buffers(pa.int32(), 2, [valid, pa.py_buffer(b"\x07\0\0\0\x09\0\0\0")])
    column = pa.record_batch([hidden], names=["zip"])
    plain = pa.record_batch([pa.array([7, None], pa.int32())], names=["zip"])
    assert column.equals(plain)
    assert version([column], column.schema) == version([plain], plain.schema)


def test_another_name_or_type_of_a_column_is_another_version() -> None:
    versions = {
        version([], pa.schema([(name, kind)])) for name in ("a", "b") for kind in (pa.int32(), pa.float64())
    }
    assert len(versions) == 4
