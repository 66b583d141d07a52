"""Erasing from the Parquet tables, and from what is made of them: campaigns' CSVs and counties' indices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from filelock import FileLock

from octopus_pipeline.counties.content import ContentHash
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS
from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS
from octopus_pipeline.erasure.certificate import TABLE, Removed
from octopus_pipeline.sync.campaign import ENGAGEMENT, Stages, finish_campaign
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.contacts import CONTACTS, INCOMING
from octopus_pipeline.sync.county_index import build_index, county_table, current_index, index_version
from octopus_pipeline.sync.county_state import county_states, record_read
from octopus_pipeline.sync.erased_rows import erase_from_campaign, erase_from_table
from octopus_pipeline.sync.matches import DEMOGRAPHIC_MATCHES, RESIDENCE_MATCHES
from octopus_pipeline.sync.reports import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.erasure.erasure import Erasure

_CSVS = Stages(reports=frozenset(), engagement=False, participants=False, matches=False, people=False)
_OF_CAMPAIGNS = (*map(table_of, ENGAGEMENT_REPORTS), ENGAGEMENT, RESIDENCE_MATCHES, DEMOGRAPHIC_MATCHES)
_OF_COUNTY = county_table(DEMOGRAPHIC)


def erase_contacts(erasure: Erasure) -> Iterator[Removed]:
    """Erased contacts are on no contact list; what a killed process had received of one goes as a whole."""
    connections = erasure.connections
    for list_id in connections.tables.partitions(INCOMING):
        connections.tables.delete(INCOMING, list_id)
    for list_id in connections.tables.partitions(CONTACTS):
        with FileLock(connections.locks_folder / f"list-{list_id}.lock"):
            rows = erase_from_table(connections, CONTACTS, list_id, erasure.suppressed)
        if rows:
            yield Removed(TABLE, CONTACTS, "rows removed", rows, list_id)


def erase_counties(erasure: Erasure) -> Iterator[Removed]:
    """Households' records that name somebody erased name nobody, and the county's index is built of them."""
    for county in erasure.connections.tables.partitions(_OF_COUNTY):
        with FileLock(erasure.connections.locks_folder / f"county-{county}.lock"):
            rows = erase_from_table(erasure.connections, _OF_COUNTY, county, erasure.suppressed)
            if rows or erasure.was_interrupted:
                _build_index_anew(erasure, county)
        if rows:
            yield Removed(TABLE, _OF_COUNTY, "records without name, e-mail and mobile", rows, county)
            yield Removed("county index", county, "built anew", 1)


def _build_index_anew(erasure: Erasure, county: str) -> None:
    """Remember the version of the county's table as it is now, and build the index, unless it is of that version."""
    connections = erasure.connections
    state = county_states(connections.database).get(county)
    if state is None or any(kind.name not in state.tables for kind in KINDS):
        return  # never read whole: the county's next sync reads it, without whoever was erased
    content = ContentHash(DEMOGRAPHIC.schema)
    for batch in connections.tables.batches(_OF_COUNTY, county):
        content.add(batch)
    table = replace(state.tables[DEMOGRAPHIC.name], version=content.version())
    versions = {kind: one.version for kind, one in state.tables.items()} | {DEMOGRAPHIC.name: table.version}
    record_read(connections.database, county, DEMOGRAPHIC.name, table)
    version = index_version(versions)
    if current_index(connections.settings, county, version) is None:
        build_index(connections.settings, connections.tables, county, version, erasure.now)


def erase_campaigns(erasure: Erasure) -> Iterator[Removed]:
    """Rows of erased contacts keep a pseudonym and what it did; the CSVs of campaigns that had any are written anew."""
    connections, done = erasure.connections, set[str]()
    for known in known_campaigns(connections.database):
        if known.key is None:
            continue
        done.add(known.key)
        with FileLock(connections.locks_folder / f"campaign-{known.campaign.id}.lock"):
            changed = erase_from_campaign(connections, known.key, erasure.suppressed)
        for table, rows in changed.items():
            yield Removed(TABLE, table, "rows left without the person", rows, known.key)
        if (changed or erasure.was_interrupted) and connections.tables.exists(ENGAGEMENT, known.key):
            result = finish_campaign(connections, known, None, [], stages=_CSVS, now=erasure.now)
            yield Removed("CSV files", known.key, "written anew", 1 + 2 * (result.matched_files is not None))
    for key in sorted(_campaign_partitions(erasure) - done):  # tables of another database's campaigns
        for table, rows in erase_from_campaign(connections, key, erasure.suppressed).items():
            yield Removed(TABLE, table, "rows left without the person", rows, key)


def _campaign_partitions(erasure: Erasure) -> set[str]:
    tables = erasure.connections.tables
    return {key for table in _OF_CAMPAIGNS for key in tables.partitions(table)}
