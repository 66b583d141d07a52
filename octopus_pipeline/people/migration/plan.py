"""What a migration would do, found out by reading; nothing is changed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bson

from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.identity import UNKNOWN_CONTACT
from octopus_pipeline.people.migration.campaigns import read_campaigns
from octopus_pipeline.people.migration.databases import PARTICIPANTS, require_migratable
from octopus_pipeline.people.migration.grouping import groups, load
from octopus_pipeline.people.migration.source import read_source
from octopus_pipeline.people.migration.state import last_migration
from octopus_pipeline.people.taking_over import OTHERS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.databases import Databases

_OF_READING = 3.0
"""A run takes about three times as long as reading alone."""
_INDEXES = 0.5
"""The indexes' size, of the documents'; the server stores both compressed, so this is rather too much."""
_PERSONS_AT_ONCE = 5_000

_COUNTS = """
WITH shared AS (SELECT contact_id FROM newest GROUP BY contact_id HAVING count(*) > 1),
    entry AS (
        SELECT count(*) AS documents, count(DISTINCT flags) AS said FROM seen GROUP BY campaign_id, contact_id
    )
SELECT
    (SELECT count(DISTINCT person) FROM newest),
    (SELECT count(DISTINCT contact_id) FROM newest),
    (SELECT count(DISTINCT campaign_id) FROM seen),
    (SELECT coalesce(sum(documents - 1), 0)::BIGINT FROM entry),
    (SELECT count(*) FROM entry WHERE said > 1),
    (SELECT count(*) FROM shared),
    (SELECT count(DISTINCT person) FROM newest SEMI JOIN shared USING (contact_id)),
    (SELECT count(*) FROM seen WHERE starts_with(contact_id, $unknown)),
    (SELECT count(*) FROM seen WHERE flags > 0)"""


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What would be carried, merged and left out, and what it takes."""

    source: str
    target: str
    documents: int
    rows: int
    people: int
    contacts: int
    campaigns: int
    rows_with_a_flag: int
    duplicates: int
    """Documents beyond the first of a campaign and contact: they are merged into it."""
    duplicates_that_differ: int
    """Campaigns' contacts whose documents differ in flags: what any says counts."""
    contacts_with_several_addresses: int
    people_joined: int
    """Ids of people that share such a contact: they become one person's."""
    without_contact_id: int
    people_there: int
    """Of the people, those that the target knows already: they are merged."""
    taken_over: int
    """The target's documents of people that another tool wrote: they are brought into this project's shape first."""
    campaigns_without_document: int
    campaign_documents_without_id: int
    bytes_to_write: int
    bytes_to_back_up: int
    bytes_free: int
    seconds: float
    stopped: bool
    """Whether a migration was stopped, which a run would continue."""
    left_out: dict[str, int] = field(default_factory=dict)
    left_out_ids: dict[str, list[str]] = field(default_factory=dict)
    parts_left_out: dict[str, int] = field(default_factory=dict)


def plan(databases: Databases, engine: DuckDBPyConnection, backups: Path, now: datetime) -> MigrationPlan:
    """Read the source as a migration would, and count.

    Raises:
        MigrationError: the databases are not such that it can begin.
    """
    source, target = databases.source, databases.target
    require_migratable(databases)
    last = last_migration(target)
    began = time.monotonic()
    loaded = load(engine, read_source(source[PARTICIPANTS]))
    seconds = time.monotonic() - began
    counts = engine.execute(_COUNTS, {"unknown": UNKNOWN_CONTACT}).fetchall()[0]
    people, contacts, campaigns, duplicates, differing, several, joined, unknown, flagged = counts
    documents, nameless = read_campaigns(source)
    named = {str(row[0]) for row in engine.execute("SELECT DISTINCT campaign_id FROM seen").fetchall()}
    ids: dict[str, list[str]] = {}
    for reason, shown in loaded.left_out:
        ids.setdefault(str(reason), []).append(shown)
    stats = target.command("dbStats")
    return MigrationPlan(
        source=source.name,
        target=target.name,
        documents=loaded.documents,
        rows=loaded.rows,
        people=people,
        contacts=contacts,
        campaigns=campaigns,
        rows_with_a_flag=flagged,
        duplicates=duplicates,
        duplicates_that_differ=differing,
        contacts_with_several_addresses=several,
        people_joined=joined,
        without_contact_id=unknown,
        people_there=_people_there(databases, engine),
        taken_over=target[PEOPLE].count_documents(OTHERS),
        campaigns_without_document=len(named - documents.keys()),
        campaign_documents_without_id=nameless,
        bytes_to_write=_bytes_to_write(engine, people, now),
        bytes_to_back_up=int(stats["dataSize"]),
        bytes_free=shutil.disk_usage(next(one for one in (backups, *backups.parents) if one.exists())).free,
        seconds=round(seconds * _OF_READING, 1),
        stopped=last is not None and last.finished_at is None,
        left_out=loaded.reasons,
        left_out_ids=ids,
        parts_left_out={str(reason): count for reason, count in loaded.parts.items() if count},
    )


def _people_there(databases: Databases, engine: DuckDBPyConnection) -> int:
    people = databases.target[PEOPLE]
    if people.find_one({}, {"_id": True}) is None:
        return 0
    found = 0
    persons = engine.execute("SELECT DISTINCT person FROM newest")
    while page := [row[0] for row in persons.fetchmany(_PERSONS_AT_ONCE)]:
        found += people.count_documents({"person_ids": {"$in": page}})
    return found


def _bytes_to_write(engine: DuckDBPyConnection, people: int, now: datetime) -> int:
    """Documents and indexes, as much as the first people's."""
    first: list[dict[str, Any]] = next((group.people for group in groups(engine, "", now)), [])
    if not first:
        return 0
    size = sum(len(bson.encode(one)) for one in first) / len(first)
    return round(size * (1 + _INDEXES) * people)
