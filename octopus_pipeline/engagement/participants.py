"""Engagement rows as documents of `emailoctopus_db.participants`: updates that only add knowledge, and back.

A document is `{campaign_id, contact_id, email_address, status, fields, engagement: {flag: bool},
engagement_times: {flag: {first, last}}, synced_at}`, status in upper case as it always was there. `$max` and `$min`
make the updates' order irrelevant for flags and times: nothing falls back, whichever run writes last.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
from pymongo import DeleteOne, UpdateOne

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_columns
from octopus_pipeline.engagement.merge import merge
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.store.bulk import InsertOrUpdate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pymongo.collection import Collection

    Document = dict[str, Any]

PRIOR_BATCH_ROWS = 10_000
DUPLICATE_GROUPS_AT_ONCE = 1_000

_UNHEALED: Document = {"engagement": {"$not": {"$type": "object"}}}
_HEAL: Document = {"$set": {"engagement": {}}}
_NOTHING_DONE = {f"engagement.{flag}": False for flag in FLAGS}


def heal_engagement(participants: Collection[Document], campaign_id: str) -> None:
    """Give documents whose `engagement` is null or missing an empty one, on which `$max` works."""
    participants.update_many({"campaign_id": campaign_id, **_UNHEALED}, _HEAL)


def participant_updates(
    campaign_id: str, batches: Iterable[pa.RecordBatch], synced_at: datetime, *, are_new: bool = False
) -> Iterator[UpdateOne | InsertOrUpdate]:
    """One upsert a row in `ENGAGEMENT_SCHEMA`, by campaign_id and contact_id; if they `are_new`, it tries to insert.

    What is inserted is what the update makes of nothing.
    """
    for batch in batches:
        for contact_id, update in participant_changes(batch, synced_at):
            key = {"campaign_id": campaign_id, "contact_id": contact_id}
            upsert = UpdateOne(key, update, upsert=True)
            yield InsertOrUpdate(_inserted(key, update), upsert) if are_new else upsert


def _inserted(key: Document, update: Document) -> Document:
    """The document that MongoDB makes of an upsert where there is none."""
    document: Document = key | update.get("$setOnInsert", {}) | update.get("$set", {})
    for operator in ("$max", "$min"):
        for path, value in update.get(operator, {}).items():
            *parents, name = path.split(".")
            parent = document
            for one in parents:
                parent = parent.setdefault(one, {})
            parent[name] = value
    return document


def participant_changes(batch: pa.RecordBatch, synced_at: datetime | None) -> Iterator[tuple[str, Document]]:
    """(contact_id, MongoDB update) a row: what adds the row's knowledge to a document.

    An empty e-mail address, status or fields never overwrites a value; without `synced_at` that stays as it is.
    """
    dated = {} if synced_at is None else {"synced_at": synced_at}
    rows = zip(
        batch.column("contact_id").to_pylist(),
        batch.column("email_address").to_pylist(),
        batch.column("status").to_pylist(),
        batch.column("fields").to_pylist(),
        _engagement_updates(batch),
        strict=True,
    )
    for contact_id, email_address, status, fields, engagement in rows:
        record = {
            "email_address": email_address,
            "status": status and status.upper(),
            "fields": None if fields is None else orjson.loads(fields),
        }
        update = engagement.copy()
        if None in (email_address, status, fields):
            update["$setOnInsert"] = {name: None for name, value in record.items() if value is None}
            record = {name: value for name, value in record.items() if value is not None}
        if record or dated:
            update["$set"] = record | dated
        yield contact_id, update


def _engagement_updates(batch: pa.RecordBatch) -> list[Document]:
    """The `$max` and `$min` of each row; rows of contacts that did nothing share one, as nearly all rows do."""
    updates: list[Document] = [{"$max": _NOTHING_DONE}] * batch.num_rows
    for flag in FLAGS:
        flagged = [row for row, done in enumerate(batch.column(flag).to_pylist()) if done]
        positions = pa.array(flagged, pa.int64())
        firsts = batch.column(f"{flag}_first_at").take(positions).to_pylist()
        lasts = batch.column(f"{flag}_last_at").take(positions).to_pylist()
        for row, first, last in zip(flagged, firsts, lasts, strict=True):
            update = updates[row] = {name: changes.copy() for name, changes in updates[row].items()}
            update["$max"][f"engagement.{flag}"] = True
            if first is not None:
                update.setdefault("$min", {})[f"engagement_times.{flag}.first"] = first
            if last is not None:
                update["$max"][f"engagement_times.{flag}.last"] = last
    return updates


def prior_rows(documents: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Participant documents, also the old tool's, in `ENGAGEMENT_SCHEMA`: what was known before the first sync.

    Contacts' records are undated: any dated one from EmailOctopus wins over them.
    """
    remaining = iter(documents)
    while page := list(islice(remaining, PRIOR_BATCH_ROWS)):
        yield prior_batch(page)


def prior_batch(documents: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Participant documents in `ENGAGEMENT_SCHEMA`, a row a document that names its contact."""
    documents = [document for document in documents if isinstance(document.get("contact_id"), str)]
    fields = [_json(document.get("fields")) for document in documents]
    columns: dict[str, Any] = {
        "contact_id": [document["contact_id"] for document in documents],
        "email_address": [document.get("email_address") or None for document in documents],
        "status": [str(document.get("status") or "").lower() or None for document in documents],
        "fields": fields,
        "contact_updated_at": [None] * len(documents),
    }
    for flag in FLAGS:
        columns[flag] = [bool((document.get("engagement") or {}).get(flag)) for document in documents]
        times = [(document.get("engagement_times") or {}).get(flag) or {} for document in documents]
        for end in ("first", "last"):
            columns[f"{flag}_{end}_at"] = [_utc(time.get(end)) for time in times]
    columns |= dict(zip(FIELD_TAGS, field_columns(fields), strict=True))
    arrays = [pa.array(columns[field.name], field.type) for field in ENGAGEMENT_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=ENGAGEMENT_SCHEMA)


def _json(fields: object) -> str | None:
    """Old documents hold what BSON can: dates and the like become text."""
    return orjson.dumps(fields, default=str).decode() if isinstance(fields, dict) else None


def _utc(time: datetime | None) -> datetime | None:
    """MongoDB keeps UTC; pymongo gives it without a zone unless asked."""
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


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
        while page := list(islice(groups, DUPLICATE_GROUPS_AT_ONCE)):
            by_campaign = defaultdict(list)
            for group in page:
                by_campaign[group["_id"].get("campaign_id")].append(sorted(group["ids"], key=str))
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
    participants.update_many({"_id": {"$in": list(kept)}, **_UNHEALED}, _HEAL)
    updates = [
        UpdateOne({"_id": kept_by_contact[contact_id]}, update)
        for batch in merge(reports={}, prior=[prior_batch(documents)])
        for contact_id, update in participant_changes(batch, synced_at=None)
    ]
    participants.bulk_write(updates, ordered=False)
    participants.bulk_write(surplus, ordered=False)
    return len(surplus)
