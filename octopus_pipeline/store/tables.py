"""Parquet tables: one file an (asset, partition), written whole or not at all."""

from __future__ import annotations

import os
import re
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.small_tables import SMALL_TABLE_BYTES, SmallTables
from octopus_pipeline.store.table_writer import (
    ROW_GROUP_ROWS,
    PreparedTable,
    TableWriteError,
    TableWriter,
    require_schema,
)
from octopus_pipeline.store.whole_file import LEFTOVER_AGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

_SUFFIX = ".parquet"
_LEFTOVER = re.compile(r"\..+\.(\d+)-[0-9a-f]{32}\.tmp")
_PLAIN_NAME = re.compile(r'[^.\s/\\:*?"<>|\x00-\x1f][^/\\:*?"<>|\x00-\x1f]*')


class TableNotFoundError(PipelineError):
    """The table (or that partition of it) was never written, or was deleted."""


class TablesUrlError(PipelineError):
    """There cannot be tables where the settings want them."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"OCTOPUS_TABLES_URL: there is nothing to read {url.partition('://')[0]}:// with; such addresses need "
            "their fsspec package (s3fs for s3://, gcsfs for gs://, adlfs for abfs://)"
        )


class DamagedTableError(PipelineError):
    """The file of a table is there and cannot be read."""


class TableStore:
    """Tables under a local folder or any fsspec URL.

    A partitioned table's file is `{url}/{table}/{partition}.parquet`, another's `{url}/{table}.parquet`; a
    table's name may hold slashes. Readers see the former file or the new one, never a part: files are written
    under a temporary name in the same folder and renamed. Small tables stay in memory after they were written or
    read: a contact list is read once a campaign, a campaign's engagement once a stage.

    Raises:
        TablesUrlError: if no package here knows the URL.
    """

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = url_to_fs(url)
        except (ImportError, ValueError, OSError) as error:
            raise TablesUrlError(url) from error
        self._small_tables = SmallTables()
        self._swept: set[str] = set()

    def require_writable(self) -> None:
        """See that files can be written.

        Raises:
            TableWriteError: if they cannot.
        """
        probe = f"{self._root.rstrip('/')}/.{uuid.uuid4().hex}.tmp"
        try:
            self._files.makedirs(self._root, exist_ok=True)
            self._files.touch(probe)
            self._files.rm_file(probe)
        except OSError as error:
            raise TableWriteError(self._root, error) from error

    @contextmanager
    def writer(self, table: str, partition: str | None, schema: pa.Schema) -> Iterator[TableWriter]:
        """A writer whose rows replace the table when the block ends well, and are dropped when it does not."""
        with self.preparer(table, partition, schema) as writer:
            yield writer
        self.publish(writer.prepared)

    @contextmanager
    def preparer(self, table: str, partition: str | None, schema: pa.Schema) -> Iterator[TableWriter]:
        """A writer whose rows are `prepared` when the block ends well: for `publish` or `discard`, later.

        Raises:
            TableWriteError: if the file cannot be written.
        """
        path = self._path(table, partition)
        folder, _, name = path.rpartition("/")
        unfinished = f"{folder}/.{name}.{int(time.time())}-{uuid.uuid4().hex}.tmp"
        location, is_ours = self.location(table, partition), True
        try:
            self._files.makedirs(folder, exist_ok=True)
            self._sweep(folder)
            with self._files.open(unfinished, "wb") as file:
                # Ids, addresses and fields hardly repeat: dictionaries of them only cost time.
                with pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=False) as parquet:
                    writer = TableWriter(_display(table, partition), location, parquet, schema)
                    is_ours = False
                    yield writer
                    is_ours = True
                    writer.finish()
                self._sync(file)
            writer.prepared = PreparedTable(unfinished, path)
            small = writer.small_table()
            if self._is_local and small is not None:  # elsewhere a file's version changes with its path
                self._small_tables.keep(unfinished, self._version(unfinished), small)
        except BaseException as error:
            self._remove(unfinished)
            if is_ours and isinstance(error, OSError):
                raise TableWriteError(location, error) from error
            raise

    def publish(self, prepared: PreparedTable) -> None:
        """Put a prepared table in its place."""
        try:
            self._rename(prepared.unfinished, prepared.path)
        except BaseException:
            self.discard(prepared)
            raise
        self._small_tables.move(prepared.unfinished, prepared.path)

    def discard(self, prepared: PreparedTable) -> None:
        """Drop a prepared table, unless it was published."""
        self._small_tables.forget(prepared.unfinished)
        self._remove(prepared.unfinished)

    def exists(self, table: str, partition: str | None) -> bool:
        """Whether the table was written."""
        self._files.invalidate_cache()
        return bool(self._files.isfile(self._path(table, partition)))

    def rows(self, table: str, partition: str | None) -> int:
        """How many rows the table has.

        Raises:
            TableNotFoundError: if there is no such table.
            DamagedTableError: if its file cannot be read.
        """
        with self._open(table, partition) as parquet:
            return int(parquet.metadata.num_rows)

    def batches(
        self,
        table: str,
        partition: str | None,
        columns: Sequence[str] | None = None,
        *,
        batch_rows: int = ROW_GROUP_ROWS,
        schema: pa.Schema | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The table's rows in stored order, a batch at a time; `columns` narrows, `schema` is what must be stored.

        Raises:
            TableNotFoundError: if there is no such table.
            DamagedTableError: if its file cannot be read.
            TableSchemaError: if another schema than `schema` is stored.
        """
        small = self._read_small(table, partition)
        if small is not None:
            if schema is not None:
                require_schema(_display(table, partition), small.schema, schema)
            yield from (small if columns is None else small.select(columns)).to_batches(batch_rows)
            return
        with self._open(table, partition) as parquet:
            if schema is not None:
                require_schema(_display(table, partition), parquet.schema_arrow, schema)
            yield from parquet.iter_batches(batch_rows, columns=columns)

    def read(self, table: str, partition: str | None, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table.

        Raises:
            TableNotFoundError: if there is no such table.
            DamagedTableError: if its file cannot be read.
        """
        small = self._read_small(table, partition)
        if small is not None:
            return small if columns is None else small.select(columns)
        with self._open(table, partition) as parquet:
            return parquet.read(columns=columns)

    def partitions(self, table: str) -> list[str]:
        """The partitions that were written, sorted."""
        folder = self._path(table, None).removesuffix(_SUFFIX)
        self._files.invalidate_cache()
        if not self._files.isdir(folder):
            return []
        names = [path.rpartition("/")[2] for path in self._files.ls(folder, detail=False)]
        return sorted(
            name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX) and name[0] != "."
        )

    def location(self, table: str, partition: str | None) -> str:
        """Where the table is or would be: a local path, or a URL."""
        path = self._path(table, partition)
        return path if self._is_local else str(self._files.unstrip_protocol(path))

    def delete(self, table: str, partition: str | None) -> None:
        """Remove the table; one that is not there is no error."""
        if self.exists(table, partition):
            self._small_tables.forget(self._path(table, partition))
            self._files.rm_file(self._path(table, partition))

    def remove_unfinished(self) -> int:
        """Remove what was begun and not finished, while nobody writes; how many files there were."""
        self._files.invalidate_cache()
        if not self._files.isdir(self._root):
            return 0
        left = [path for path in self._files.find(self._root) if _LEFTOVER.fullmatch(path.rpartition("/")[2])]
        for path in left:
            self._files.rm_file(path)
        return len(left)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._files, LocalFileSystem)

    def _path(self, table: str, partition: str | None) -> str:
        parts = [*table.split("/"), *([] if partition is None else [partition])]
        for part in parts:
            if not _PLAIN_NAME.fullmatch(part):
                message = f"{part!r} cannot be (part of) a table's or partition's name"
                raise ValueError(message)
        return "/".join([self._root.rstrip("/"), *parts]) + _SUFFIX

    def _read_small(self, table: str, partition: str | None) -> pa.Table | None:
        """The whole table, from memory if its file is as it was; None if it is not small."""
        path = self._path(table, partition)
        version = self._version(path)
        kept = self._small_tables.find(path, version)
        if kept is None:
            with self._open(table, partition) as parquet:
                groups = map(parquet.metadata.row_group, range(parquet.num_row_groups))
                if sum(group.total_byte_size for group in groups) > SMALL_TABLE_BYTES:
                    return None
                kept = parquet.read(use_threads=False)
            if self._version(path) == version:  # else another file was read than was looked at before
                self._small_tables.keep(path, version, kept)
        return kept

    def _version(self, path: str) -> str:
        """What changes when another file takes the path; empty if there is none."""
        try:
            if self._is_local:
                found = Path(path).stat()
                return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
            self._files.invalidate_cache()
            return str(self._files.ukey(path))
        except FileNotFoundError:
            return ""

    @contextmanager
    def _open(self, table: str, partition: str | None) -> Iterator[pq.ParquetFile]:
        try:
            file = self._files.open(self._path(table, partition), "rb")
        except FileNotFoundError:
            message = f"no table {_display(table, partition)}: materialize it first"
            raise TableNotFoundError(message) from None
        with file:
            try:
                yield pq.ParquetFile(file)
            except (pa.ArrowException, OSError) as error:
                message = (
                    f"{self.location(table, partition)} cannot be read: it is damaged, or no Parquet file. "
                    "Remove it and materialize (or sync) it again"
                )
                raise DamagedTableError(message) from error

    def _sync(self, file: IO[bytes]) -> None:
        if self._is_local:
            file.flush()
            os.fsync(file.fileno())

    def _remove(self, unfinished: str) -> None:
        if self._files.exists(unfinished):
            self._files.rm_file(unfinished)

    def _rename(self, unfinished: str, path: str) -> None:
        if not self._is_local:
            self._files.mv(unfinished, path)  # on an object store a copy, which is whole or absent too
            return
        Path(unfinished).replace(path)
        _sync_folder(Path(path).parent)

    def _sweep(self, folder: str) -> None:
        """Remove what crashed writers left in the folder; once is enough."""
        if folder in self._swept:
            return
        self._swept.add(folder)
        self._files.invalidate_cache()
        for path in self._files.ls(folder, detail=False):
            leftover = _LEFTOVER.fullmatch(path.rpartition("/")[2])
            if leftover and int(leftover[1]) < time.time() - LEFTOVER_AGE_SECONDS:
                with suppress(FileNotFoundError):  # another writer may be sweeping, too
                    self._files.rm_file(path)


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut; Windows cannot open a folder and needs no such thing."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _display(table: str, partition: str | None) -> str:
    return table if partition is None else f"{table}, partition {partition}"
