"""The law: six reports, contacts and what was known before -> one engagement row a contact.

Every source is cut into sightings, rows that say one thing about one contact, and a contact's sightings are joined:
- a flag is true if any says so, its first time is the least, its last time the greatest; a click is also an open
  at that moment, so that the first open is never later than the first click;
- the contact's record (email_address, status, fields) is taken whole from its newest dated one; a record is dated if it
  has all three and contact_updated_at. Where there is none (API v2's rows, old documents, a contact deleted since),
  each of the three is the greatest seen, the fields by their length first: what was once known stays.

Each part is a minimum or maximum in a total order, which makes merging commutative, associative, idempotent and
monotonic; over runs too, as the prior engagement is cut into sightings like everything else.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_columns
from octopus_pipeline.engagement.tables import CONTACT_SCHEMA, ENGAGEMENT_SCHEMA, FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from octopus_pipeline.emailoctopus.records import Report

CONTACT_COLUMNS = ("contact_id", "email_address", "status", "fields", "last_updated_at")
"""The columns of `CONTACT_SCHEMA` that merging reads."""

PRIOR_COLUMNS = tuple(name for name in ENGAGEMENT_SCHEMA.names if name not in FIELD_TAGS)
"""The columns of `ENGAGEMENT_SCHEMA` that merging reads of earlier engagement."""

BATCH_ROWS = 10_000
BUCKET_SIGHTINGS = 150_000
"""About how many sightings are joined at once: DuckDB cannot move their greatest texts to disk."""

_TABLES = ("sighting", "bucketed", "engagement")

_RECORD_COLUMNS = ("contact_id", "email_address", "status", "fields", "contact_updated_at")

_SIGHTING_SCHEMA = pa.schema(
    [
        *(ENGAGEMENT_SCHEMA.field(name) for name in _RECORD_COLUMNS),
        pa.field("flag", pa.string()),
        pa.field("first_at", pa.timestamp("us", "UTC")),
        pa.field("last_at", pa.timestamp("us", "UTC")),
    ]
)

_KEEP_SIGHTINGS = "CREATE TEMP TABLE sighting AS FROM source"

_KEEP_CONTACTS_SEEN = """
INSERT INTO sighting BY NAME
SELECT contact_id, email_address, lower(status) AS status, fields, last_updated_at AS contact_updated_at
FROM source SEMI JOIN sighting USING (contact_id)"""

_BUCKETED = """
SELECT *, hash(contact_id) % $buckets AS bucket,
    NOT (contact_updated_at IS NULL OR email_address IS NULL OR status IS NULL OR fields IS NULL) AS dated
FROM sighting"""

_FLAG_COLUMNS = ",\n    ".join(
    f"coalesce(bool_or({says_so}), false) AS {flag}, "
    f"min(CASE WHEN {says_so} THEN first_at END) AS {flag}_first_at, "
    f"max(CASE WHEN {says_so} THEN last_at END) AS {flag}_last_at"
    for flag in FLAGS
    for says_so in ["flag IN ('opened', 'clicked')" if flag == "opened" else f"flag = '{flag}'"]
)

_JOIN_BUCKET = f"""
SELECT * EXCLUDE (record, undated_email_address, undated_status, undated_fields),
    coalesce(record.email_address, undated_email_address) AS email_address,
    coalesce(record.status, undated_status) AS status,
    coalesce(record.fields, undated_fields.fields) AS fields,
    record.updated_at AS contact_updated_at
FROM (
    SELECT contact_id, {_FLAG_COLUMNS},
        max({{
            'updated_at': contact_updated_at, 'email_address': email_address, 'fields': fields, 'status': status
        }}) FILTER (dated) AS record,
        max(email_address) FILTER (NOT dated) AS undated_email_address,
        max(status) FILTER (NOT dated) AS undated_status,
        max({{'length': length(fields), 'fields': fields}})
            FILTER (NOT dated AND fields IS NOT NULL) AS undated_fields
    FROM bucketed WHERE bucket = $bucket GROUP BY contact_id
)"""  # noqa: S608  # made of this module's own constants

_SORTED_ENGAGEMENT = "FROM engagement ORDER BY lower(email_address) NULLS LAST, contact_id"

_ALL_AT_ONCE = f"WITH bucketed AS ({_BUCKETED}), engagement AS ({_JOIN_BUCKET}) {_SORTED_ENGAGEMENT}"


@contextmanager
def open_engine(
    temp_dir: Path | None = None, memory_limit: str = "256MB", threads: int = 1
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory to merge with, one merge at a time; it costs 20 ms to open, so merges may share it.

    Args:
        temp_dir: where to put what exceeds `memory_limit`; default: the system's temporary folder.
        memory_limit: how much memory DuckDB may take, with its unit.
        threads: how many threads it may use; more cost more memory and, in all, more time on the processor.
    """
    if temp_dir is not None:
        temp_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="merge-", dir=temp_dir) as spill_folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": spill_folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config) as engine:
            engine.execute("SET enable_progress_bar = false")  # runs write to nobody's terminal
            yield engine


