"""Small tables kept in memory after they were read, as long as their files stay as they were."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cachetools import LRUCache

if TYPE_CHECKING:
    import pyarrow as pa

SMALL_TABLE_BYTES = 16 * 2**20
"""A table that takes more memory than this is never kept."""

KEPT_BYTES = 64 * 2**20
"""How much memory the kept tables may take together; those not used for longest go first."""


class SmallTables:
    """Decoded tables by the path of their file; of each file only the version that was read last."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, tuple[str, pa.Table]] = LRUCache(KEPT_BYTES, lambda kept: kept[1].nbytes)
        self._lock = threading.Lock()

    def find(self, path: str, version: str) -> pa.Table | None:
        """The table, if it was read from this very version of the file."""
        with self._lock:
            of_version, table = self._kept.get(path, ("", None))
        return table if of_version == version else None

    def keep(self, path: str, version: str, table: pa.Table) -> None:
        """Remember a table, unless it is large after all."""
        if table.nbytes <= SMALL_TABLE_BYTES:
            with self._lock:
                self._kept[path] = version, table

    def move(self, path: str, to: str) -> None:
        """The file at `path` has taken the place of `to`."""
        with self._lock:
            kept = self._kept.pop(path, None)
            if kept is not None:
                self._kept[to] = kept

    def forget(self, path: str) -> None:
        """The file is gone."""
        with self._lock:
            self._kept.pop(path, None)
