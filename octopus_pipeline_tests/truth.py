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


def expected_people(account: Account) -> list[dict[str, Any]]:
    """What must be known of each person: contacts, an entry a campaign, first and last engagement.

    Contacts with one address are one person; so is a contact whose address changed, or was deleted.
    """
    people: list[dict[str, Any]] = []
    by_name: dict[str, dict[str, Any]] = {}
    for campaign_id in sent_campaigns(account):
        for contact_id, participant in expected_participants(account, campaign_id).items():
            names = [f"contact {contact_id}", *filter(None, [(participant.email_address or "").lower()])]
            known = [by_name[name] for name in names if name in by_name]
            person = known[0] if known else {"names": set(), "entries": {}}
            for other in known[1:]:
                if other is not person:
                    person["names"] |= other["names"]
                    for campaign, entry in other["entries"].items():
                        _join_entry(person["entries"], campaign, entry)
                    people.remove(other)
            if not known:
                people.append(person)
            person["names"].update(names)
            by_name.update(dict.fromkeys(person["names"], person))
            _join_entry(person["entries"], campaign_id, _entry(campaign_id, participant))
    return people


def _entry(campaign_id: str, participant: ExpectedParticipant) -> dict[str, Any]:
    times = expected_document(campaign_id, participant)["engagement_times"]
    engaged = [times[flag] for flag in ("opened", "clicked") if flag in times]
    return {
        **{flag: getattr(participant, flag) for flag in FLAGS},
        "engaged_at": min((one["first"] for one in engaged), default=None),
        "last_engaged_at": max((one["last"] for one in engaged), default=None),
    }


def _join_entry(entries: dict[str, dict[str, Any]], campaign_id: str, entry: dict[str, Any]) -> None:
    former = entries.get(campaign_id, entry)
    first = [one["engaged_at"] for one in (former, entry) if one["engaged_at"]]
    last = [one["last_engaged_at"] for one in (former, entry) if one["last_engaged_at"]]
    entries[campaign_id] = {
        **{flag: former[flag] or entry[flag] for flag in FLAGS},
        "engaged_at": min(first, default=None),
        "last_engaged_at": max(last, default=None),
    }


def assert_people_true(database: Database[dict[str, Any]], account: Account) -> None:
    """Every person of the account has one document, with an entry a campaign and sums that are right."""
    expected = {min(person["names"] - {""}): person["entries"] for person in expected_people(account)}
    stored = {}
    for document in database.participants.find():
        names = {f"contact {contact['contact_id']}" for contact in document["contacts"]}
        names |= {one for one in document["person_ids"] if "@" in one}
        entries = {entry.pop("campaign_id"): entry for entry in document["engagements"]}
        assert len(entries) == len(document["engagements"]) == document["campaigns_received"]
        for flag in FLAGS:
            assert document[f"campaigns_{flag}"] == sum(entry[flag] for entry in entries.values())
        stored[min(names)] = entries
    differing = {
        name: (stored.get(name), expected.get(name))
        for name in stored.keys() | expected.keys()
        if stored.get(name) != expected.get(name)
    }
    assert differing == {}, "stored, and true"
    for campaign_id in sent_campaigns(account):
        having = [entries[campaign_id] for entries in expected.values() if campaign_id in entries]
        totals = {flag: sum(entry[flag] for entry in having) for flag in FLAGS}
        found = database.campaigns.find_one({"campaign_id": campaign_id})
        assert found is not None
        assert found["totals"] == {"people": len(having), **totals}


def assert_engaged_true(path: Path, account: Account) -> None:
    """The consolidated CSV of the engaged has a row for each campaign that a person opened or clicked, and no other."""
    expected = []
    for person in expected_people(account):
        (address,) = {one for one in person["names"] if not one.startswith("contact ")} or {""}
        for campaign_id, entry in person["entries"].items():
            if entry["opened"] or entry["clicked"]:
                sent_at, name = account.campaigns[campaign_id].sent_at, account.campaigns[campaign_id].name
                day = sent_at.astimezone(OHIO).date().isoformat() if sent_at else ""
                flags = ("Yes" if entry[flag] else "No" for flag in FLAGS)
                expected.append((_defused(address), _defused(name or ""), day, *flags))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [
        (row["email"].lower(), row["campaign_name"], row["campaign_sent_at"], *(row[flag] for flag in FLAGS))
        for row in rows
    ]
    assert expected
    assert sorted(found) == sorted(expected)


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
