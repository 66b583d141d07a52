"""A county's prepared form on this machine: built anew when what it was made of is not what is there now.

What it was made of stands beside the file, not in MongoDB: each machine has index files of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.counties.content import version_of
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS, RESIDENTIAL
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.store.tables import TableStore


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What is known of a county's index file.

    Attributes:
        version: of what it was made of: both tables, and the code that made it.
        built_at: when; UTC.
        bytes: the file's size; 0 where there is none, as of a county without any record.
        counts: of `prepare_county`, by readable names.
    """

    version: str
    built_at: datetime
    bytes: int
    counts: Mapping[str, int | float] = field(default_factory=dict)


def county_table(kind: RecordKind) -> str:
    """The name of the table of one kind of county records."""
    return f"county_{kind.name}"


def index_path(settings: Settings, county: str) -> Path:
    """Where the county's index is, or would be."""
    return settings.county_index_dir / f"{county}.arrow"


def index_version(tables: Mapping[str, str]) -> str:
    """The version that an index has which is made of these tables' versions, by kind, with the code as it is now."""
    return version_of([*(tables[kind.name] for kind in KINDS), _code_version()])


def current_index(settings: Settings, county: str, version: str) -> IndexRecord | None:
    """The county's index, if it is of this version and as it was written."""
    record = _read_record(index_path(settings, county))
    return record if record and record.version == version else None


def build_index(
    settings: Settings, tables: TableStore, county: str, version: str, now: datetime
) -> IndexRecord:
    """Build the county's index of its tables; of a county without any record there is none.

    Raises:
        TableNotFoundError, DamagedTableError, TableSchemaError: if a table is not as it should be.
        IndexFileError: if the file cannot be written.
    """
    # Imported where it is used: who lists counties need not wait for the matcher.
    from octopus_pipeline.matching.index_file import IndexFileError
    from octopus_pipeline.matching.preparing import prepare_county
    from octopus_pipeline.matching.weights_file import weights_path

    path = index_path(settings, county)
    residential, demographic = (_read(tables, kind, county) for kind in (RESIDENTIAL, DEMOGRAPHIC))
    counts: Mapping[str, int | float] = {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _record_path(path).unlink(missing_ok=True)  # if this process is killed, the file is nobody's
        if residential.num_rows or demographic.num_rows:
            counts = prepare_county(county, residential, demographic, path).metadata()
        else:
            path.unlink(missing_ok=True)
            weights_path(path).unlink(missing_ok=True)
        record = IndexRecord(version, now, path.stat().st_size if path.exists() else 0, counts)
        _write_record(path, record)
    except OSError as error:
        message = (
            f"the index of {county} cannot be written to {path}: {error.strerror or type(error).__name__}. Free disk "
            "space, make the folder writable, or set OCTOPUS_DATA_DIR"
        )
        raise IndexFileError(message) from error
    return record


def _read(tables: TableStore, kind: RecordKind, county: str) -> pa.Table:
    batches = tables.batches(county_table(kind), county, schema=kind.schema)
    return pa.Table.from_batches(batches, kind.schema)


@cache
def _code_version() -> str:
    """What changes with the code that makes indices: one made by other code may not be what this code reads."""
    files = sorted(
        (file for file in resources.files("octopus_pipeline.matching").iterdir() if file.is_file()),
        key=lambda file: file.name,
    )
    return version_of(file.read_bytes().hex() for file in files)


def _record_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_record(path: Path) -> IndexRecord | None:
    try:
        said: dict[str, Any] = json.loads(_record_path(path).read_text(encoding="utf-8"))
        record = IndexRecord(**{**said, "built_at": datetime.fromisoformat(said["built_at"])})
        size = path.stat().st_size if path.exists() else 0
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if record.bytes == size else None


def _write_record(path: Path, record: IndexRecord) -> None:
    content = json.dumps({**asdict(record), "built_at": record.built_at.isoformat()})
    with whole_file(_record_path(path)) as file:
        file.write(content.encode())
