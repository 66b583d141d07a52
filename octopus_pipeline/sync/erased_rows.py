"""Stored tables without the people who were erased."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS
from octopus_pipeline.engagement.merge import PRIOR_COLUMNS, merge
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.suppression.rows import CHANGES
from octopus_pipeline.sync.reports import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from octopus_pipeline.store.tables import TableStore
    from octopus_pipeline.suppression.suppressed import Suppressed
    from octopus_pipeline.sync.connections import Connections

_ENGAGEMENT = "engagement"
_MATCHES = ("residence_matches", "demographic_matches")


def erase_from_campaign(connections: Connections, key: str, suppressed: Suppressed) -> dict[str, int]:
    """Bring a campaign's tables to what they may hold; table -> how many rows had to change, of those with any.

    The caller holds the campaign's lock. Engagement is sorted anew, for a row's place would tell how the address that
    it had begins; its matches follow it.
    """
    changed: dict[str, int] = {}
    known = 0
    while known != len(suppressed):  # what a table teaches may concern one that was done before
        known = len(suppressed)
        for report in sorted(ENGAGEMENT_REPORTS):
            _count(
                changed, table_of(report), erase_from_table(connections, table_of(report), key, suppressed)
            )
        _count(changed, _ENGAGEMENT, _erase_from_engagement(connections, key, suppressed))
    for table in _MATCHES:
        rows = erase_from_table(connections, table, key, suppressed)
        _count(changed, table, rows)
        if rows:
            _follow_engagement(connections.tables, table, key)
    return changed


def erase_from_table(connections: Connections, table: str, partition: str, suppressed: Suppressed) -> int:
    """Bring a table to what it may hold; how many rows had to change. It is written only if there are any."""
    tables, change = connections.tables, CHANGES[table.partition("/")[0]]
    rows = _rows_to_erase(connections, table, partition, suppressed)
    if rows:
        batches = tables.batches(table, partition)
        first = next(batches)
        with tables.writer(table, partition, first.schema) as writer:
            for batch in chain([first], batches):
                writer.write(change(suppressed, batch)[0])
    return rows


def _rows_to_erase(connections: Connections, table: str, partition: str, suppressed: Suppressed) -> int:
    """How many rows of a table have to change; what they teach is kept before any of them does."""
    tables, change = connections.tables, CHANGES[table.partition("/")[0]]
    if not tables.exists(table, partition):
        return 0
    rows = sum(change(suppressed, batch)[1] for batch in tables.batches(table, partition))
    connections.keep_learned(suppressed)
    return rows


def _count(changed: dict[str, int], table: str, rows: int) -> None:
    if rows:
        changed[table] = changed.get(table, 0) + rows


def _erase_from_engagement(connections: Connections, key: str, suppressed: Suppressed) -> int:
    """Two rows that turn out to be one contact's are joined, as the law of `engagement.merge` joins them."""
    tables, change = connections.tables, CHANGES[_ENGAGEMENT]
    rows = _rows_to_erase(connections, _ENGAGEMENT, key, suppressed)
    if not rows:
        return 0

    def kept() -> Iterator[pa.RecordBatch]:
        for batch in tables.batches(_ENGAGEMENT, key, columns=list(PRIOR_COLUMNS)):
            yield change(suppressed, batch)[0]

    with connections.engine() as engine, tables.writer(_ENGAGEMENT, key, ENGAGEMENT_SCHEMA) as writer:
        for batch in merge(reports={}, prior=kept(), engine=engine):
            writer.write(batch)
    return rows


def _follow_engagement(tables: TableStore, table: str, key: str) -> None:
    """Put a table of matches into the order of its engagement."""
    if not tables.exists(_ENGAGEMENT, key):
        return
    matches = tables.read(table, key)
    order = tables.read(_ENGAGEMENT, key, ["contact_id"])["contact_id"].combine_chunks()
    rows = pc.index_in(order, matches["contact_id"].combine_chunks()).drop_null()
    with tables.writer(table, key, matches.schema) as writer:
        writer.write(matches.take(rows))
