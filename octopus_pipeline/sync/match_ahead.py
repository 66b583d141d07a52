"""Matching the people of many campaigns at once, by several processes, before each campaign takes its own.

Campaign by campaign a county's index is gone through for a few hundred new people each time. All at once it is gone
through once; every campaign then finds its people among the remembered ones.
"""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING

import pyarrow as pa
from pymongo.errors import PyMongoError

from octopus_pipeline.matching.households import HouseholdMatches
from octopus_pipeline.matching.parallel import WORTH_PARTICIPANTS, find_households_in_processes
from octopus_pipeline.matching.participants import PARTICIPANT_SOURCES, participant_keys, participants_of
from octopus_pipeline.matching.remembered import made_with, remember, remembered
from octopus_pipeline.store.mongo import lost
from octopus_pipeline.sync.database import HOUSEHOLD_MATCHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from octopus_pipeline.sync.connections import Connections

AT_ONCE = 262_144
"""People matched at once: with their matches they take some hundred megabytes."""

BATCH_ROWS = 16_384
"""People who are looked up, or remembered, at once."""


def match_ahead(connections: Connections, keys: Sequence[str], engagement: str, now: datetime) -> int:
    """Match and remember the people of campaigns whose matches are not remembered; how many these were.

    Does nothing where no county is loaded, or the campaigns are too small for it to be worth the while.

    Args:
        connections: tables, database and prepared counties.
        keys: the campaigns' partitions.
        engagement: the table of their contacts.
        now: when this happens.

    Raises:
        IndexFileError: if a county's index cannot be read.
        DamagedTableError: if a campaign's table cannot be read.
        MongoUnavailableError: if the server was lost.
    """
    tables, counties = connections.tables, connections.counties
    present = [key for key in keys if tables.exists(engagement, key)]
    if not counties.counties or sum(tables.rows(engagement, key) for key in present) < WORTH_PARTICIPANTS:
        return 0
    version, collection = made_with(counties), connections.database[HOUSEHOLD_MATCHES]
    processes = 1 if multiprocessing.current_process().daemon else os.cpu_count() or 1
    matched = 0
    try:
        for new, people, outdated in _new_people(connections, present, engagement, version):
            found = find_households_in_processes(people, counties, processes)
            for start in range(0, len(new), BATCH_ROWS):
                rows = slice(start, start + BATCH_ROWS)
                some = HouseholdMatches(found.residence[rows], found.demographic[rows])
                remember(collection, new[rows], some, version, outdated=outdated, now=now)
            matched += len(new)
    except PyMongoError as error:
        failure = lost(error, connections.database.client)
    else:
        return matched
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def _new_people(
    connections: Connections, keys: Sequence[str], engagement: str, version: str
) -> Iterator[tuple[list[bytes], pa.Table, set[bytes]]]:
    """Distinct people without a valid match, `AT_ONCE` or somewhat more at a time.

    Their keys, what they say of themselves, and the keys of those of whom an outdated match is remembered.
    """
    collection, columns = connections.database[HOUSEHOLD_MATCHES], list(PARTICIPANT_SOURCES.values())
    seen, new, people, outdated = set[bytes](), list[bytes](), list[pa.Table](), set[bytes]()
    for key in keys:
        for batch in connections.tables.batches(engagement, key, columns, batch_rows=BATCH_ROWS):
            said = participants_of(batch)
            rows = {one: row for row, one in enumerate(participant_keys(said)) if one not in seen}
            seen.update(rows)
            known = remembered(collection, list(rows), version)
            fresh = {one: row for one, row in rows.items() if one not in known.valid}
            new.extend(fresh)
            outdated |= known.outdated
            people.append(said.take(pa.array(fresh.values(), pa.int64())))
            if len(new) >= AT_ONCE:
                yield new, pa.concat_tables(people), outdated
                new, people, outdated = [], [], set()
    if new:
        yield new, pa.concat_tables(people), outdated
