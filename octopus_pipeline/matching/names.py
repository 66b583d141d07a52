"""Columns of names of customers and owners in one normal form: the last name, and the given names of all they list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from octopus_pipeline.matching.ascii_text import text_column
from octopus_pipeline.matching.name_line import read_given, read_last, read_name
from octopus_pipeline.matching.plain_names import read_plain_names

if TYPE_CHECKING:
    from collections.abc import Callable


def _column(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"description": description})


NAME_SCHEMA: Final = pa.schema(
    [
        _column(
            "last",
            pa.list_(pa.string()),
            "Candidates of the last name, likeliest first; of organisations none.",
        ),
        _column(
            "first",
            pa.list_(pa.string()),
            "Given names in order, nicknames resolved (`BOB` is `ROBERT`), initials too.",
        ),
        _column(
            "organization", pa.string(), "Name of a company, church or authority as one word; '' for people."
        ),
    ]
)
"""One row a name. Words are upper-case ASCII letters and digits, without accents, hyphens and blanks.

A candidate of the last name that may also be a given name is in both lists. A missing name has empty columns.
"""


def normalize_names(names: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Names of people or organisations in their normal form: `NAME_SCHEMA`, one row an input row, in order.

    Takes every shape: `JANE SAMPLE`, `JOHN Q SAMPLE`, `SAMPLE, JOHN D`, `SAMPLE JOHN & JANE`, `SAMPLE JOHN D TR`,
    `ESTATE OF JANE SAMPLE`, `SAMPLE HOMES LLC`. No text raises; each distinct one is read once.
    """
    return _table(text_column(names))


def normalize_first_last(first: pa.Array | pa.ChunkedArray, last: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The same for names whose given and last name stand in columns of their own."""
    columns = [
        _per_distinct(text_column(last), read_last),
        _per_distinct(text_column(first), read_given),
        pa.repeat("", len(first)),
    ]
    return pa.table(columns, schema=NAME_SCHEMA)


def _per_distinct(texts: pa.Array, read: Callable[[str], tuple[str, ...]]) -> pa.Array:
    distinct = texts.dictionary_encode()
    return pa.array(map(read, distinct.dictionary.to_pylist()), pa.list_(pa.string())).take(distinct.indices)


def _table(names: pa.Array) -> pa.Table:
    encoded = names.dictionary_encode()
    plain, *lists = read_plain_names(encoded.dictionary)
    others = np.flatnonzero(~plain)
    read = [read_name(name) for name in encoded.dictionary.take(pa.array(others)).to_pylist()]
    place = np.empty(len(plain), np.int64)
    place[np.concatenate([np.flatnonzero(plain), others])] = np.arange(len(plain))
    rows = pa.array(place).take(encoded.indices)
    columns = []
    for number, (field, of_plain) in enumerate(zip(NAME_SCHEMA, (*lists, None), strict=True)):
        many = pa.repeat("", len(plain) - len(others)) if of_plain is None else of_plain
        columns.append(
            pa.concat_arrays([many, pa.array((name[number] for name in read), field.type)]).take(rows)
        )
    return pa.table(columns, schema=NAME_SCHEMA)
