"""What was synced of each campaign and list, and what failed: the collection `sync_state`.

It is the pipeline's own memory, apart from Dagster's event log (which may be pruned) and from the documents
that people read. One document a campaign (`_id` is its id) and one a contact list (`_id` is `list:` and its id).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from octopus_pipeline.emailoctopus.records import Count, Report
from octopus_pipeline.sync.database import SYNC_STATE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from pymongo.database import Database


SHORT_READS = 3
"""So many syncs in a row a report that is a little short is asked for again."""


@dataclass(frozen=True, slots=True)
class CampaignState:
    """What is known of a campaign's last syncs.

    `reports` has the summary's count of each report when it was last read whole; `short_reads` how many syncs in a row
    found fewer contacts in a report than that; `failed_reports` the counts of the summary that the last failed attempt
    saw (none if that could not be read), `failures` how many attempts in a row failed; `matched_at` since when counties
    and decisions have been those that its contacts were last matched with.
    """

    campaign_id: str
    reports: Mapping[Report, Count] = field(default_factory=dict)
    synced_at: datetime | None = None
    short_reads: int = 0
    failures: int = 0
    failed_at: datetime | None = None
    error: str | None = None
    failed_reports: Mapping[Report, Count] = field(default_factory=dict)
    matched_at: datetime | None = None


def campaign_states(database: Database[dict[str, Any]]) -> dict[str, CampaignState]:
    """The state of every campaign that was ever tried, by campaign id."""
    documents = database[SYNC_STATE].find({"kind": "campaign"})
    return {document["_id"]: _campaign_state(document) for document in documents}


def campaign_state(database: Database[dict[str, Any]], campaign_id: str) -> CampaignState:
    """The state of one campaign; an empty one if it was never tried."""
    document = database[SYNC_STATE].find_one({"_id": campaign_id})
    return _campaign_state(document) if document else CampaignState(campaign_id)


def record_synced(
    database: Database[dict[str, Any]],
    campaign_id: str,
    reports: Mapping[Report, Count],
    at: datetime,
    *,
    short: Collection[Report] = (),
) -> None:
    """Remember that the campaign's reports were read whole when the summary said `reports`.

    Of those in `short`, which hold fewer contacts than that (by so little that it is no error), the count is not
    remembered, so that a refresh asks for them again; a few times, for it may be that contacts were deleted.
    """
    short_reads = campaign_state(database, campaign_id).short_reads + 1 if short else 0
    if short_reads <= SHORT_READS:
        reports = {report: count for report, count in reports.items() if report not in short}
    database[SYNC_STATE].update_one(
        {"_id": campaign_id},
        {
            "$set": {
                "kind": "campaign",
                "reports": _counts_document(reports),
                "synced_at": at,
                "short_reads": short_reads,
                "failures": 0,
            },
            "$unset": {"failed_at": "", "error": "", "failed_reports": ""},
        },
        upsert=True,
    )


def record_failed(
    database: Database[dict[str, Any]],
    campaign_id: str,
    error: str,
    at: datetime,
    reports: Mapping[Report, Count],
) -> None:
    """Remember that syncing the campaign failed while its summary said `reports` (empty if it was not read)."""
    database[SYNC_STATE].update_one(
        {"_id": campaign_id},
        {
            "$set": {
                "kind": "campaign",
                "failed_at": at,
                "error": error,
                "failed_reports": _counts_document(reports),
            },
            "$inc": {"failures": 1},
        },
        upsert=True,
    )


def record_matched(database: Database[dict[str, Any]], campaign_id: str, since: datetime) -> None:
    """Remember since when counties and decisions have been those that a campaign was matched with."""
    database[SYNC_STATE].update_one(
        {"_id": campaign_id}, {"$set": {"kind": "campaign", "matched_at": since}}, upsert=True
    )


def matched_with(database: Database[dict[str, Any]], version: str, now: datetime) -> datetime:
    """Since when counties and decisions have been those of `version`: `now`, if they were others till now."""
    state = database[SYNC_STATE]
    with suppress(DuplicateKeyError):  # it is the version already
        state.update_one(
            {"_id": "matching", "version": {"$ne": version}},
            {"$set": {"kind": "matching", "version": version, "since": now}},
            upsert=True,
        )
    held = state.find_one({"_id": "matching"}) or {}
    since: datetime = held.get("since", now)
    return since


def forget_unread_summary(database: Database[dict[str, Any]], campaign_id: str) -> None:
    """The campaign's summary could be read: that it once could not says nothing any more."""
    database[SYNC_STATE].update_one(
        {"_id": campaign_id, "failures": {"$gt": 0}, "failed_reports": {}},
        {"$set": {"failures": 0}, "$unset": {"failed_at": "", "error": "", "failed_reports": ""}},
    )


@dataclass(frozen=True, slots=True)
class ListState:
    """When a contact list was last read whole and the newest `last_updated_at` it had then."""

    refreshed_at: datetime | None = None
    newest_update: datetime | None = None


def list_state(database: Database[dict[str, Any]], list_id: str) -> ListState:
    """The state of a contact list; an empty one if it was never read."""
    document = database[SYNC_STATE].find_one({"_id": f"list:{list_id}"}) or {}
    return ListState(document.get("refreshed_at"), document.get("newest_update"))


def record_list(database: Database[dict[str, Any]], list_id: str, state: ListState) -> None:
    """Remember that the list was read whole."""
    database[SYNC_STATE].update_one(
        {"_id": f"list:{list_id}"},
        {"$set": {"kind": "list", "refreshed_at": state.refreshed_at, "newest_update": state.newest_update}},
        upsert=True,
    )


def _counts_document(counts: Mapping[Report, Count]) -> dict[str, dict[str, int]]:
    return {str(report): {"unique": count.unique, "total": count.total} for report, count in counts.items()}


def _counts(document: Mapping[str, Mapping[str, int]]) -> dict[Report, Count]:
    return {Report(name): Count(count["unique"], count["total"]) for name, count in document.items()}


def _campaign_state(document: Mapping[str, Any]) -> CampaignState:
    return CampaignState(
        campaign_id=document["_id"],
        reports=_counts(document.get("reports", {})),
        synced_at=document.get("synced_at"),
        short_reads=document.get("short_reads", 0),
        failures=document.get("failures", 0),
        failed_at=document.get("failed_at"),
        error=document.get("error"),
        failed_reports=_counts(document.get("failed_reports", {})),
        matched_at=document.get("matched_at"),
    )
