"""Which counties there are, and which of them are new, changed or gone, without reading their records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pymongo.errors import PyMongoError

from octopus_pipeline.counties.collections import CountyCollections, find_counties, read_failure
from octopus_pipeline.counties.content import schema_version
from octopus_pipeline.counties.fields import KINDS
from octopus_pipeline.counties.fingerprint import fingerprints
from octopus_pipeline.sync.county_index import county_table, current_index, index_version
from octopus_pipeline.sync.county_state import CountyState, county_states
from octopus_pipeline.sync.database import SYNC_STATE
from octopus_pipeline.sync.plan import MAX_FAILURES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.counties.fingerprint import Fingerprint
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.county_index import IndexRecord


class CountyStatus(StrEnum):
    """How a county's collections stand to what was read of them."""

    NEW = "new"
    """Not all of it was ever read."""
    CHANGED = "changed"
    """A collection is another than the one that was read, or its table or index is not there."""
    CURRENT = "current"
    """Tables and index are of the collections as they are."""
    GONE = "gone"
    """A collection that was read is there no more; what was read of it is kept."""


@dataclass(frozen=True, slots=True)
class KnownCounty:
    """A county that has collections, or had.

    Attributes:
        collections: those it has now.
        fingerprints: kind's name -> fingerprint of its collection, and of how it is read.
        documents: kind's name -> about how many documents its collection has.
        state: what was read of it.
        tables: names of the kinds whose table is there.
        index: its index, if that is of the tables as they are.
    """

    collections: CountyCollections
    fingerprints: Mapping[str, str]
    documents: Mapping[str, int]
    state: CountyState
    tables: frozenset[str]
    index: IndexRecord | None

    @property
    def county(self) -> str:
        """Its key, which is its partition's."""
        return self.collections.county

    @property
    def gone(self) -> list[str]:
        """Names of collections that were read and are there no more."""
        return [
            table.collection
            for kind in KINDS
            if (table := self.state.tables.get(kind.name))
            and table.collection
            and kind.name not in self.fingerprints
        ]

    @property
    def status(self) -> CountyStatus:
        """How its collections stand to what was read of them."""
        if self.gone:
            return CountyStatus.GONE
        if any(kind.name not in self.state.tables for kind in KINDS):
            return CountyStatus.NEW
        is_current = self.index is not None and all(self.is_read(kind) for kind in KINDS)
        return CountyStatus.CURRENT if is_current else CountyStatus.CHANGED

    @property
    def is_stale(self) -> bool:
        """Whether a sync would read or build anything."""
        return self.status in {CountyStatus.NEW, CountyStatus.CHANGED}

    @property
    def is_left_alone(self) -> bool:
        """Whether it failed so often as it is now that nobody tries it again unasked."""
        return self.state.failures >= MAX_FAILURES and self.state.failed_fingerprints == self.fingerprints

    def is_read(self, kind: RecordKind) -> bool:
        """Whether the table of one kind is of its collection as it is."""
        table = self.state.tables.get(kind.name)
        return (
            table is not None
            and kind.name in self.tables
            and table.fingerprint == self.fingerprints.get(kind.name)
        )


def known_counties(connections: Connections, only: Collection[str] | None = None) -> list[KnownCounty]:
    """The counties that have collections or had some that were read, in alphabetical order.

    Costs some questions to the server a collection, whatever its size.

    Args:
        connections: where counties, tables and their state are.
        only: keys of counties to look at; all by default.

    Raises:
        CountyReadError: if the server refuses to tell.
        MongoUnavailableError: if it was lost.
    """
    database = connections.county_database
    present, states = find_counties(database), _states(connections)
    counties = sorted({*present, *states} if only is None else {*present, *states} & {*only})
    collections = {county: present.get(county, CountyCollections(county)) for county in counties}
    names = [name for one in collections.values() for kind in KINDS if (name := one.name(kind))]
    found = fingerprints(database, names)
    tables = {kind.name: set(connections.tables.partitions(county_table(kind))) for kind in KINDS}
    return [
        _known(connections, one, states.get(county, CountyState(county)), found, tables)
        for county, one in collections.items()
    ]


def _states(connections: Connections) -> dict[str, CountyState]:
    try:
        return county_states(connections.database)
    except PyMongoError as error:
        failure = read_failure(error, connections.database, SYNC_STATE)
    # Raised outside the handler: the driver's error is not in its context.
    raise failure


def _known(
    connections: Connections,
    collections: CountyCollections,
    state: CountyState,
    found: Mapping[str, Fingerprint],
    tables: Mapping[str, set[str]],
) -> KnownCounty:
    county = collections.county
    versions = {kind: table.version for kind, table in state.tables.items()}
    seen = {kind: found[name] for kind in KINDS if (name := collections.name(kind)) and name in found}
    return KnownCounty(
        collections,
        {kind.name: f"{one.text}-{schema_version(kind.schema)}" for kind, one in seen.items()},
        {kind.name: one.documents for kind, one in seen.items()},
        state,
        frozenset(kind for kind, counties in tables.items() if county in counties),
        current_index(connections.settings, county, index_version(versions))
        if len(versions) == len(KINDS)
        else None,
    )