def merge(
    *,
    reports: Mapping[Report, Iterable[pa.RecordBatch]],
    contacts: Iterable[pa.RecordBatch] | None = None,
    prior: Iterable[pa.RecordBatch] | None = None,
    engine: duckdb.DuckDBPyConnection | None = None,
) -> Iterator[pa.RecordBatch]:
    """One row in `ENGAGEMENT_SCHEMA` a contact of any report or of `prior`, by lower-case email_address, contact_id.

    Args:
        reports: batches in `REPORT_SCHEMA` a report; a report that was not fetched may be absent.
        contacts: batches with `CONTACT_COLUMNS`; those that no report and no prior row names are left out.
        prior: batches with `PRIOR_COLUMNS`: earlier engagement, in any number of rows a contact.
        engine: what to merge with, of `open_engine`; by default one of its own.

    Raises:
        KeyError: if a source lacks a column; whatever reading a source raises is raised as it is.
    """
    with open_engine() if engine is None else nullcontext(engine) as connection:
        for table in _TABLES:  # a merge before that was not read to its end left them
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        _keep_sightings(connection, reports, contacts or (), prior or ())
        for batch in _joined(connection).to_arrow_reader(BATCH_ROWS):
            yield _with_field_columns(batch)


def _keep_sightings(
    connection: duckdb.DuckDBPyConnection,
    reports: Mapping[Report, Iterable[pa.RecordBatch]],
    contacts: Iterable[pa.RecordBatch],
    prior: Iterable[pa.RecordBatch],
) -> None:
    """Fill the table `sighting`: reports and prior first, then of the contacts those that they name."""
    sightings = chain(
        (_report_sightings(report, batch) for report, batches in reports.items() for batch in batches),
        (sighting for batch in prior for sighting in _prior_sightings(batch)),
    )
    load_source(connection, _KEEP_SIGHTINGS, _SIGHTING_SCHEMA, sightings)
    contact_schema = pa.schema([CONTACT_SCHEMA.field(name) for name in CONTACT_COLUMNS])
    contact_rows = (batch.select(CONTACT_COLUMNS) for batch in contacts)
    load_source(connection, _KEEP_CONTACTS_SEEN, contact_schema, contact_rows)


def load_source(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> None:
    """Run `statement` over `batches` as the table `source`; an error of theirs is raised as it is, not DuckDB's."""
    failures: list[Exception] = []

    def watched() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            failures.append(error)
            raise

    connection.register("source", pa.RecordBatchReader.from_batches(schema, watched()))
    try:
        connection.execute(statement)
    except duckdb.Error:
        if failures:
            raise failures[0] from None
        raise
    connection.unregister("source")


def _report_sightings(report: Report, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A report's rows: each says that the contact is the campaign's, and has the report's flag if it is one."""
    flag = pa.scalar(report if report in FLAGS else None, pa.string())
    occurred_at = batch.column("occurred_at")
    return _sightings(batch, pa.repeat(flag, batch.num_rows), occurred_at, occurred_at)


def _prior_sightings(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Earlier engagement: one sighting a row for its record, and one for each flag that is set."""
    never = pa.nulls(batch.num_rows, pa.timestamp("us", "UTC"))
    yield _sightings(batch, pa.nulls(batch.num_rows, pa.string()), never, never)
    for flag in FLAGS:
        flagged = batch.filter(batch.column(flag))
        bare = pa.record_batch({"contact_id": flagged.column("contact_id")})
        times = (flagged.column(f"{flag}_{end}_at") for end in ("first", "last"))
        yield _sightings(bare, pa.repeat(flag, bare.num_rows), *times)


def _sightings(
    batch: pa.RecordBatch, flag: pa.Array, first_at: pa.Array, last_at: pa.Array
) -> pa.RecordBatch:
    """Sightings with the record's columns that `batch` has."""
    columns = {name: batch.column(name) for name in batch.schema.names if name in _RECORD_COLUMNS}
    if "status" in columns:
        columns["status"] = pc.utf8_lower(columns["status"])
    columns |= {"flag": flag, "first_at": first_at, "last_at": last_at}
    arrays = [columns.get(field.name, pa.nulls(batch.num_rows, field.type)) for field in _SIGHTING_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=_SIGHTING_SCHEMA)


def _joined(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """The engagement that the sightings say, sorted; joined a bucket of contacts at a time if there are many."""
    [(sightings,)] = connection.execute("SELECT count(*) FROM sighting").fetchall()
    buckets = 1 + sightings // BUCKET_SIGHTINGS
    if buckets == 1:
        return connection.sql(_ALL_AT_ONCE, params={"buckets": 1, "bucket": 0})
    # Ordered, so that reading one bucket does not read them all.
    connection.execute(f"CREATE TEMP TABLE bucketed AS {_BUCKETED} ORDER BY bucket", {"buckets": buckets})
    connection.execute("DROP TABLE sighting")
    for bucket in range(buckets):
        into = "INSERT INTO engagement" if bucket else "CREATE TEMP TABLE engagement AS"
        connection.execute(f"{into} {_JOIN_BUCKET}", {"bucket": bucket})
    connection.execute("DROP TABLE bucketed")
    return connection.sql(_SORTED_ENGAGEMENT)


def _with_field_columns(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in PRIOR_COLUMNS}
    columns |= dict(zip(FIELD_TAGS, field_columns(batch.column("fields").to_pylist()), strict=True))
    arrays = [columns[field.name].cast(field.type) for field in ENGAGEMENT_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=ENGAGEMENT_SCHEMA)
