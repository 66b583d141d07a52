"""What is known of one person's household, for the analyst who decides about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.matching.decisions import Decision, Verdict
from octopus_pipeline.matching.parcel_records import Parcel, parcel_records
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.database import PARTICIPANTS
from octopus_pipeline.sync.decisions import DecisionError, decisions_of_file, parcel_of
from octopus_pipeline.sync.matches import DEMOGRAPHIC_MATCHES, RESIDENCE_MATCHES

if TYPE_CHECKING:
    from octopus_pipeline.sync.connections import Connections


class UnknownPersonError(PipelineError):
    """No campaign was sent to that person."""


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """The parcel that CSVs show of a person, or where there is none the best candidate left to review."""

    parcel: Parcel
    is_match: bool


def found_household(connections: Connections, who: str) -> FoundHousehold | None:
    """What the campaigns matched last found of the person with this e-mail address or contact id; the newest one's.

    Raises:
        UnknownPersonError: if no campaign was sent to that person.
    """
    contact_ids = _contacts(connections, who)
    if not contact_ids:
        message = "no participant has this e-mail address or contact id; is it written as in the CSVs?"
        raise UnknownPersonError(message)
    tables = connections.tables
    for known in reversed(known_campaigns(connections.database)):
        if known.campaign.id not in contact_ids or not tables.exists(RESIDENCE_MATCHES, str(known.key)):
            continue
        for table, parcel, is_match in (
            (RESIDENCE_MATCHES, ("county", "parcel_id"), True),
            (DEMOGRAPHIC_MATCHES, ("county", "parcel_id"), True),
            (RESIDENCE_MATCHES, ("review_county", "review_parcel_id"), False),
        ):
            rows = tables.read(table, str(known.key), ["contact_id", *parcel])
            for row in rows.filter(pc.equal(rows["contact_id"], contact_ids[known.campaign.id])).to_pylist():
                if row[parcel[1]] is not None:
                    return FoundHousehold(Parcel(row[parcel[0]], row[parcel[1]]), is_match)
    return None


def decision_about(connections: Connections, who: str, said: str) -> Decision:
    """What `right`, `wrong` or COUNTY/PARCEL means for a person: the parcel is named, so that it holds for ever.

    Raises:
        DecisionError: if it means nothing, or the file of decisions says something about that person.
        UnknownPersonError: if no campaign was sent to that person.
    """
    path = connections.settings.decisions_file
    if who.lower() in decisions_of_file(path):
        raise DecisionError(f"{path} decides about this person, and it counts first: change it there")
    found = found_household(connections, who)
    if said.strip().lower() in {Verdict.RIGHT, Verdict.WRONG}:
        if found is None:
            message = "nothing was found of this person that could be right or wrong: name the parcel, COUNTY/PARCEL"
            raise DecisionError(message)
        return Decision(Verdict(said.strip().lower()), found.parcel)
    parcel = parcel_of(said)
    counties = connections.counties
    if parcel.county in counties.counties and parcel_records(counties, parcel) is None:
        raise DecisionError(f"{parcel}: the county has no such parcel")
    return Decision(Verdict.PARCEL, parcel)


def _contacts(connections: Connections, who: str) -> dict[str, str]:
    """Campaign's id -> the person's contact id there."""
    participants = connections.database[PARTICIPANTS]
    shown = {"campaign_id": True, "contact_id": True}
    for query in (
        {"email_address": who},
        {"contact_id": who},
        {"email_address": {"$regex": f"^{re.escape(who)}$", "$options": "i"}},
    ):
        found = {one["campaign_id"]: one["contact_id"] for one in participants.find(query, shown)}
        if found:
            return found
    return {}
