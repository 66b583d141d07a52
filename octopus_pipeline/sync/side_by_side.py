"""Two tables with a row for the same contacts, read together a bounded part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa


def side_by_side(
    left: Iterable[pa.RecordBatch], right: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Parts of two equally long tables, the first with the first, however each was cut into batches."""
    others = (batch for batch in right if batch.num_rows)
    rest: pa.RecordBatch | None = None
    for batch in left:
        start = 0
        while start < batch.num_rows:
            rest = next(others) if rest is None else rest
            rows = min(batch.num_rows - start, rest.num_rows)
            yield batch.slice(start, rows), rest.slice(0, rows)
            start += rows
            rest = rest.slice(rows) if rows < rest.num_rows else None
