"""The old tool's campaigns among the people's campaigns; what a run of the pipeline wrote there stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE
from octopus_pipeline.people.migration.source import id_text
from octopus_pipeline.people.totals import OF_NOBODY, all_totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pymongo.database import Database

    Document = dict[str, Any]

_TEXTS = ("name", "subject", "from_name", "from_email")
_TIMES = ("sent_at", "created_at", "synced_at")


def read_campaigns(source: Database[Document]) -> tuple[dict[str, Document], int]:
    """Each campaign as it is in the target, without totals, by its id; and how many documents name no campaign.

    Of several documents of a campaign the one synced last is believed, others where it says nothing.
    """
    found: dict[str, list[Document]] = {}
    nameless = 0
    for document in source[CAMPAIGNS].find():
        campaign_id = id_text(document.get("campaign_id"))
        if campaign_id is None:
            nameless += 1
        else:
            found.setdefault(campaign_id, []).append(_campaign(campaign_id, document))
    return {campaign_id: _joined(documents) for campaign_id, documents in found.items()}, nameless


def carry_campaigns(source: Database[Document], target: Database[Document]) -> int:
    """Add the campaigns and count anew everybody's totals; how many campaigns the target has.

    A campaign that is there gets only what it does not say itself. One that only people name gets a document, too.
    """
    totals = all_totals(target[PEOPLE])
    campaigns, _ = read_campaigns(source)
    there = [str(one["campaign_id"]) for one in target[CAMPAIGNS].find({}, {"campaign_id": True})]
    updates = []
    for campaign_id in sorted({*campaigns, *totals, *there}):
        known = campaigns.get(campaign_id) or _campaign(campaign_id, {})
        kept = {name: {"$ifNull": [f"${name}", {"$literal": value}]} for name, value in known.items()}
        counted = {"totals": totals.get(campaign_id, OF_NOBODY)}
        update = [{"$set": {**kept, **counted}}]
        updates.append(UpdateOne({"campaign_id": {"$eq": campaign_id}}, update, upsert=True))
    if updates:
        target[CAMPAIGNS].bulk_write(updates, ordered=False)
    return len(updates)


def _campaign(campaign_id: str, document: Mapping[str, Any]) -> Document:
    status, lists = document.get("status"), document.get("to_lists")
    return {
        "campaign_id": campaign_id,
        **{name: value if isinstance(value := document.get(name), str) else None for name in _TEXTS},
        "status": status.upper() if isinstance(status, str) else None,
        **{name: _time(document.get(name)) for name in _TIMES},
        "to_lists": [one for one in lists if isinstance(one, str)] if isinstance(lists, list) else [],
    }


def _joined(documents: Iterable[Document]) -> Document:
    joined: Document = {}
    for one in sorted(documents, key=lambda one: one["synced_at"] or datetime.min.replace(tzinfo=UTC)):
        joined |= {
            name: value for name, value in one.items() if value not in (None, []) or name not in joined
        }
    return joined


def _time(value: object) -> datetime | None:
    """A date, or its text as the API writes it."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
