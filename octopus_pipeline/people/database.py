"""The collections of `empowersave_development` and their indexes, one for each way in which people are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from octopus_pipeline.people.merging import INCOMING
from octopus_pipeline.people.taking_over import set_aside, take_over
from octopus_pipeline.store.indexes import IndexSpec, ensure_indexes
from octopus_pipeline.store.restoring import BESIDE

if TYPE_CHECKING:
    from pymongo.database import Database

PEOPLE: Final = "participants"
CAMPAIGNS: Final = "campaigns"
WRITTEN: Final = "people_written"
"""What was last written of each campaign, so that a re-sync writes only what changed."""

BY_CONTACT: Final = IndexSpec(("contacts.contact_id",))
_DID = ("campaigns_received", "campaigns_opened", "campaigns_clicked")
BY_ZIP: Final = IndexSpec(("zip", *_DID))
BY_COUNTY_AND_ZIP: Final = IndexSpec(("residence_ref.county", "zip", *_DID))
"""With what people did in them, so that they alone answer how many of a ZIP code engaged."""

PEOPLE_INDEXES: Final = [
    IndexSpec(("contact_id",), unique=True),
    IndexSpec(("person_ids",)),
    BY_CONTACT,
    IndexSpec(("email_address",)),
    IndexSpec(("phone_number",)),
    IndexSpec(("engagements.campaign_id", "contact_id")),
    IndexSpec(("flags", "contact_id")),
    IndexSpec(("residence_ref.parcel_id",)),
    BY_COUNTY_AND_ZIP,
    BY_ZIP,
    IndexSpec(("match_quality", "contact_id")),
    IndexSpec(("county", "contact_id")),
]
_CAMPAIGN_INDEXES = [
    IndexSpec(("campaign_id",), unique=True),
    IndexSpec(("sent_at",)),
]


def is_passing(name: str) -> bool:
    """Whether a collection of this name is there only while a process works on it."""
    return name.startswith((BESIDE, f"{INCOMING}_"))


def prepare_people_database(database: Database[dict[str, Any]]) -> None:
    """Create the indexes that are missing; documents of another tool are brought into this project's shape."""
    people = database[PEOPLE]
    ensure_indexes(people, [BY_CONTACT])
    are_others = set_aside(people)
    ensure_indexes(people, PEOPLE_INDEXES)
    if are_others:
        take_over(people)
    ensure_indexes(database[CAMPAIGNS], _CAMPAIGN_INDEXES)
