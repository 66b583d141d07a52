"""What an analyst decided about a person's household, and how it overrules what the matching found.

A decision is about the household as a CSV shows it: the parcel of the residence, else that of the demographic record.
- `right`: they live there. With a parcel it holds for ever; without one, for whatever the matching finds.
- `wrong`: they do not. With a parcel only that one is ruled out, without one whatever the matching finds.
- `parcel`: they live at the named one.

A decided residence is `exact` with the method `decision` and the score 1. The demographic record stays as it was found
where the decision confirms what was found, else it is that of the decided parcel.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.households import DEMOGRAPHIC_MATCH_SCHEMA, RESIDENCE_SCHEMA, HouseholdMatches
from octopus_pipeline.matching.parcel_records import Parcel, parcel_records
from octopus_pipeline.matching.residences import Quality, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octopus_pipeline.matching.prepared import PreparedCounties

    Row = dict[str, Any]

MATCHED = (Quality.EXACT, Quality.FUZZY)
"""The qualities of a match; the others are no match."""

DECISION = "decision"
"""The method of what was decided."""

DECIDED_WRONG = "decided wrong"
PARCEL_GONE = "decided parcel is gone"


class Verdict(StrEnum):
    """What a decision says."""

    RIGHT = "right"
    WRONG = "wrong"
    PARCEL = "parcel"


@dataclass(frozen=True, slots=True)
class Decision:
    """An analyst's word about one person's household; `PARCEL` always names one."""

    verdict: Verdict
    parcel: Parcel | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Matches after the decisions.

    Attributes:
        matches: the rows, in order.
        found_right: bool a row: whether the decision says that what the matching found on its own is right; null
            where there is no decision, or none about what it found.
        missing: decided parcels that are not (or no longer) in the loaded counties -> people they were decided for.
    """

    matches: HouseholdMatches
    found_right: pa.Array
    missing: Counter[Parcel]


def decide(
    matches: HouseholdMatches,
    emails: pa.Array | pa.ChunkedArray,
    contact_ids: pa.Array | pa.ChunkedArray,
    decisions: Mapping[str, Decision],
    counties: PreparedCounties,
) -> Decided:
    """Overrule matches by decisions.

    Args:
        matches: what the matching found, a row a person.
        emails: e-mail address a row, in any casing; may be null.
        contact_ids: contact id a row.
        decisions: lower-case e-mail address, or contact id -> decision; one about the address goes first.
        counties: where decided parcels are looked up.
    """
    missing: Counter[Parcel] = Counter()
    right: list[bool | None] = [None] * matches.residence.num_rows
    changed = list(_decided_rows(emails, contact_ids, decisions))
    residences, demographics = [], []
    for position, decision in changed:
        found = _Household(
            matches.residence.slice(position, 1).to_pylist()[0],
            matches.demographic.slice(position, 1).to_pylist()[0],
        )
        right[position] = found.is_right(decision)
        residence, demographic = _overruled(found, decision, counties, missing)
        residences.append(residence)
        demographics.append(demographic)
    positions = [position for position, _ in changed]
    return Decided(
        HouseholdMatches(
            _replaced(matches.residence, positions, residences, RESIDENCE_SCHEMA),
            _replaced(matches.demographic, positions, demographics, DEMOGRAPHIC_MATCH_SCHEMA),
        ),
        pa.array(right, pa.bool_()),
        missing,
    )


@dataclass(frozen=True, slots=True)
class _Household:
    """What the matching found of one person."""

    residence: Row
    demographic: Row

    @property
    def home(self) -> Parcel | None:
        return _matched_parcel(self.residence)

    @property
    def shown(self) -> Parcel | None:
        """The parcel that CSVs show."""
        return self.home or _matched_parcel(self.demographic)

    @property
    def candidate(self) -> Parcel | None:
        """The best one of a person who was left to review."""
        county, parcel_id = self.residence["review_county"], self.residence["review_parcel_id"]
        return Parcel(county, parcel_id) if parcel_id is not None else None

    def is_right(self, decision: Decision) -> bool | None:
        if self.shown is None:
            return None
        if decision.verdict is Verdict.WRONG:
            return False if decision.parcel in {None, self.shown} else None
        return decision.parcel in {None, self.shown}


