"""What API v2 and v1.6 have in common: most resources and records; `wire_v2` and `wire_v1` hold the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar
from urllib.parse import quote

from octopus_pipeline.emailoctopus.reading import (
    Json,
    as_mapping,
    contact_fields,
    items,
    mapping,
    member,
    optional_text,
    optional_time,
    text,
    texts,
    whole_number,
)
from octopus_pipeline.emailoctopus.records import (
    Campaign,
    CampaignStatus,
    Contact,
    ContactList,
    ContactStatus,
    Count,
    LinkClicks,
    ReportRow,
    Summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from octopus_pipeline.emailoctopus.records import Report

PAGE_SIZE = 100
"""Rows a page: the API's maximum."""

_Item = TypeVar("_Item")
_Records = TypeVar("_Records", covariant=True)


@dataclass(frozen=True, slots=True)
class Resource(Generic[_Records]):
    """Something to ask for: its name in messages, its path under the base URL, and how to read a body."""

    name: str
    path: str
    read: Callable[[Json], _Records]


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error in the API's own words; `code` is v1.6's code or the slug of v2's problem type."""

    code: str | None
    words: str


class Wire(ABC):
    """One version of the API: how it spells requests, pages, rows and errors. It holds no state."""

    root: ClassVar[str]
    """The path that all others start with."""

    def campaigns(self) -> Resource[list[Campaign]]:
        """All campaigns, in pages."""
        return listing("campaigns", f"{self.root}/campaigns?limit={PAGE_SIZE}", campaign)

    def campaign(self, campaign_id: str) -> Resource[Campaign]:
        """One campaign."""
        return Resource(f"campaign {campaign_id}", self.campaign_path(campaign_id), campaign)

    def summary(self, campaign_id: str) -> Resource[Summary]:
        """A campaign's totals."""
        path = f"{self.campaign_path(campaign_id)}/reports/summary"
        return Resource(f"summary of campaign {campaign_id}", path, summary)

    def links(self, campaign_id: str) -> Resource[list[LinkClicks]]:
        """A campaign's links."""
        path = f"{self.campaign_path(campaign_id)}/reports/links"
        return listing(f"links of campaign {campaign_id}", path, link_clicks)

    def report(self, campaign_id: str, report: Report) -> Resource[list[ReportRow]]:
        """A per-contact report, in pages."""
        path = f"{self.campaign_path(campaign_id)}/{self.report_path(report)}"
        return listing(f"report {report} of campaign {campaign_id}", path, self.report_row)

    def lists(self) -> Resource[list[ContactList]]:
        """All contact lists, in pages."""
        return listing("lists", f"{self.root}/lists?limit={PAGE_SIZE}", contact_list)

    @abstractmethod
    def contacts(
        self, list_id: str, status: ContactStatus, updated_since: datetime | None
    ) -> Resource[list[Contact]]:
        """A list's contacts of one status, in pages."""

    @abstractmethod
    def report_path(self, report: Report) -> str:
        """The path of a per-contact report, from its campaign's on."""

    @abstractmethod
    def report_row(self, source: Json) -> ReportRow:
        """Read a row of a per-contact report."""

    @abstractmethod
    def next_page(self, body: Json) -> str | None:
        """The URL of the page after this one, absolute or relative; None at the end."""

    @abstractmethod
    def api_error(self, body: object) -> ApiError | None:
        """The error a body tells of; None if it is not such a body."""

    def campaign_path(self, campaign_id: str) -> str:
        """The path of a campaign."""
        return f"{self.root}/campaigns/{quote(campaign_id, safe='')}"

    def contacts_path(self, list_id: str) -> str:
        """The path of a list's contacts."""
        return f"{self.root}/lists/{quote(list_id, safe='')}/contacts"


def listing(name: str, path: str, read: Callable[[Json], _Item]) -> Resource[list[_Item]]:
    """A resource whose body holds objects in an array `data`."""
    return Resource(name, path, partial(items, key="data", read=read))


def campaign(source: Json) -> Campaign:
    """Read a campaign, without its content."""
    sender = as_mapping(source.get("from") or {}, "from")
    return Campaign(
        id=text(source, "id"),
        status=member(source, "status", CampaignStatus),
        name=optional_text(source, "name"),
        subject=optional_text(source, "subject"),
        list_ids=texts(source, "to"),
        from_name=optional_text(sender, "name"),
        from_email=optional_text(sender, "email_address"),
        created_at=optional_time(source, "created_at"),
        sent_at=optional_time(source, "sent_at"),
    )


def summary(source: Json) -> Summary:
    """Read a campaign's totals."""
    bounced = mapping(source, "bounced")
    return Summary(
        campaign_id=text(source, "id"),
        sent=whole_number(source, "sent"),
        opened=_count(mapping(source, "opened")),
        clicked=_count(mapping(source, "clicked")),
        bounced_soft=whole_number(bounced, "soft"),
        bounced_hard=whole_number(bounced, "hard"),
        complained=whole_number(source, "complained"),
        unsubscribed=whole_number(source, "unsubscribed"),
    )


def _count(source: Json) -> Count:
    return Count(unique=whole_number(source, "unique"), total=whole_number(source, "total"))


def link_clicks(source: Json) -> LinkClicks:
    """Read the clicks of one link; v1.6's documentation has the row flat here, wrapped in `link` there."""
    if "link" in source:
        source = mapping(source, "link")
    return LinkClicks(
        url=text(source, "url"),
        clicked_total=whole_number(source, "clicked_total"),
        clicked_unique=whole_number(source, "clicked_unique"),
    )


def contact_list(source: Json) -> ContactList:
    """Read a contact list; `counts` is an object in v1.6 and an array of one in v2's specification."""
    counts = source.get("counts") or {}
    if isinstance(counts, list):
        counts = {key: number for part in counts for key, number in as_mapping(part, "counts").items()}
    counts = as_mapping(counts, "counts")
    return ContactList(
        id=text(source, "id"),
        name=text(source, "name"),
        counts={
            status: None if counts.get(status) is None else whole_number(counts, status)
            for status in ContactStatus
        },
    )


def contact(source: Json, list_id: str) -> Contact:
    """Read a contact of the list `list_id`."""
    return Contact(
        id=text(source, "id"),
        list_id=list_id,
        email_address=optional_text(source, "email_address"),
        status=member(source, "status", ContactStatus),
        fields=contact_fields(source, "fields"),
        tags=texts(source, "tags"),
        created_at=optional_time(source, "created_at"),
        last_updated_at=optional_time(source, "last_updated_at"),
    )
