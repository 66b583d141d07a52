"""The collections of `emailoctopus_db` and their indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octopus_pipeline.engagement.participants import merge_duplicates
from octopus_pipeline.store.indexes import DuplicateDocumentsError, IndexSpec, ensure_indexes

if TYPE_CHECKING:
    from pymongo.database import Database

CAMPAIGNS = "campaigns"
PARTICIPANTS = "participants"
SYNC_STATE = "sync_state"
HOUSEHOLD_MATCHES = "household_matches"
MATCH_DECISIONS = "match_decisions"

_CAMPAIGN_INDEXES = [
    IndexSpec(("campaign_id",), unique=True),
    IndexSpec(("status",)),
    IndexSpec(("synced_at",)),
]
_PARTICIPANT_INDEXES = [
    IndexSpec(("campaign_id", "contact_id"), unique=True),
    IndexSpec(("campaign_id",)),
    IndexSpec(("email_address",)),
]


def prepare_database(database: Database[dict[str, Any]]) -> None:
    """Create the indexes that are missing; a database of the old tool is healed of duplicate documents first."""
    ensure_indexes(database[CAMPAIGNS], _CAMPAIGN_INDEXES)
    participants = database[PARTICIPANTS]
    try:
        ensure_indexes(participants, _PARTICIPANT_INDEXES)
    except DuplicateDocumentsError:
        merge_duplicates(participants)
        ensure_indexes(participants, _PARTICIPANT_INDEXES)
