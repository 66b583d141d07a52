"""Who lives where: a campaign's contacts with their households, each distinct one matched once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.code_version import digest
from octopus_pipeline.matching.decisions import MATCHED, decide
from octopus_pipeline.matching.households import (
    DEMOGRAPHIC_MATCH_SCHEMA,
    RESIDENCE_SCHEMA,
    HouseholdMatches,
    find_households,
)
from octopus_pipeline.matching.participants import PARTICIPANT_SOURCES, participant_keys, participants_of
from octopus_pipeline.matching.remembered import made_with, recall, remember
from octopus_pipeline.matching.residences import Quality, Reason
from octopus_pipeline.suppression.rows import without_household
from octopus_pipeline.sync.collisions import collisions
from octopus_pipeline.sync.database import HOUSEHOLD_MATCHES
from octopus_pipeline.sync.decisions import read_decisions
from octopus_pipeline.sync.state import matched_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octopus_pipeline.matching.decisions import Decision
    from octopus_pipeline.matching.prepared import PreparedCounties
    from octopus_pipeline.store.tables import TableStore
    from octopus_pipeline.sync.connections import Connections

RESIDENCE_MATCHES = "residence_matches"
DEMOGRAPHIC_MATCHES = "demographic_matches"

BATCH_ROWS = 10_000
"""Contacts matched at once: so many match rows, as Python's objects too, take some ten megabytes."""

_CONTACT_ID = pa.field(
    "contact_id", pa.string(), nullable=False, metadata={"description": "The contact, as in engagement."}
)
_FOUND_RIGHT = pa.field(
    "found_right",
    pa.bool_(),
    metadata={
        "description": "Whether a decision says that the household found without it is right; empty without one."
    },
)

RESIDENCE_MATCHES_SCHEMA = pa.schema([_CONTACT_ID, *RESIDENCE_SCHEMA, _FOUND_RIGHT])
"""One row a contact of a campaign, in the order of its engagement: the residence."""

DEMOGRAPHIC_MATCHES_SCHEMA = pa.schema([_CONTACT_ID, *DEMOGRAPHIC_MATCH_SCHEMA])
"""One row a contact of a campaign, in the order of its engagement: the customer's record."""

_ENGAGEMENT_COLUMNS = ["contact_id", *PARTICIPANT_SOURCES.values()]
_OUTSIDE = (Reason.COUNTY_NOT_LOADED, Reason.ZIP_OUTSIDE)


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How many contacts of a campaign were found, how well, and how.

    Attributes:
        rows: all contacts.
        outside: those who live in no loaded county, so far as is known.
        residence, demographic: quality -> contacts.
        residence_methods, demographic_methods: method -> contacts matched by it.
        reasons: why there is no residence -> contacts.
        decided: contacts for whom there is a decision about the household found without it.
        decided_right: those of them for whom it was right.
    """

    rows: int
    outside: int
    residence: Mapping[str, int]
    demographic: Mapping[str, int]
    residence_methods: Mapping[str, int]
    demographic_methods: Mapping[str, int]
    reasons: Mapping[str, int]
    decided: int
    decided_right: int

    @property
    def within(self) -> int:
        """Contacts who could be found: all but those outside the loaded counties."""
        return self.rows - self.outside

    @property
    def at_residence(self) -> int:
        """Contacts with a residence."""
        return sum(self.residence.get(quality, 0) for quality in MATCHED)

    @property
    def with_record(self) -> int:
        """Contacts with a customer's record."""
        return sum(self.demographic.get(quality, 0) for quality in MATCHED)

    @property
    def to_review(self) -> int:
        """Contacts with a candidate that is too weak to be a match."""
        return self.residence.get(Quality.REVIEW, 0)


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What matching a campaign came to.

    Attributes:
        counts: of this run.
        before: of the run before; None if this is the first.
        counties: those that are loaded.
        since: since when counties and decisions have been what they are; None if there is nobody to look for.
        missing_parcels: parcels decided for that are not there, as COUNTY/PARCEL -> contacts.
        collisions: parcels with too many people for one house, as COUNTY/PARCEL -> people.
    """

    counts: MatchCounts
    before: MatchCounts | None
    counties: tuple[str, ...]
    since: datetime | None = None
    missing_parcels: Mapping[str, int] = field(default_factory=dict)
    collisions: Mapping[str, int] = field(default_factory=dict)


def write_matches(connections: Connections, key: str, engagement: str, now: datetime) -> MatchResult:
    """Match the contacts of a campaign and write the tables `residence_matches` and `demographic_matches`.

    Nothing is written where no county is loaded and the campaign was never matched: nobody was looked for.

    Args:
        connections: the tables, the database and the prepared counties.
        key: the campaign's partition.
        engagement: the table of its contacts.
        now: when this happens.

    Raises:
        DecisionError: if an analyst's decision cannot be understood.
    """
    tables, counties = connections.tables, connections.counties
    before = match_counts(tables, key)
    if before is None and not counties.counties:
        return MatchResult(_not_looked_for(tables.rows(engagement, key)), before, ())
    decisions = read_decisions(connections)
    since = matched_with(connections.database, _version(counties, decisions), now)
    missing: Counter[str] = Counter()
    with (
        tables.preparer(RESIDENCE_MATCHES, key, RESIDENCE_MATCHES_SCHEMA) as residence,
        tables.preparer(DEMOGRAPHIC_MATCHES, key, DEMOGRAPHIC_MATCHES_SCHEMA) as demographic,
    ):
        for batch in tables.batches(engagement, key, _ENGAGEMENT_COLUMNS, batch_rows=BATCH_ROWS):
            found = _households(connections, batch, now)
            contact_ids = batch.column("contact_id")
            decided = decide(found, batch.column("email_address"), contact_ids, decisions, counties)
            missing.update({str(parcel): people for parcel, people in decided.missing.items()})
            residence.write(
                _table(RESIDENCE_MATCHES_SCHEMA, contact_ids, decided.matches.residence, decided.found_right)
            )
            demographic.write(_table(DEMOGRAPHIC_MATCHES_SCHEMA, contact_ids, decided.matches.demographic))
    tables.publish(residence.prepared)
    tables.publish(demographic.prepared)
    counts = match_counts(tables, key)
    if counts is None:
        message = "the tables were written just now"
        raise RuntimeError(message)
    return MatchResult(
        counts,
        before,
        tuple(sorted(counties.counties)),
        since,
        missing,
        collisions(tables, key, engagement, RESIDENCE_MATCHES) if counts.at_residence else {},
    )


def match_counts(tables: TableStore, key: str) -> MatchCounts | None:
    """The counts of a campaign's match tables; None if it was never matched."""
    if not (tables.exists(RESIDENCE_MATCHES, key) and tables.exists(DEMOGRAPHIC_MATCHES, key)):
        return None
    columns = ["match_quality", "match_method", "reason"]
    residence = tables.read(RESIDENCE_MATCHES, key, [*columns, "found_right"])
    demographic = tables.read(DEMOGRAPHIC_MATCHES, key, columns)
    reasons = _values(residence["reason"])
    return MatchCounts(
        rows=residence.num_rows,
        outside=sum(reasons.get(reason, 0) for reason in _OUTSIDE),
        residence=_values(residence["match_quality"]),
        demographic=_values(demographic["match_quality"]),
        residence_methods=_methods(residence),
        demographic_methods=_methods(demographic),
        reasons=reasons,
        decided=pc.count(residence["found_right"]).as_py(),
        decided_right=residence["found_right"].combine_chunks().true_count,
    )


