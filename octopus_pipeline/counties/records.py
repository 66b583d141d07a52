"""Raw county records, documents or tables, as cleaned record batches. Nothing in them is ever fatal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from octopus_pipeline.counties.cleaning import Column
    from octopus_pipeline.counties.fields import RecordField, RecordKind


@dataclass(frozen=True, slots=True)
class CleanedBatch:
    """Cleaned rows, in the order of the raw ones.

    Attributes:
        records: the rows, in the schema of their kind.
        unreadable: column -> for each row whether it says something that could not be read (a ZIP code of three
            letters); columns without such a row are absent.
    """

    records: pa.RecordBatch
    unreadable: dict[str, pa.Array]


def clean_documents(kind: RecordKind, documents: Sequence[Mapping[str, Any]]) -> CleanedBatch:
    """Clean documents as MongoDB gives them: any fields, of any types, absent ones included."""

    def column(name: str) -> Column | None:
        values = [document.get(name) for document in documents]
        return cleaning.column(values) if any(value is not None for value in values) else None

    return _clean(kind, column, len(documents))


def clean_table(kind: RecordKind, table: pa.Table | pa.RecordBatch) -> CleanedBatch:
    """Clean a table whose columns have any of the fields' names; other columns are ignored."""
    names = set(table.schema.names)
    return _clean(kind, lambda name: table.column(name) if name in names else None, table.num_rows)


def _clean(kind: RecordKind, column: Callable[[str], Column | None], rows: int) -> CleanedBatch:
    columns, unreadable = [], {}
    for field in kind.fields:
        raw = [found for name in field.sources if (found := column(name)) is not None]
        cleaned = _cleaned(field, raw, rows)
        columns.append(cleaned)
        bad = _unreadable(field, raw, cleaned)
        if bad is not None:
            unreadable[field.name] = bad
    return CleanedBatch(pa.RecordBatch.from_arrays(columns, schema=kind.schema), unreadable)


def _cleaned(field: RecordField, raw: Sequence[Column], rows: int) -> pa.Array:
    if not raw:
        return pa.nulls(rows, field.type)
    return pc.coalesce(*(field.clean(each) for each in raw))


def _unreadable(field: RecordField, raw: Sequence[Column], cleaned: pa.Array) -> pa.Array | None:
    """Which rows say something that came to nothing; None if there is none, as is usual."""
    if field.clean in _KEEP_EVERY_TEXT:
        return None
    bad = [cleaning.unreadable(each, cleaned) for each in raw] if cleaned.null_count else []
    found = reduce(pc.or_, bad) if bad else None
    return found if found is not None and pc.any(found).as_py() else None


_KEEP_EVERY_TEXT = (cleaning.texts, cleaning.parcel_ids)
