"""What is true of an account: what a pipeline that reads it must arrive at, worked out plainly.

Nothing here is shared with the pipeline: it is what the pipeline is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Count, Report, Summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from octopus_pipeline.sandbox.account import Account, Event, Fields

PAGE_SIZE = 100
"""The most rows EmailOctopus gives a page."""


@dataclass(frozen=True, slots=True)
class ExpectedParticipant:
    """One contact of a campaign.

    A contact deleted since has no e-mail address, no status and no fields. A click implies an open; the times
    are those of the report's own rows, None where there is no dated one.
    """

    contact_id: str
    email_address: str | None
    status: str | None
    fields: Fields
    opened: bool
    clicked: bool
    bounced: bool
    complained: bool
    unsubscribed: bool
    first_at: dict[Report, datetime | None]
    last_at: dict[Report, datetime | None]


@dataclass(frozen=True, slots=True)
class ExpectedRequests:
    """The fewest requests a full sync can make, by kind."""

    campaign_pages: int
    summaries: int
    report_pages: int
    list_pages: int
    contact_pages: int

    @property
    def total(self) -> int:
        """All of them: what API v2 needs."""
        return self.without_contacts + self.list_pages + self.contact_pages

    @property
    def without_contacts(self) -> int:
        """What API v1.6 needs, whose report rows hold the contacts' fields."""
        return self.campaign_pages + self.summaries + self.report_pages


def expected_participants(account: Account, campaign_id: str) -> dict[str, ExpectedParticipant]:
    """The contacts of a campaign by contact id; empty for a campaign without reports."""
    by_contact: dict[str, dict[Report, list[datetime | None]]] = {}
    for report in ENGAGEMENT_REPORTS:
        for event in account.rows(campaign_id, report):
            by_contact.setdefault(event.contact_id, {}).setdefault(report, []).append(event.occurred_at)
    return {contact_id: _participant(account, contact_id, did) for contact_id, did in by_contact.items()}


def expected_summary(account: Account, campaign_id: str) -> Summary:
    """A campaign's totals; all zero for a campaign without reports."""
    bounced = account.rows(campaign_id, Report.BOUNCED)
    return Summary(
        campaign_id=campaign_id,
        sent=_contacts(account.rows(campaign_id, Report.SENT)),
        opened=_count(account.rows(campaign_id, Report.OPENED)),
        clicked=_count(account.rows(campaign_id, Report.CLICKED)),
        bounced_soft=_contacts([event for event in bounced if event.detail == "soft"]),
        bounced_hard=_contacts([event for event in bounced if event.detail != "soft"]),
        complained=_contacts(account.rows(campaign_id, Report.COMPLAINED)),
        unsubscribed=_contacts(account.rows(campaign_id, Report.UNSUBSCRIBED)),
    )


def expected_requests(account: Account) -> ExpectedRequests:
    """How many requests a full sync of the account needs."""
    contacts: dict[tuple[str, str], int] = {}
    for contact in account.contacts.values():
        key = (contact.list_id, contact.status)
        contacts[key] = contacts.get(key, 0) + 1
    return ExpectedRequests(
        campaign_pages=max(1, _pages(len(account.campaigns))),
        summaries=sum(campaign.status in {"sent", "sending"} for campaign in account.campaigns.values()),
        report_pages=sum(
            _pages(len(rows)) for reports in account.events.values() for rows in reports.values()
        ),
        list_pages=max(1, _pages(len(account.lists))),
        contact_pages=sum(map(_pages, contacts.values())),
    )


def _participant(
    account: Account, contact_id: str, did: dict[Report, list[datetime | None]]
) -> ExpectedParticipant:
    contact = account.contacts.get(contact_id)
    times = {report: [time for time in did.get(report, ()) if time] for report in ENGAGEMENT_REPORTS}
    return ExpectedParticipant(
        contact_id=contact_id,
        email_address=contact.email_address if contact else None,
        status=contact.status.value if contact else None,
        fields=contact.fields if contact else {},
        opened=Report.OPENED in did or Report.CLICKED in did,
        clicked=Report.CLICKED in did,
        bounced=Report.BOUNCED in did,
        complained=Report.COMPLAINED in did,
        unsubscribed=Report.UNSUBSCRIBED in did,
        first_at={report: min(found, default=None) for report, found in times.items()},
        last_at={report: max(found, default=None) for report, found in times.items()},
    )


def _contacts(events: Sequence[Event]) -> int:
    return len({event.contact_id for event in events})


def _count(events: Sequence[Event]) -> Count:
    return Count(unique=_contacts(events), total=len(events))


def _pages(rows: int) -> int:
    return -(-rows // PAGE_SIZE)
