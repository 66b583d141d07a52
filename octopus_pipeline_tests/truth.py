"""Comparing what the pipeline made with what is true of the sandbox's account, row by row."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox.truth import expected_participants

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sandbox.account import Account
    from octopus_pipeline.sandbox.truth import ExpectedParticipant

FLAGS = ("opened", "clicked", "bounced", "complained", "unsubscribed")


def sent_campaigns(account: Account) -> list[str]:
    """The ids of the campaigns that have reports."""
    return [one.id for one in account.campaigns.values() if one.status in {"sent", "sending"}]


def expected_document(campaign_id: str, participant: ExpectedParticipant) -> dict[str, Any]:
    """The participant document of a contact that was never synced before."""
    opens = (Report.OPENED, Report.CLICKED)
    first = {flag: participant.first_at[Report(flag)] for flag in FLAGS}
    last = {flag: participant.last_at[Report(flag)] for flag in FLAGS}
    first["opened"] = min(filter(None, (participant.first_at[report] for report in opens)), default=None)
    last["opened"] = max(filter(None, (participant.last_at[report] for report in opens)), default=None)
    times = {
        flag: {"first": _to_milliseconds(first[flag]), "last": _to_milliseconds(last[flag])}
        for flag in FLAGS
        if first[flag]
    }
    return {
        "campaign_id": campaign_id,
        "contact_id": participant.contact_id,
        "email_address": participant.email_address,
        "status": participant.status.upper() if participant.status else None,
        "fields": participant.fields or None,
        "engagement": {flag: getattr(participant, flag) for flag in FLAGS},
        "engagement_times": times,
    }


def stored_document(document: dict[str, Any]) -> dict[str, Any]:
    """A participant document as stored, in the shape of `expected_document`."""
    kept = {name: value for name, value in document.items() if name not in {"_id", "synced_at"}}
    return {
        **kept,
        "fields": kept.get("fields") or None,
        "engagement_times": {
            flag: times for flag, times in kept.get("engagement_times", {}).items() if times
        },
    }


def assert_documents_true(database: Database[dict[str, Any]], account: Account) -> None:
    """Every document of every campaign equals the account's truth, and there is no other."""
    for campaign_id in sent_campaigns(account):
        expected = {
            contact_id: expected_document(campaign_id, participant)
            for contact_id, participant in expected_participants(account, campaign_id).items()
        }
        stored = {
            document["contact_id"]: stored_document(document)
            for document in database.participants.find({"campaign_id": campaign_id})
        }
        assert stored == expected
    others = {"campaign_id": {"$nin": sent_campaigns(account)}}
    assert database.participants.count_documents(others) == 0


def assert_csvs_true(folder: Path, account: Account) -> None:
    """There is one CSV a campaign, whose rows are the account's truth, and no other file."""
    assert len(list(folder.iterdir())) == len(sent_campaigns(account))
    for campaign_id in sent_campaigns(account):
        rows = csv_rows(folder, campaign_id)
        expected = expected_participants(account, campaign_id)
        assert sorted(map(_csv_facts, rows)) == sorted(map(_expected_facts, expected.values()))


def csv_rows(folder: Path, campaign_id: str) -> list[dict[str, str]]:
    """The rows of a campaign's CSV."""
    (path,) = folder.glob(f"campaign_{campaign_id}_*.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _csv_facts(row: dict[str, str]) -> tuple[str, ...]:
    return (row["email"], row["status"], *(row[flag] for flag in FLAGS))


def _expected_facts(participant: ExpectedParticipant) -> tuple[str, ...]:
    flags = ("Yes" if getattr(participant, flag) else "No" for flag in FLAGS)
    return (participant.email_address or "", (participant.status or "").upper(), *flags)


def _to_milliseconds(moment: Any) -> Any:
    """MongoDB keeps milliseconds."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
