"""The campaigns of the account: listed, remembered in MongoDB, each with its partition key and statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from octopus_pipeline.emailoctopus.records import Campaign, CampaignStatus, Count, Report, Summary
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.database import CAMPAIGNS
from octopus_pipeline.sync.partition_keys import partition_key
from octopus_pipeline.sync.plan import has_reports, is_live, report_counts
from octopus_pipeline.sync.source import claim_source, require_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.database import Database

    from octopus_pipeline.sync.connections import Connections


@dataclass(frozen=True, slots=True)
class KnownCampaign:
    """A campaign as MongoDB remembers it.

    `key` is its partition (None for drafts); `counts` its statistics as last read (empty if never) and
    `counts_read_at` when; `archived_at` is set once the account lists it no more.
    """

    campaign: Campaign
    key: str | None
    counts: Mapping[Report, Count]
    counts_read_at: datetime | None
    synced_at: datetime | None
    archived_at: datetime | None

    @property
    def is_readable(self) -> bool:
        """Whether the account has reports of it now: neither a draft, nor failed or deleted since."""
        return self.key is not None and self.archived_at is None and has_reports(self.campaign)


class UnknownCampaignError(PipelineError):
    """No campaign has this key, id or name."""


def list_campaigns(connections: Connections, now: datetime) -> list[KnownCampaign]:
    """Read the account's campaigns, remember them, and give each sent one its key; no summaries are read.

    A failed listing raises and changes nothing: it is an error, never an empty account.
    """
    database = connections.database
    require_source(database.client, connections.settings)
    listed = list(connections.octopus.campaigns())
    claim_source(database.client, connections.settings)
    known = {campaign.campaign.id: campaign for campaign in known_campaigns(database)}
    taken = {campaign.key for campaign in known.values() if campaign.key}
    updates = []
    for campaign in sorted(listed, key=_sent_order):
        document = {**campaign_document(campaign), "listed_at": now}
        before = known.get(campaign.id)
        if has_reports(campaign) and (before is None or before.key is None):
            key = partition_key(campaign, taken, connections.settings.time_zone)
            taken.add(key)
            document["partition_key"] = key
        updates.append(
            UpdateOne(
                {"campaign_id": campaign.id},
                {"$set": document, "$unset": {"archived_at": ""}, "$setOnInsert": {"synced_at": None}},
                upsert=True,
            )
        )
    if updates:
        database[CAMPAIGNS].bulk_write(updates, ordered=True)
    database[CAMPAIGNS].update_many(
        {
            "campaign_id": {"$nin": [campaign.id for campaign in listed]},
            # Not what a listing that began later has found meanwhile.
            "listed_at": {"$type": "date", "$lt": now},
            "archived_at": None,
        },
        {"$set": {"archived_at": now}},
    )
    return known_campaigns(database)


def watched(campaigns: list[KnownCampaign], connections: Connections, now: datetime) -> list[KnownCampaign]:
    """The campaigns whose summary a refresh reads: those inside the live window, and those never read."""
    window = connections.settings.live_window
    return [
        known
        for known in campaigns
        if known.is_readable
        and (known.counts_read_at is None or known.synced_at is None or is_live(known.campaign, now, window))
    ]


def known_campaigns(database: Database[dict[str, Any]]) -> list[KnownCampaign]:
    """Every campaign this pipeline has listed, drafts included, as MongoDB remembers it, in the order sent."""
    return sorted(
        (_known(document) for document in _documents(database)), key=lambda one: _sent_order(one.campaign)
    )


def campaign_of_key(database: Database[dict[str, Any]], key: str) -> KnownCampaign:
    """The campaign of a partition key.

    Raises:
        UnknownCampaignError: if there is none.
    """
    document = database[CAMPAIGNS].find_one({"partition_key": key})
    if document is None:
        message = (
            f"the database {database.name} has no campaign of the partition {key}: materialise `campaigns`; if that "
            "does not help, the partition is another account's (delete it in the UI, or set another OCTOPUS_DATA_DIR)"
        )
        raise UnknownCampaignError(message)
    return _known(document)


def find_campaigns(database: Database[dict[str, Any]], wanted: str) -> list[KnownCampaign]:
    """The campaigns whose id, partition key or name is `wanted`; names match whatever their case.

    Raises:
        UnknownCampaignError: if there is none; the message names those that come near.
    """
    campaigns = known_campaigns(database)
    exact = [one for one in campaigns if wanted in {one.campaign.id, one.key}]
    named = [one for one in campaigns if (one.campaign.name or "").casefold() == wanted.casefold()]
    if exact or named:
        return exact or named
    near = [one.key for one in campaigns if wanted.casefold() in f"{one.campaign.name} {one.key}".casefold()]
    hint = f"; did you mean {', '.join(map(str, near[:5]))}?" if near else "; `octopus stats` lists them"
    message = f"no campaign has the id, key or name {wanted!r}{hint}"
    raise UnknownCampaignError(message)


def find_sent_campaigns(database: Database[dict[str, Any]], wanted: str) -> list[KnownCampaign]:
    """As `find_campaigns`, of those that have a partition.

    Raises:
        UnknownCampaignError: if there is none, also if the campaign is there but was not sent.
    """
    found = find_campaigns(database, wanted)
    sent = [known for known in found if known.key]
    if not sent:
        message = f"the campaign {wanted!r} is {found[0].campaign.status}: there is nothing to sync before it is sent"
        raise UnknownCampaignError(message)
    return sent


def record_statistics(database: Database[dict[str, Any]], summary: Summary, now: datetime) -> None:
    """Keep a campaign's totals in its document."""
    statistics = {
        str(report): {"unique": count.unique, "total": count.total}
        for report, count in report_counts(summary).items()
    }
    database[CAMPAIGNS].update_one(
        {"campaign_id": summary.campaign_id},
        {"$set": {"statistics": statistics, "statistics_read_at": now}},
    )


