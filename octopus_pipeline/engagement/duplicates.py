"""The old database may hold several documents a (campaign_id, contact_id): each group becomes one, by the law."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne, UpdateOne

from octopus_pipeline.engagement.merge import merge
from octopus_pipeline.engagement.participants import participant_changes, prior_batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.collection import Collection

    Document = dict[str, Any]

GROUPS_AT_ONCE = 1_000


def merge_duplicates(participants: Collection[Document]) -> int:
    """Merge documents that share campaign_id and contact_id into the oldest of them; how many were removed.

    Run it before the unique index is made and while nothing else writes. A document is removed only after the
    one that stays holds all that it says: after a crash at any moment, another call finishes the work.
    """
    groups = participants.aggregate(
        [
            {"$match": {"contact_id": {"$type": "string"}}},
            {
                "$group": {
                    "_id": {"campaign_id": "$campaign_id", "contact_id": "$contact_id"},
                    "ids": {"$push": "$_id"},
                    "documents": {"$sum": 1},
                }
            },
            {"$match": {"documents": {"$gt": 1}}},
            {"$sort": {"_id.campaign_id": 1}},
        ],
        allowDiskUse=True,
    )
    removed = 0
    with groups:
        while page := list(islice(groups, GROUPS_AT_ONCE)):
            by_campaign = defaultdict(list)
            for group in page:
                by_campaign[group["_id"]["campaign_id"]].append(sorted(group["ids"], key=str))
            removed += sum(_merge_groups(participants, ids) for ids in by_campaign.values())
    return removed


def _merge_groups(participants: Collection[Document], groups: Iterable[list[Any]]) -> int:
    """Merge groups of documents of one campaign; each group is its documents' `_id`s, the one to keep first."""
    kept = {ids[0] for ids in groups}
    surplus = [DeleteOne({"_id": document_id}) for ids in groups for document_id in ids[1:]]
    documents = list(
        participants.find({"_id": {"$in": [document_id for ids in groups for document_id in ids]}})
    )
    kept_by_contact = {
        document["contact_id"]: document["_id"] for document in documents if document["_id"] in kept
    }
    null_engagement = {"_id": {"$in": list(kept)}, "engagement": None}
    participants.update_many(null_engagement, {"$set": {"engagement": {}}})
    updates = [
        UpdateOne({"_id": kept_by_contact[contact_id]}, update)
        for batch in merge(reports={}, prior=[prior_batch(documents)])
        for contact_id, update in participant_changes(batch, synced_at=None)
    ]
    participants.bulk_write(updates, ordered=False)
    participants.bulk_write(surplus, ordered=False)
    return len(surplus)