def _decided_rows(
    emails: pa.Array | pa.ChunkedArray,
    contact_ids: pa.Array | pa.ChunkedArray,
    decisions: Mapping[str, Decision],
) -> Iterator[tuple[int, Decision]]:
    if not decisions:
        return
    decided = pa.array(decisions, pa.string())
    by_email = pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(emails)), decided, skip_nulls=True)
    which = pc.coalesce(by_email, pc.index_in(contact_ids, decided, skip_nulls=True))
    values = list(decisions.values())
    for position in pc.indices_nonzero(pc.is_valid(which)).to_pylist():
        yield position, values[which[position].as_py()]


def _overruled(
    found: _Household,
    decision: Decision,
    counties: PreparedCounties,
    missing: Counter[Parcel],
) -> tuple[Row, Row]:
    if decision.verdict is Verdict.WRONG:
        return _without(found, decision.parcel)
    parcel = decision.parcel or found.shown or found.candidate
    if parcel is None:  # there is nothing that could be right
        return found.residence, found.demographic
    if parcel == found.home:
        certain = {"match_quality": Quality.EXACT, "match_method": DECISION, "match_score": 1.0}
        return found.residence | certain, found.demographic
    is_loaded = parcel.county in counties.counties
    records = parcel_records(counties, parcel) if is_loaded else None
    if records is None:
        missing[parcel] += 1
        reason = PARCEL_GONE if is_loaded else Reason.COUNTY_NOT_LOADED
        return _no_residence(reason), _no_record(reason)
    certain = {
        "county": parcel.county,
        "parcel_id": parcel.parcel_id,
        "match_quality": Quality.EXACT,
        "match_method": DECISION,
        "match_score": 1.0,
    }
    residence = {**dict.fromkeys(RESIDENCE_SCHEMA.names), **records.residence, **certain}
    if _matched_parcel(found.demographic) == parcel:
        return residence, found.demographic | {"agrees": True}
    if records.demographic is None:
        return residence, _no_record(Reason.NO_RECORD)
    nothing = dict.fromkeys(DEMOGRAPHIC_MATCH_SCHEMA.names)
    return residence, {**nothing, **records.demographic, **certain, "agrees": True}


def _without(found: _Household, parcel: Parcel | None) -> tuple[Row, Row]:
    """What was found, without what was decided to be wrong: everything, or one parcel."""
    residence, demographic = found.residence, found.demographic
    if (home := found.home or found.candidate) and parcel in {None, home}:
        residence = _no_residence(DECIDED_WRONG)
        demographic = demographic | {"agrees": None}
    if demographic["match_quality"] != Quality.NO_MATCH and parcel in {None, _matched_parcel(demographic)}:
        demographic = _no_record(DECIDED_WRONG)
    return residence, demographic


def _matched_parcel(row: Row) -> Parcel | None:
    return Parcel(row["county"], row["parcel_id"]) if row["match_quality"] in MATCHED else None


def _no_residence(reason: str) -> Row:
    nothing = dict.fromkeys(RESIDENCE_SCHEMA.names)
    return {**nothing, "match_quality": Quality.NO_MATCH, "match_method": DECISION, "reason": reason}


def _no_record(reason: str) -> Row:
    nothing = dict.fromkeys(DEMOGRAPHIC_MATCH_SCHEMA.names)
    return {**nothing, "match_quality": Quality.NO_MATCH, "match_method": DECISION, "reason": reason}


def _replaced(table: pa.Table, positions: list[int], rows: list[Row], schema: pa.Schema) -> pa.Table:
    if not positions:
        return table
    order = list(range(table.num_rows))
    for instead, position in enumerate(positions):
        order[position] = table.num_rows + instead
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema)]).take(pa.array(order, pa.int64()))
