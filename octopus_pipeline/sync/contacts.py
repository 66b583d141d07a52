"""Contact lists: their contacts' fields, read once a list and then only what changed.

API v2's report rows carry no fields, so they come from the lists. A contact that is deleted vanishes from its
list without a trace: its row stays in the table as last known.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from octopus_pipeline.emailoctopus.records import ContactStatus
from octopus_pipeline.engagement.tables import CONTACT_SCHEMA, contact_batch
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.suppression.rows import contacts_of_list
from octopus_pipeline.sync.plan import pages_of
from octopus_pipeline.sync.reports import drifts
from octopus_pipeline.sync.state import ListState, list_state, record_list
from octopus_pipeline.sync.working import at_work

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from octopus_pipeline.emailoctopus.records import ContactList
    from octopus_pipeline.store.tables import TableStore
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.progress import Progress

CONTACTS = "contacts"
INCOMING = "contacts_incoming"

_OVERLAP = timedelta(minutes=5)
"""Re-read behind the newest update: a change may become visible a little after the time it carries."""

_BATCH_ROWS = 50_000

# A contact comes twice if its status changes between two listings.
_NEWEST_ROW_A_CONTACT = """
    SELECT * EXCLUDE age
    FROM (SELECT *, 0 AS age FROM incoming UNION ALL BY NAME SELECT *, 1 AS age FROM present)
    QUALIFY row_number() OVER (
        PARTITION BY contact_id ORDER BY last_updated_at DESC NULLS LAST, age, status, fields
    ) = 1
    ORDER BY contact_id
"""


class ListCountError(PipelineError):
    """A list that was read whole has other contacts than the account counts, by more than the settings allow."""


@dataclass(frozen=True, slots=True)
class ListRefresh:
    """What became of a contact list: rows received (0 if its table was fresh) and rows in its table now."""

    list_id: str
    received: int
    rows: int


def lists_in_need(
    connections: Connections, list_ids: Collection[str], now: datetime, *, max_age: timedelta
) -> list[ContactList]:
    """Those of the account's lists among `list_ids` whose table is older than `max_age`.

    The account is asked for its lists only if there is one; lists deleted since are left as last known.
    """
    due = {one for one in list_ids if not _is_fresh(connections, one, now, max_age)}
    return (
        [contact_list for contact_list in connections.octopus.lists() if contact_list.id in due]
        if due
        else []
    )


def expected_pages(connections: Connections, contact_list: ContactList) -> int:
    """About how many pages refreshing a list takes: all of one never read, else one a status."""
    counts = [count for count in contact_list.counts.values() if count != 0]
    if connections.tables.exists(CONTACTS, contact_list.id):
        return len(counts)
    return sum(pages_of(count or 1) for count in counts)


def refresh_all_lists(connections: Connections, now: datetime, *, progress: Progress) -> list[ListRefresh]:
    """Bring the tables of all the account's lists up to date, side by side."""
    lists = list(connections.octopus.lists())
    _ = connections.database  # opened by one thread, before many need it
    progress.expect(sum(expected_pages(connections, one) for one in lists))
    with (
        at_work(connections.locks_folder),
        ThreadPoolExecutor(connections.settings.emailoctopus_connections) as pool,
    ):
        refreshes = [
            pool.submit(refresh_list, connections, one, now, max_age=timedelta(0), on_page=progress.page)
            for one in lists
        ]
        return [refresh.result() for refresh in refreshes]


def refresh_list(
    connections: Connections,
    contact_list: ContactList,
    now: datetime,
    *,
    max_age: timedelta,
    on_page: Callable[[int], None],
) -> ListRefresh:
    """Bring the table of one list up to date, unless that was done within `max_age`.

    Only contacts updated since the last time are asked for, of every status the list has. The table is replaced
    once the last page of the last status was read, so a failure leaves it as it was.
    """
    tables, list_id = connections.tables, contact_list.id
    with FileLock(connections.locks_folder / f"list-{list_id}.lock"):
        if _is_fresh(connections, list_id, now, max_age):  # another process may have done it meanwhile
            return ListRefresh(list_id, 0, tables.rows(CONTACTS, list_id))
        state = list_state(connections.database, list_id)
        present = tables.exists(CONTACTS, list_id)
        since = state.newest_update - _OVERLAP if present and state.newest_update else None
        received = _receive(connections, contact_list, since, on_page)
        if since is None:
            _require_whole(connections, contact_list, received)
        rows = _merge(connections, list_id, with_present=present)
        tables.delete(INCOMING, list_id)
        # What changed while the list was read may be on pages that were read before: it is asked for again.
        newest = min(filter(None, (_newest_update(tables, list_id), now)))
        record_list(connections.database, list_id, ListState(now, newest))
        return ListRefresh(list_id, received, rows)


def _require_whole(connections: Connections, contact_list: ContactList, received: int) -> None:
    """A list read anew has as many contacts as the account says; what is missed now would be missed for ever."""
    counts = list(contact_list.counts.values())
    expected = sum(filter(None, counts))
    if None not in counts and drifts(received, expected, connections.settings):
        message = (
            f"the contact list {contact_list.id} has {expected} contacts, {received} were read: not kept. Run the "
            "campaign again; if the difference is real, raise OCTOPUS_DRIFT_FAIL_PERCENT or "
            "OCTOPUS_DRIFT_FAIL_CONTACTS."
        )
        raise ListCountError(message)


def _is_fresh(connections: Connections, list_id: str, now: datetime, max_age: timedelta) -> bool:
    if not connections.tables.exists(CONTACTS, list_id):
        return False
    refreshed_at = list_state(connections.database, list_id).refreshed_at
    return refreshed_at is not None and now - refreshed_at < max_age


def _receive(
    connections: Connections,
    contact_list: ContactList,
    since: datetime | None,
    on_page: Callable[[int], None],
) -> int:
    received, suppressed = 0, connections.suppressed()
    with connections.tables.writer(INCOMING, contact_list.id, CONTACT_SCHEMA) as writer:
        for status in ContactStatus:
            if contact_list.counts.get(status) == 0:
                continue
            for page in connections.octopus.contacts(contact_list.id, status=status, updated_since=since):
                batch = contact_batch(page)
                if suppressed:
                    batch, _ = contacts_of_list(suppressed, batch)
                writer.write(batch)
                received += len(page)
                on_page(len(page))
    connections.keep_learned(suppressed)
    return received


def _merge(connections: Connections, list_id: str, *, with_present: bool) -> int:
    tables = connections.tables
    incoming = tables.batches(INCOMING, list_id)
    present = tables.batches(CONTACTS, list_id) if with_present else iter(())
    with connections.engine() as engine, tables.writer(CONTACTS, list_id, CONTACT_SCHEMA) as writer:
        engine.register("incoming", pa.RecordBatchReader.from_batches(CONTACT_SCHEMA, incoming))
        engine.register("present", pa.RecordBatchReader.from_batches(CONTACT_SCHEMA, present))
        for batch in engine.sql(_NEWEST_ROW_A_CONTACT).to_arrow_reader(_BATCH_ROWS):
            writer.write(batch.cast(CONTACT_SCHEMA))
    return int(writer.rows)


def _newest_update(tables: TableStore, list_id: str) -> datetime | None:
    newest: datetime | None = None
    for batch in tables.batches(CONTACTS, list_id, columns=["last_updated_at"]):
        latest = pc.max(batch.column(0)).as_py()
        newest = max(filter(None, (newest, latest)), default=None)
    return newest
