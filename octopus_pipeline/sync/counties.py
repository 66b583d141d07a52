"""Syncing counties: collections that changed are read, cleaned and stored, and their index is built anew.

One county after the other: a large one's tables fit in memory, those of all do not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock
from pymongo.errors import PyMongoError

from octopus_pipeline.counties.collections import read_collection
from octopus_pipeline.counties.content import ContentHash
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS
from octopus_pipeline.counties.tally import CountyTally
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.mongo import MongoUnavailableError, lost
from octopus_pipeline.store.table_writer import TableWriteError
from octopus_pipeline.store.tables import DamagedTableError, TableNotFoundError
from octopus_pipeline.suppression.rows import county_records
from octopus_pipeline.suppression.suppressed import NOBODY
from octopus_pipeline.sync.county_index import (
    build_index,
    county_table,
    current_index,
    index_version,
)
from octopus_pipeline.sync.county_source import require_fitting_counties
from octopus_pipeline.sync.county_state import (
    TableState,
    record_county_failed,
    record_county_synced,
    record_read,
)
from octopus_pipeline.sync.known_counties import known_counties
from octopus_pipeline.sync.working import at_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.county_index import IndexRecord
    from octopus_pipeline.sync.known_counties import KnownCounty

_EVERYONES_ERRORS = (MongoUnavailableError, TableWriteError)


class UnknownCountyError(PipelineError):
    """There are no records of the county."""


class CountyGoneError(PipelineError):
    """A county's collection is there no more."""


class CountyNotReadError(PipelineError):
    """An index was asked for of a county whose records were never read."""


@dataclass(frozen=True, slots=True)
class CountyStages:
    """What is wanted of a county: all of it on a sync, some where a person selects some."""

    kinds: frozenset[str] = frozenset(kind.name for kind in KINDS)
    index: bool = True


@dataclass(frozen=True, slots=True)
class CountyTable:
    """One of a county's tables after a sync; `was_read` says whether its collection was read for it."""

    state: TableState
    was_read: bool


@dataclass(frozen=True, slots=True)
class CountyIndex:
    """A county's index after a sync; `was_built` says whether it was built by it."""

    record: IndexRecord
    was_built: bool


@dataclass(slots=True)
class CountyResult:
    """What a county's sync did; what was not wanted is absent.

    Attributes:
        county: its key.
        tables: kind's name -> its table.
        index: the prepared form.
    """

    county: str
    tables: dict[str, CountyTable] = field(default_factory=dict)
    index: CountyIndex | None = None


@dataclass(frozen=True, slots=True)
class CountyFailure:
    """A county that could not be synced; what was read before the failure is kept."""

    county: str
    error: Exception


def sync_counties(
    connections: Connections,
    counties: Sequence[str],
    *,
    stages: CountyStages,
    force: bool,
    now: datetime,
) -> Iterator[CountyResult | CountyFailure]:
    """Bring counties up to date, one after the other, and yield what became of each.

    Args:
        connections: where records, tables and their state are.
        counties: their keys.
        stages: what is wanted of each.
        force: read and build what did not change, too, and empty the tables of collections that are gone.
        now: the time to remember.

    Raises:
        MongoUnavailableError, TableWriteError: what concerns every county ends the sync.
        OtherSourceError: the counties are the sample's, the campaigns are not.
    """
    connections.tables.require_writable()
    require_fitting_counties(connections)
    for county in counties:
        with at_work(connections.locks_folder):
            outcome = _settled(connections, county, stages=stages, force=force, now=now)
        yield outcome


