"""A campaign's contacts written into people's documents, and what is there then compared with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from pymongo.errors import PyMongoError

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.campaign_rows import ENGAGEMENT_COLUMNS, MATCH_COLUMNS, people_seen
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import ROWS_AT_ONCE, merge_people, sweep
from octopus_pipeline.people.presence import contacts_missing
from octopus_pipeline.people.totals import record_totals, recorded_totals
from octopus_pipeline.people.unchanged import (
    is_new,
    record_written,
    row_digests,
    written_digests,
    written_with,
)
from octopus_pipeline.store.mongo import lost
from octopus_pipeline.sync.campaigns import campaign_document
from octopus_pipeline.sync.matched_rows import matched_rows
from octopus_pipeline.sync.state import campaign_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import pyarrow as pa

    from octopus_pipeline.people.unchanged import Digests
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections


@dataclass(frozen=True, slots=True)
class PeopleResult:
    """What writing a campaign's people came to.

    Attributes:
        rows: the campaign's contacts.
        written: those that were new or had changed, and so were merged.
        totals: the campaign's people, and how many of them have each flag.
        missing: contacts whose person lacks the campaign, or a flag that the contact has: there should be none.
    """

    rows: int
    written: int
    totals: Mapping[str, int]
    missing: int


def write_people(
    connections: Connections, known: KnownCampaign, engagement: str, now: datetime
) -> PeopleResult:
    """Merge the campaign's contacts, with their matches, into people's documents.

    Rows that were merged before, as they are, are left out, unless the documents are not what they were then.

    Args:
        connections: the tables and databases.
        known: the campaign.
        engagement: the table of its contacts.
        now: when this happens.

    Raises:
        MongoUnavailableError: if the server was lost.
    """
    try:
        return _CampaignPeople(connections, known, engagement, now).write()
    except PyMongoError as error:
        failure = lost(error, connections.database.client)
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def people_lock(connections: Connections) -> FileLock:
    """The lock of whoever joins or replaces whole documents: one process at a time."""
    return FileLock(connections.locks_folder / "people.lock")


class _CampaignPeople:
    """The people of one campaign on their way into the database."""

    def __init__(
        self, connections: Connections, known: KnownCampaign, engagement: str, now: datetime
    ) -> None:
        self._connections = connections
        self._database = connections.people_database
        self._people = self._database[PEOPLE]
        self._known = known
        self._engagement = engagement
        self._now = now
        self._matched_at = campaign_state(connections.database, known.campaign.id).matched_at
        self._made_with = written_with(self._matched_at)

    def write(self) -> PeopleResult:
        sweep(self._database, self._now)
        campaign_id = self._known.campaign.id
        before = recorded_totals(self._database, campaign_id)
        known = written_digests(self._database, campaign_id, self._made_with)
        written, digests = self._merge(known)
        totals = self._record()
        missing = 0
        if written or totals != before:
            missing = self._missing()
            if missing:  # somebody else took people away, or was joining them just now: all of it, then
                written, digests = self._merge(known[:0])
                totals, missing = self._record(), self._missing()
        if written or len(digests) != len(known):
            # Where somebody is missing still, the next sync merges all rows again.
            kept = digests[:0] if missing else digests
            record_written(self._database, campaign_id, self._made_with, kept)
        return PeopleResult(len(digests), written, totals, missing)

    def _merge(self, known: Digests) -> tuple[int, Digests]:
        """Merge the rows whose digests are not among the `known` ones; how many, and the digests of all rows."""
        written, digests = 0, [known[:0]]
        with self._connections.engine() as engine:
            for batch in self._rows():
                found = row_digests(engine, batch)
                digests.append(found)
                new = batch.filter(is_new(found, known))
                for start in range(0, new.num_rows, ROWS_AT_ONCE):
                    self._merge_batch(new.slice(start, ROWS_AT_ONCE))
                written += new.num_rows
        return written, np.concatenate(digests)

    def _rows(self) -> Iterator[pa.RecordBatch]:
        tables, key = self._connections.tables, str(self._known.key)
        return matched_rows(tables, key, self._engagement, ENGAGEMENT_COLUMNS, MATCH_COLUMNS)

    def _merge_batch(self, batch: pa.RecordBatch) -> None:
        seen = list(people_seen(self._known.campaign.id, batch, self._matched_at, self._now))
        merge_people(self._people, seen)
        with people_lock(self._connections):
            campaigns = join_documents(
                self._people, {row["contact"]["contact_id"]: row["contact_id"] for row in seen}
            )
        for campaign_id in campaigns - {self._known.campaign.id}:
            record_totals(self._database, campaign_id, {})

    def _record(self) -> dict[str, int]:
        """Write the campaign's document, and count its people."""
        campaign = self._known.campaign
        known = {**campaign_document(campaign), "synced_at": self._now}
        return record_totals(self._database, campaign.id, known)

    def _missing(self) -> int:
        rows = self._connections.tables.read(self._engagement, str(self._known.key), ["contact_id", *FLAGS])
        return contacts_missing(self._people, self._known.campaign.id, rows)
