"""Documents of campaigns' participants without the people who were erased."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne, UpdateOne

from octopus_pipeline.engagement.participants import participant_changes, prior_batch
from octopus_pipeline.store.bulk import bulk_write
from octopus_pipeline.suppression.rows import contacts_of_campaign
from octopus_pipeline.sync.database import PARTICIPANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.suppression.suppressed import Suppressed
    from octopus_pipeline.sync.connections import Connections

    Document = dict[str, Any]

_DOCUMENTS_AT_ONCE = 5_000
_KEPT = ("campaign_id", "contact_id", "engagement", "engagement_times", "synced_at")
_CLEARED = ("email_address", "status", "fields")


def erase_from_participants(
    connections: Connections, suppressed: Suppressed, of: Mapping[str, Any] | None = None
) -> int:
    """Leave a pseudonym's document of each erased contact's, with what it did; how many there were.

    It is written before the contact's own is deleted, and joined with one that is there: nothing is counted twice.

    Args:
        connections: the database.
        suppressed: who is erased.
        of: which documents; all by default.
    """
    participants, erased, known = connections.database[PARTICIPANTS], 0, 0
    while known != len(suppressed):  # what a document teaches may concern one before it
        known = len(suppressed)
        documents = participants.find({**(of or {}), "contact_id": {"$type": "string"}})
        while page := list(islice(documents, _DOCUMENTS_AT_ONCE)):
            erased += _erase(connections, suppressed, page)
    # Of the old tool: no pseudonym fits.
    for one in participants.find({**(of or {}), "contact_id": {"$not": {"$type": "string"}}}):
        if suppressed.is_named_in(str(one.get("email_address") or "")):
            kept = {name: one[name] for name in _KEPT if name in one}
            participants.replace_one({"_id": one["_id"]}, kept | dict.fromkeys(_CLEARED))
            erased += 1
    return erased


def _erase(connections: Connections, suppressed: Suppressed, page: list[Document]) -> int:
    anonymous, found = contacts_of_campaign(suppressed, prior_batch(page))
    if not found:
        return 0
    connections.keep_learned(suppressed)
    participants, updates, surplus = connections.database[PARTICIPANTS], [], []
    for document, (contact_id, update) in zip(page, participant_changes(anonymous, None), strict=True):
        if document["contact_id"] == contact_id:
            continue
        key = {"campaign_id": document.get("campaign_id"), "contact_id": contact_id}
        greatest = {**update["$max"], "synced_at": document.get("synced_at")}
        updates.append(UpdateOne(key, {**update, "$max": greatest}, upsert=True))
        surplus.append(DeleteOne({"_id": document["_id"]}))
    bulk_write(participants, updates)
    participants.bulk_write(surplus, ordered=False)
    return len(surplus)