def _settled(
    connections: Connections, county: str, *, stages: CountyStages, force: bool, now: datetime
) -> CountyResult | CountyFailure:
    known: KnownCounty | None = None
    try:
        try:
            # One process at a time: table, state and index are to be of one reading.
            with FileLock(connections.locks_folder / f"county-{county}.lock"):
                known = _known(connections, county)
                return _sync_county(connections, known, stages=stages, force=force, now=now)
        except _EVERYONES_ERRORS:
            raise
        except PyMongoError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this county's outcome
            if known is not None:
                name = type(error).__name__
                record_county_failed(connections.database, county, name, now, known.fingerprints)
            return CountyFailure(county, error)
    except PyMongoError as error:
        failure = lost(error, connections.database.client)
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def _known(connections: Connections, county: str) -> KnownCounty:
    known = next(iter(known_counties(connections, [county])), None)
    if known is None:
        database = connections.county_database.name
        raise UnknownCountyError(
            f"the database {database} has no collections of the county {county}. `octopus counties list` shows those "
            "it has; `octopus counties load` makes them of files"
        )
    return known


def _sync_county(
    connections: Connections, known: KnownCounty, *, stages: CountyStages, force: bool, now: datetime
) -> CountyResult:
    if known.gone and not force:
        raise CountyGoneError(
            f"{', '.join(known.gone)} is there no more in the database {connections.county_database.name}. What was "
            "read of it is kept, and matched. Load the county again; or run its partition with force: true, which "
            "empties its tables"
        )
    result = CountyResult(known.county)
    for kind in KINDS:
        if kind.name in stages.kinds:
            result.tables[kind.name] = _sync_table(connections, known, kind, force=force, now=now)
    if stages.index:
        result.index = _sync_index(connections, known, result, force=force, now=now)
    if stages == CountyStages():
        record_county_synced(connections.database, known.county)
    return result


def _sync_table(
    connections: Connections, known: KnownCounty, kind: RecordKind, *, force: bool, now: datetime
) -> CountyTable:
    before = known.state.tables.get(kind.name)
    is_whole = _is_whole(connections, kind, known.county)
    if before is not None and known.is_read(kind) and is_whole and not force:
        return CountyTable(before, was_read=False)
    collection, tally, content = known.collections.name(kind), CountyTally(), ContentHash(kind.schema)
    suppressed = connections.suppressed() if kind is DEMOGRAPHIC else NOBODY
    with connections.tables.preparer(county_table(kind), known.county, kind.schema) as writer:
        if collection is not None:
            for batch in read_collection(connections.county_database, collection, kind, tally):
                kept = county_records(suppressed, batch)[0] if suppressed else batch
                content.add(kept)
                writer.write(kept)
    version = content.version()
    is_same = before is not None and before.version == version
    if is_same and is_whole:
        connections.tables.discard(writer.prepared)
    else:
        connections.tables.publish(writer.prepared)
    rows_before = None if before is None else before.rows_before if is_same else before.counts.rows
    state = TableState(
        collection, known.fingerprints.get(kind.name), version, tally.counts(), rows_before, now
    )
    record_read(connections.database, known.county, kind.name, state)
    return CountyTable(state, was_read=True)


def _is_whole(connections: Connections, kind: RecordKind, county: str) -> bool:
    """Whether the table is there and can be read, as far as the end of its file tells."""
    try:
        connections.tables.rows(county_table(kind), county)
    except (TableNotFoundError, DamagedTableError):
        return False
    return True


def _sync_index(
    connections: Connections, known: KnownCounty, result: CountyResult, *, force: bool, now: datetime
) -> CountyIndex:
    states: Mapping[str, TableState] = {
        **known.state.tables,
        **{kind: table.state for kind, table in result.tables.items()},
    }
    if any(kind.name not in states for kind in KINDS):
        raise CountyNotReadError(
            f"the records of {known.county} were never read: materialise county_residential and county_demographic "
            "with its index"
        )
    version = index_version({kind: state.version for kind, state in states.items()})
    settings = connections.settings
    current = None if force else current_index(settings, known.county, version)
    if current is not None:
        return CountyIndex(current, was_built=False)
    record = build_index(settings, connections.tables, known.county, version, now)
    return CountyIndex(record, was_built=True)
