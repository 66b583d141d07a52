"""How many people a campaign reached and how many of them did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymongo.collection import Collection
    from pymongo.database import Database

TOTALS = ("people", *FLAGS)
"""The totals of a campaign: its people, and those of them who have each flag."""

OF_NOBODY: Final = dict.fromkeys(TOTALS, 0)
"""The totals of a campaign that reached nobody."""


def campaign_totals(people: Collection[dict[str, Any]], campaign_id: str) -> dict[str, int]:
    """The `TOTALS` of a campaign, counted in people's documents."""
    place = {"$indexOfArray": ["$engagements.campaign_id", {"$literal": campaign_id}]}
    entry = {"$arrayElemAt": ["$engagements", place]}
    flags = {"$let": {"vars": {"entry": entry}, "in": [f"$$entry.{flag}" for flag in FLAGS]}}
    # People of the same flags together, at most 32 groups: a sum for each flag would take twice as long.
    stages: list[dict[str, Any]] = [
        {"$match": {"engagements.campaign_id": campaign_id}},
        {"$group": {"_id": flags, "people": {"$sum": 1}}},
    ]
    totals = OF_NOBODY.copy()
    for group in people.aggregate(stages):
        for name, is_so in zip(TOTALS, (True, *group["_id"]), strict=True):
            totals[name] += group["people"] if is_so else 0
    return totals


def all_totals(people: Collection[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """The `TOTALS` of every campaign that reached anybody, by its id; one pass over all people."""
    flags = {flag: {"$sum": {"$cond": [f"$engagements.{flag}", 1, 0]}} for flag in FLAGS}
    stages: list[dict[str, Any]] = [
        {"$project": {"engagements": True}},
        {"$unwind": "$engagements"},
        {"$group": {"_id": "$engagements.campaign_id", "people": {"$sum": 1}, **flags}},
    ]
    found = people.aggregate(stages, allowDiskUse=True)
    return {one["_id"]: {name: one[name] for name in TOTALS} for one in found}


def recorded_totals(database: Database[dict[str, Any]], campaign_id: str) -> dict[str, int] | None:
    """The totals in a campaign's document; None if there are none yet."""
    found = database[CAMPAIGNS].find_one({"campaign_id": campaign_id}, {"totals": True})
    return None if found is None else found.get("totals")


def record_totals(
    database: Database[dict[str, Any]], campaign_id: str, known: Mapping[str, Any]
) -> dict[str, int]:
    """Count a campaign's totals and write them into its document, with what else is `known` of it."""
    totals = campaign_totals(database[PEOPLE], campaign_id)
    database[CAMPAIGNS].update_one(
        {"campaign_id": campaign_id}, {"$set": {**known, "totals": totals}}, upsert=True
    )
    return totals
