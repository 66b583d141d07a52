"""Taking a table's rows: checked against the declared schema, written as Parquet a row group at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.small_tables import SMALL_TABLE_BYTES

if TYPE_CHECKING:
    import pyarrow.parquet as pq

ROW_GROUP_ROWS = 50_000
ROW_GROUP_BYTES = 32 * 2**20
"""A row group is closed at whichever of the two comes first, so that reading one takes little memory."""


class TableSchemaError(PipelineError):
    """Rows, or a stored table, do not have the declared schema."""


class TableWriteError(PipelineError):
    """The table cannot be written where it is to go."""

    def __init__(self, location: str, error: OSError) -> None:
        super().__init__(
            f"{location} cannot be written: {error.strerror or type(error).__name__}. Make the folder writable, "
            "free disk space, or set OCTOPUS_DATA_DIR or OCTOPUS_TABLES_URL"
        )


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A table that is whole but not yet in its place: the file it is in, and the path that it is meant for."""

    unfinished: str
    path: str


class TableWriter:
    """Takes a table's rows; `TableStore.writer` makes it and stores what it took."""

    def __init__(self, name: str, location: str, parquet: pq.ParquetWriter, schema: pa.Schema) -> None:
        self.rows = 0
        """Rows taken so far."""
        self.prepared: PreparedTable
        """The whole table; there once the block has ended well."""
        self._name = name
        self._location = location
        self._schema = schema
        self._parquet = parquet
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._taken: list[pa.RecordBatch] = []
        self._taken_bytes = 0

    def write(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows.

        Raises:
            TableSchemaError: if they do not have the declared schema, or lack a value that it requires.
            TableWriteError: if the file cannot be written.
        """
        require_schema(self._name, batch.schema, self._schema)
        for field in self._schema:
            if not field.nullable and batch.column(field.name).null_count:
                message = f"table {self._name}: column {field.name} must not be empty"
                raise TableSchemaError(message)
        batches = batch.to_batches() if isinstance(batch, pa.Table) else [batch]
        self._pending += batches
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        self._taken_bytes += batch.nbytes
        self._taken += batches
        if self._taken_bytes > SMALL_TABLE_BYTES:
            self._taken.clear()
        self.rows += batch.num_rows
        if self._pending_rows >= ROW_GROUP_ROWS or self._pending_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write what is pending."""
        if self._pending:
            self._flush()

    def small_table(self) -> pa.Table | None:
        """All that was taken, if it is small."""
        if self._taken_bytes > SMALL_TABLE_BYTES:
            return None
        return pa.Table.from_batches(self._taken, self._schema).combine_chunks()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._pending, self._schema)
        try:
            self._parquet.write_table(table, row_group_size=ROW_GROUP_ROWS)
        except OSError as error:
            raise TableWriteError(self._location, error) from error
        self._pending = []
        self._pending_rows = self._pending_bytes = 0


def require_schema(name: str, found: pa.Schema, declared: pa.Schema) -> None:
    """Refuse other columns than the declared ones.

    Raises:
        TableSchemaError: naming the table and what differs.
    """
    if not found.equals(declared):
        differing = sorted({str(field) for field in found} ^ {str(field) for field in declared})
        message = f"table {name}: columns differ from the declared schema: {', '.join(differing) or 'order'}"
        raise TableSchemaError(message)