def record_campaign_synced(database: Database[dict[str, Any]], campaign_id: str, now: datetime) -> None:
    """Mark a campaign complete: called once all its reports are merged and its documents written."""
    database[CAMPAIGNS].update_one({"campaign_id": campaign_id}, {"$set": {"synced_at": now}})


def _documents(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    # Documents that only the old tool wrote lack `listed_at`, and may be of any shape.
    return list(database[CAMPAIGNS].find({"listed_at": {"$type": "date"}}))


def _sent_order(campaign: Campaign) -> tuple[str, str]:
    moment = campaign.sent_at or campaign.created_at
    return (moment.isoformat() if moment else "", campaign.id)


def campaign_document(campaign: Campaign) -> dict[str, Any]:
    """What EmailOctopus says of a campaign, as documents have it."""
    return {
        "campaign_id": campaign.id,
        "name": campaign.name,
        "subject": campaign.subject,
        "from_name": campaign.from_name,
        "from_email": campaign.from_email,
        "created_at": campaign.created_at,
        "sent_at": campaign.sent_at,
        "status": campaign.status.upper(),
        "to_lists": list(campaign.list_ids),
    }


def _known(document: Mapping[str, Any]) -> KnownCampaign:
    return KnownCampaign(
        campaign=Campaign(
            id=document["campaign_id"],
            status=CampaignStatus(document["status"].lower()),
            name=document["name"],
            subject=document["subject"],
            list_ids=tuple(document["to_lists"]),
            from_name=document["from_name"],
            from_email=document["from_email"],
            created_at=document["created_at"],
            sent_at=document["sent_at"],
        ),
        key=document.get("partition_key"),
        counts=_counts(document),
        counts_read_at=document.get("statistics_read_at"),
        synced_at=document.get("synced_at"),
        archived_at=document.get("archived_at"),
    )


def _counts(document: Mapping[str, Any]) -> dict[Report, Count]:
    if "statistics_read_at" not in document:  # the old tool's numbers are not ours to compare with
        return {}
    return {Report(name): Count(**count) for name, count in document["statistics"].items()}
