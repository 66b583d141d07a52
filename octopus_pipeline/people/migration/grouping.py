"""The source's rows grouped by person, outside of memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from octopus_pipeline.engagement.merge import load_source
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.documents import person_document
from octopus_pipeline.people.migration.source import ROW_SCHEMA, Reason, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.source import SourceBatch

    Document = dict[str, Any]

PEOPLE_AT_ONCE: Final = 1_000

ENGINE_MEMORY: Final = "128MB"
"""What the engine may take: so little that ten times the rows need no more, as the rest is put on the disk."""

_ROWS_AT_ONCE = 10_000

_LOAD = "CREATE TEMP TABLE seen AS FROM source"
_NEWEST = """
CREATE TEMP TABLE newest AS
SELECT person, contact_id, max(seen_at) AS seen_at FROM seen GROUP BY person, contact_id"""
# Of a contact's documents only those that may be the newest are needed: those seen last.
_BY_PERSON = """
SELECT person, contact_id, campaign_id, flags, engaged_at, last_engaged_at,
    CASE WHEN seen.seen_at IS NOT DISTINCT FROM newest.seen_at THEN document END AS document
FROM seen JOIN newest USING (person, contact_id)
WHERE person > $after ORDER BY person"""


@dataclass(slots=True)
class Loaded:
    """What was read of the source, whether it can be carried or not."""

    documents: int = 0
    rows: int = 0
    left_out: list[tuple[Reason, str]] = field(default_factory=list)
    parts: Counter[Reason] = field(default_factory=Counter)
    crc: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """How many documents are left out for each reason."""
        return {str(reason): count for reason, count in Counter(one for one, _ in self.left_out).items()}


@dataclass(frozen=True, slots=True)
class Group:
    """Some people, in the order of their ids, as documents."""

    people: list[Document]
    rows: int
    last: str
    """The last person."""


def load(
    engine: DuckDBPyConnection,
    batches: Iterable[SourceBatch],
    told: Callable[[int], None] = lambda _documents: None,
) -> Loaded:
    """Put the source's rows into the engine's tables `seen` and `newest`.

    Args:
        engine: of `engagement.merge.open_engine`.
        batches: the source.
        told: hears of each batch how many documents it had.
    """
    loaded = Loaded()

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            loaded.documents += batch.documents
            loaded.rows += batch.rows.num_rows
            loaded.left_out += batch.left_out
            loaded.parts.update(batch.parts)
            loaded.crc = batch.crc
            told(batch.documents)
            yield batch.rows

    for table in ("seen", "newest"):
        engine.execute(f"DROP TABLE IF EXISTS {table}")
    load_source(engine, _LOAD, ROW_SCHEMA, rows())
    engine.execute(_NEWEST)
    return loaded


def groups(engine: DuckDBPyConnection, after: str, now: datetime) -> Iterator[Group]:
    """The people whose ids come after `after`, in the order of their ids, `PEOPLE_AT_ONCE` at a time.

    Args:
        engine: as `load` left it.
        after: an id, or "" for all.
        now: when their documents learn what they say.
    """
    of_person = groupby(_rows(engine, after), itemgetter(0))
    people = ((person, list(rows)) for person, rows in of_person)
    while page := list(islice(people, PEOPLE_AT_ONCE)):
        yield _group(page, now)


def _rows(engine: DuckDBPyConnection, after: str) -> Iterator[tuple[Any, ...]]:
    found = engine.sql(_BY_PERSON, params={"after": after}).to_arrow_reader(_ROWS_AT_ONCE)
    for batch in found:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _group(page: list[tuple[str, list[tuple[Any, ...]]]], now: datetime) -> Group:
    newest = records([row[-1] for _, rows in page for row in rows if row[-1] is not None])
    record = iter(newest)
    documents = [
        person_document(
            [person],
            [
                {"contact_id": contact_id, "record": next(record), "match": None}
                for _, contact_id, *_, document in rows
                if document is not None
            ],
            [
                {
                    "campaign_id": campaign_id,
                    **_FLAGS_OF_BITS[bits],
                    "engaged_at": _utc(engaged_at),
                    "last_engaged_at": _utc(last_engaged_at),
                }
                for _, _, campaign_id, bits, engaged_at, last_engaged_at, _ in rows
            ],
            now,
        )
        for person, rows in page
    ]
    return Group(documents, sum(len(rows) for _, rows in page), page[-1][0])


_FLAGS_OF_BITS = [
    {flag: bool(bits >> bit & 1) for bit, flag in enumerate(FLAGS)} for bits in range(1 << len(FLAGS))
]


def _utc(time: datetime | None) -> datetime | None:
    """The engine's times are UTC without saying so."""
    return None if time is None else time.replace(tzinfo=UTC)
