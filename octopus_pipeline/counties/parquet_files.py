"""Parquet files a batch of rows at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from octopus_pipeline.counties.file_errors import CountyFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def parquet_header(path: Path) -> list[str]:
    """The names of the columns.

    Raises:
        CountyFileError: if it is damaged, or no Parquet file.
    """
    with _readable(path), pq.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def parquet_tables(
    path: Path, wanted: Sequence[str], batch_rows: int
) -> Iterator[tuple[Sequence[int], pa.Table]]:
    """The numbers of the rows, from 1, and their `wanted` columns, a batch at a time.

    Raises:
        CountyFileError: if the file is damaged, or a column has lists or structures.
    """
    with _readable(path), pq.ParquetFile(path) as file:
        nested = [name for name in wanted if pa.types.is_nested(file.schema_arrow.field(name).type)]
        if nested:
            remedy = "Write numbers and texts."
            raise CountyFileError(path, "columns hold lists or structures", remedy, columns=nested)
        first = 1
        for batch in file.iter_batches(batch_rows, columns=list(wanted), use_threads=False):
            yield range(first, first + batch.num_rows), pa.Table.from_batches([batch])
            first += batch.num_rows


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        words = "it cannot be read: it is damaged, or no Parquet file"
        raise CountyFileError(path, words, "Write it again.") from None
