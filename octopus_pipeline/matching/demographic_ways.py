"""How a participant's demographic record was looked for: each way, and where it led."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.demographics import DemographicMethod, records_with
from octopus_pipeline.matching.residences import Quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from octopus_pipeline.matching.comparable import Households
    from octopus_pipeline.matching.prepared import PreparedCounty


class Outcome(StrEnum):
    """Where a way led."""

    USED = "the record"
    NOT_NEEDED = "not needed"
    NOTHING_TO_LOOK_FOR = "nothing to look for"
    NOBODY = "no record"
    SEVERAL = "several, none of them surely"
    PARCEL_UNSURE = "the parcel is not sure"


@dataclass(frozen=True, slots=True)
class DemographicWay:
    """One way, and where it led.

    Attributes:
        method: the way.
        outcome: where it led.
        found: e-mail and phone: parcels with such a record; parcel: records of it; None where nobody counts.
    """

    method: DemographicMethod
    outcome: Outcome
    found: int | None = None


def demographic_ways(
    participant: pa.Table,
    residence: Mapping[str, Any],
    demographic: Mapping[str, Any],
    names: Households,
    counties: Mapping[str, PreparedCounty],
) -> tuple[DemographicWay, ...]:
    """The ways in their order, of one participant (`PARTICIPANT_SCHEMA`) and the answer that it got."""
    method = demographic["match_method"]
    ways: list[DemographicWay] = []

    def add(way: DemographicMethod, outcome: Outcome, found: int | None = None) -> None:
        if method == way:
            outcome = Outcome.USED
        elif any(before.outcome is Outcome.USED for before in ways):
            outcome = Outcome.NOT_NEEDED
        ways.append(DemographicWay(way, outcome, found))

    for way, contacts in (
        (DemographicMethod.EMAIL, cleaning.emails(participant["email"])),
        (DemographicMethod.PHONE, cleaning.phones(participant["phone"])),
    ):
        if pc.count(contacts).as_py() == 0:
            add(way, Outcome.NOTHING_TO_LOOK_FOR)
            continue
        _, county, _, parcel = records_with(way, contacts, counties)
        found = len({*zip(county.tolist(), parcel.tolist(), strict=True)})
        add(way, Outcome.SEVERAL if found else Outcome.NOBODY, found)
    records = _records_of_parcel(residence, counties)
    if records is None:
        add(DemographicMethod.PARCEL, Outcome.NOTHING_TO_LOOK_FOR)
    elif not records:
        add(DemographicMethod.PARCEL, Outcome.NOBODY, 0)
    else:
        unsure = residence["match_quality"] == Quality.REVIEW
        add(DemographicMethod.PARCEL, Outcome.PARCEL_UNSURE if unsure else Outcome.SEVERAL, records)
    named = names.last[0, 0] != NONE and names.first[0, 0] != NONE
    add(DemographicMethod.NAME_ON_STREET, Outcome.NOBODY if named else Outcome.NOTHING_TO_LOOK_FOR)
    return tuple(ways)


def _records_of_parcel(residence: Mapping[str, Any], counties: Mapping[str, PreparedCounty]) -> int | None:
    """How many demographic records the parcel of the residence (or of its review) has; None without one."""
    county = residence["county"] or residence["review_county"]
    parcel_id = residence["parcel_id"] or residence["review_parcel_id"]
    if county is None:
        return None
    index = counties[county].index
    parcel = pc.index(index.parcels["parcel_id"], parcel_id).as_py()
    return int(np.count_nonzero(index.customers["parcel"].to_numpy() == parcel))
