"""A table's content as one short text: equal tables have equal versions, however they were cut into batches."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable


class ContentHash:
    """Takes the rows of a table of texts and numbers in order, a batch at a time."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows = 0
        self._columns = [_ColumnHash() for _ in schema]

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; they must have the schema."""
        self._rows += batch.num_rows
        for column, hashed in zip(batch.columns, self._columns, strict=True):
            hashed.add(column)

    def version(self) -> str:
        """The version of all rows so far, in hexadecimal digits."""
        return version_of(
            [schema_version(self._schema), str(self._rows), *(one.digest() for one in self._columns)]
        )


def schema_version(schema: pa.Schema) -> str:
    """What changes when columns do: their names, types or order."""
    return version_of(f"{field.name} {field.type}" for field in schema)


def version_of(parts: Iterable[str]) -> str:
    """One short text for several, in their order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


class _ColumnHash:
    """A column apart from the others, so that where batches end makes no difference."""

    def __init__(self) -> None:
        self._valid, self._lengths, self._values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()

    def add(self, column: pa.Array) -> None:
        self._valid.update(_fixed_width(column.is_valid().cast(pa.uint8())))
        said = column.drop_null()  # what stands in memory under a null is nobody's
        if pa.types.is_string(column.type):
            self._lengths.update(_fixed_width(pc.binary_length(said)))
            self._values.update(_texts(said))
        else:
            self._values.update(_fixed_width(said))

    def digest(self) -> str:
        return "".join(part.hexdigest() for part in (self._valid, self._lengths, self._values))


def _fixed_width(column: pa.Array) -> memoryview:
    width = column.type.bit_width // 8
    data = memoryview(column.buffers()[1] or b"")
    return data[column.offset * width : (column.offset + len(column)) * width]


def _texts(column: pa.Array) -> memoryview:
    _, offsets, data = column.buffers()
    if not len(column):
        return memoryview(b"")
    ends = memoryview(offsets).cast("i")
    return memoryview(data or b"")[ends[column.offset] : ends[column.offset + len(column)]]
