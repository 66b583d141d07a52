"""The records of an EmailOctopus account: the same for API v2 and v1.6.

Enumerations are lower case (API v2's spelling), times are aware UTC datetimes, and absent values are `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FieldValue = str | int | float | bool | list[str] | None
"""A contact field: text, date and single choice are `str`, numbers `int` or text, multiple choice a list."""


class Report(StrEnum):
    """A per-contact report of a campaign; the values are API v2's `status` parameter and v1.6's path."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    NOT_OPENED = "not-opened"
    NOT_CLICKED = "not-clicked"


ENGAGEMENT_REPORTS = (
    Report.SENT,
    Report.OPENED,
    Report.CLICKED,
    Report.BOUNCED,
    Report.COMPLAINED,
    Report.UNSUBSCRIBED,
)
"""The six reports engagement is made of; `not-*` are their complements and fetched on request only."""


class CampaignStatus(StrEnum):
    """Where a campaign stands; only `sending` and `sent` ones have reports."""

    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"
    ERROR = "error"


class ContactStatus(StrEnum):
    """A contact's status on its list."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign, without its content. `sent_at` is None for drafts; name and subject may be None."""

    id: str
    status: CampaignStatus
    name: str | None
    subject: str | None
    list_ids: tuple[str, ...]
    from_name: str | None
    from_email: str | None
    created_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts did something (`unique`) and how often it was done in all (`total`)."""

    unique: int
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A campaign's totals as EmailOctopus counts them."""

    campaign_id: str
    sent: int
    opened: Count
    clicked: Count
    bounced_soft: int
    bounced_hard: int
    complained: int
    unsubscribed: int

    def count(self, report: Report) -> Count:
        """The contacts (`unique`) and events (`total`) that `report` is expected to hold.

        `not-*` reports are the complement of their positive within `sent`.
        """
        match report:
            case Report.OPENED:
                return self.opened
            case Report.CLICKED:
                return self.clicked
            case Report.BOUNCED:
                number = self.bounced_soft + self.bounced_hard
            case Report.COMPLAINED:
                number = self.complained
            case Report.UNSUBSCRIBED:
                number = self.unsubscribed
            case Report.SENT:
                number = self.sent
            case Report.NOT_OPENED:
                number = self.sent - self.opened.unique
            case Report.NOT_CLICKED:
                number = self.sent - self.clicked.unique
        return Count(unique=number, total=number)


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """How often one link of a campaign was clicked."""

    url: str
    clicked_total: int
    clicked_unique: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of a per-contact report.

    `email_address` is None for a contact deleted since; `occurred_at` is None where the API leaves it out.
    `status`, `fields` and `contact_updated_at` come with API v1.6 only: v2's rows carry none.
    """

    contact_id: str
    email_address: str | None
    occurred_at: datetime | None
    status: ContactStatus | None = None
    fields: Mapping[str, FieldValue] | None = None
    contact_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list of contacts with its size by status (None where the API does not say)."""

    id: str
    name: str
    counts: Mapping[ContactStatus, int | None]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact on a list; the same person on two lists is two contacts with two ids."""

    id: str
    list_id: str
    email_address: str | None
    status: ContactStatus
    fields: Mapping[str, FieldValue]
    tags: tuple[str, ...]
    created_at: datetime | None
    last_updated_at: datetime | None