def _version(counties: PreparedCounties, decisions: Mapping[str, Decision]) -> str:
    """What all matches are made with, besides what contacts say of themselves."""
    decided = sorted((who, str(one.verdict), str(one.parcel)) for who, one in decisions.items())
    return digest(f"{made_with(counties)} {decided}".encode())


def _not_looked_for(rows: int) -> MatchCounts:
    nobody, reason = {str(Quality.NO_MATCH): rows}, {str(Reason.COUNTY_NOT_LOADED): rows}
    return MatchCounts(
        rows=rows,
        outside=rows,
        residence=nobody,
        demographic=nobody,
        residence_methods={},
        demographic_methods={},
        reasons=reason,
        decided=0,
        decided_right=0,
    )


def _households(connections: Connections, engagement: pa.RecordBatch, now: datetime) -> HouseholdMatches:
    """The matches of some contacts, in order: remembered ones, and those made now."""
    counties = connections.counties
    if not counties.counties:
        return _nobody(engagement.num_rows, Reason.COUNTY_NOT_LOADED)
    participants = participants_of(engagement)
    keys = participant_keys(participants)
    rows = {key: row for row, key in enumerate(keys)}
    collection, version = connections.database[HOUSEHOLD_MATCHES], made_with(counties)
    recalled = recall(collection, list(rows), version)
    position = {key: number for number, key in enumerate(recalled.keys)}
    matches = [recalled.matches]
    new = [key for key in rows if key not in position]
    if new:
        found = find_households(participants.take([rows[key] for key in new]), counties)
        remember(collection, new, found, version, outdated=recalled.outdated, now=now)
        position |= {key: number for number, key in enumerate(new, start=len(position))}
        matches.append(found)
    order = pa.array([position[key] for key in keys], pa.int64())
    return HouseholdMatches(
        pa.concat_tables([one.residence for one in matches]).take(order),
        pa.concat_tables([one.demographic for one in matches]).take(order),
    )


def _nobody(rows: int, reason: str) -> HouseholdMatches:
    same = {"match_quality": Quality.NO_MATCH, "reason": reason}

    def table(schema: pa.Schema) -> pa.Table:
        columns = [pa.repeat(pa.scalar(same.get(field.name), field.type), rows) for field in schema]
        return pa.Table.from_arrays(columns, schema=schema)

    return HouseholdMatches(table(RESIDENCE_SCHEMA), table(DEMOGRAPHIC_MATCH_SCHEMA))


def _table(schema: pa.Schema, contact_ids: pa.Array, matches: pa.Table, *more: pa.Array) -> pa.Table:
    table = pa.Table.from_arrays([contact_ids, *matches.columns, *more], schema=schema)
    return pa.Table.from_batches([without_household(batch)[0] for batch in table.to_batches()], schema)


def _methods(matches: pa.Table) -> dict[str, int]:
    is_match = pc.is_in(matches["match_quality"], pa.array(MATCHED))
    return _values(matches["match_method"].filter(is_match))


def _values(column: pa.ChunkedArray) -> dict[str, int]:
    """Value -> how often it occurs, the most frequent first."""
    counted = {one["values"]: one["counts"] for one in pc.value_counts(column).to_pylist()}
    counted.pop(None, None)
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
