"""Comparing what the pipeline made with what is true of the sandbox's account, row by row."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox.truth import expected_participants

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sandbox.account import Account
    from octopus_pipeline.sandbox.account import Campaign as CampaignOfAccount
    from octopus_pipeline.sandbox.truth import ExpectedParticipant

FLAGS = ("opened", "clicked", "bounced", "complained", "unsubscribed")

FIELDS = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "city": "City",
    "zip": "ZIP",
    "kwh": "kWh",
    "cell": "Cell",
    "address": "Address",
    "annual_cost": "annualcost",
    "annual_savings": "AnnualSavings",
    "monthly_cost": "MonthlyCost",
    "monthly_saving": "MonthlySaving",
    "daily_cost": "DailyCost",
}
"""The CSV's column of each contact field."""

COLUMNS = ("campaign_name", "campaign_sent_at", "email", *FIELDS, *FLAGS, "status")
"""The CSV's columns, as partners' sheets have them."""

MATCH_COLUMNS = (
    "county",
    "parcel_id",
    "parcel_address",
    "parcel_city",
    "parcel_zip",
    "match_quality",
    "match_method",
    "match_score",
    "customer_name",
    "annual_kwh_cost",
    "total_energy_burden",
    "estimated_income",
    "year_built",
)
"""The columns that follow them."""

OHIO = ZoneInfo("America/New_York")


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


def assert_csvs_true(folder: Path, account: Account, *, matched: bool = False) -> None:
    """The CSV's rows are the account's truth in partners' columns, and there are a campaign's files and no other.

    `matched`: whether counties were loaded, and so there are files of the matched and the unmatched.
    """
    kinds = ("campaign", *(("matched_participants", "unmatched_participants") if matched else ()))
    assert len(list(folder.iterdir())) == len(kinds) * len(sent_campaigns(account))
    for campaign_id in sent_campaigns(account):
        expected = [
            expected_row(account.campaigns[campaign_id], participant)
            for participant in expected_participants(account, campaign_id).values()
        ]
        rows = csv_rows(folder, campaign_id)
        assert all(list(row) == [*COLUMNS, *MATCH_COLUMNS] for row in rows)
        partners = [tuple(row.values())[: len(COLUMNS)] for row in rows]
        assert sorted(partners) == sorted(tuple(row.values()) for row in expected)
        for kind in kinds:
            assert len(list(folder.glob(f"{kind}_{campaign_id}_*.csv"))) == 1


def expected_row(campaign: CampaignOfAccount, participant: ExpectedParticipant) -> dict[str, str]:
    """The CSV row of a contact, as the domain describes it: fields as they are, formulas defused, flags in words."""
    sent_on = campaign.sent_at.astimezone(OHIO).date().isoformat() if campaign.sent_at else ""
    fields = {tag: _text(participant.fields.get(tag)) for tag in FIELDS.values()}
    texts = {
        "campaign_name": campaign.name or "",
        "email": participant.email_address or "",
        **{column: fields[tag] for column, tag in FIELDS.items()},
    }
    return {
        **dict.fromkeys(COLUMNS, ""),
        **{column: _defused(text) for column, text in texts.items()},
        "campaign_sent_at": sent_on,
        **{flag: "Yes" if getattr(participant, flag) else "No" for flag in FLAGS},
        "status": (participant.status or "").upper(),
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _defused(text: str) -> str:
    is_number = re.fullmatch(r"[+-]?\$?[\d,]+(\.\d+)?", text)
    is_formula = text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(("=", "+", "-", "@"))
    return f"'{text}" if is_formula and not is_number else text


def csv_rows(folder: Path, campaign_id: str) -> list[dict[str, str]]:
    """The rows of a campaign's CSV."""
    (path,) = folder.glob(f"campaign_{campaign_id}_*.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _to_milliseconds(moment: Any) -> Any:
    """MongoDB keeps milliseconds."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
