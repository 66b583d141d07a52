"""An account as its API reads it: sorted, filtered and counted once, until the account changes."""

from __future__ import annotations

from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, LinkClicks, Report, Summary
from octopus_pipeline.sandbox.account import Campaign, Contact, ContactList, Event, milliseconds
from octopus_pipeline.sandbox.refusals import Reason, Refusal
from octopus_pipeline.sandbox.truth import expected_summary

if TYPE_CHECKING:
    from collections.abc import Set
    from datetime import datetime

    from octopus_pipeline.sandbox.account import Account

_COMPLEMENTS = {Report.NOT_OPENED: Report.OPENED, Report.NOT_CLICKED: Report.CLICKED}
_WITH_REPORTS = {CampaignStatus.SENT, CampaignStatus.SENDING}


class ContactFilter(NamedTuple):
    """Which contacts of a list are asked for; None means any."""

    status: ContactStatus | None = None
    tag: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None


class Directory:
    """Look-ups in an account, without the campaigns in `vanished`; `forget` after the account has changed."""

    def __init__(self, account: Account, vanished: Set[str]) -> None:
        self.account = account
        self._vanished = vanished
        self.forget()

    def forget(self) -> None:
        """Work everything out anew on the next look-up."""
        self.contacts = lru_cache(maxsize=64)(self._contacts)
        self._summary = lru_cache(maxsize=None)(self._summary_of)
        self._complement = lru_cache(maxsize=8)(self._not_in)
        self._by_list = lru_cache(maxsize=None)(self._contacts_of)
        self._by_md5 = lru_cache(maxsize=8)(self._contacts_by_md5)

    def campaigns(self) -> list[Campaign]:
        """Every campaign, oldest first."""
        there = [each for each in self.account.campaigns.values() if each.id not in self._vanished]
        return sorted(there, key=created_order)

    def campaign(self, campaign_id: str) -> Campaign:
        """One campaign.

        Raises:
            Refusal: if there is none of this id.
        """
        found = self.account.campaigns.get(campaign_id)
        if found is None or campaign_id in self._vanished:
            raise Refusal(Reason.NOT_FOUND, "campaign")
        return found

    def reported_campaign(self, campaign_id: str) -> Campaign:
        """One campaign that has reports.

        Raises:
            Refusal: if there is none of this id, or it is not sent.
        """
        campaign = self.campaign(campaign_id)
        if campaign.status not in _WITH_REPORTS:
            raise Refusal(Reason.NOT_SENT, "campaign")
        return campaign

    def summary(self, campaign_id: str) -> Summary:
        """A campaign's totals."""
        return self._summary(self.reported_campaign(campaign_id).id)

    def report(self, campaign_id: str, report: Report) -> list[Event]:
        """The rows of a report, in order; those of `not-*` reports have no time."""
        self.reported_campaign(campaign_id)
        if report in _COMPLEMENTS:
            return self._complement(campaign_id, _COMPLEMENTS[report])
        return self.account.rows(campaign_id, report)

    def links(self, campaign_id: str) -> list[LinkClicks]:
        """How often each link of a campaign was clicked."""
        campaign = self.reported_campaign(campaign_id)
        clicked = self.account.rows(campaign_id, Report.CLICKED)
        found = []
        for url in campaign.links:
            contacts = [event.contact_id for event in clicked if event.detail == url]
            found.append(LinkClicks(url, clicked_total=len(contacts), clicked_unique=len(set(contacts))))
        return found

    def lists(self) -> list[ContactList]:
        """Every list, oldest first."""
        return sorted(self.account.lists.values(), key=created_order)

    def contact_list(self, list_id: str) -> ContactList:
        """One list.

        Raises:
            Refusal: if there is none of this id.
        """
        found = self.account.lists.get(list_id)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, "list")
        return found

    def size(self, list_id: str, status: ContactStatus) -> int:
        """How many contacts of a status a list has."""
        return len(self.contacts(list_id, ContactFilter(status)))

    def tags(self, list_id: str) -> list[str]:
        """The tags that a list's contacts have, sorted."""
        return sorted({tag for contact in self._by_list(list_id) for tag in contact.tags})

    def contact(self, list_id: str, contact_id: str) -> Contact:
        """One contact of a list, by its id or the MD5 of its e-mail address in lower case.

        Raises:
            Refusal: if the list has none.
        """
        self.contact_list(list_id)
        found = self.account.contacts.get(contact_id) or self._by_md5(list_id).get(contact_id)
        if found is None or found.list_id != list_id:
            raise Refusal(Reason.NOT_FOUND, "contact")
        return found

    def _contacts(self, list_id: str, wanted: ContactFilter) -> list[Contact]:
        self.contact_list(list_id)
        return [contact for contact in self._by_list(list_id) if _is_wanted(contact, wanted)]

    def _contacts_of(self, list_id: str) -> list[Contact]:
        return sorted((c for c in self.account.contacts.values() if c.list_id == list_id), key=created_order)

    def _contacts_by_md5(self, list_id: str) -> dict[str, Contact]:
        return {_md5(contact.email_address): contact for contact in self._by_list(list_id)}

    def _summary_of(self, campaign_id: str) -> Summary:
        return expected_summary(self.account, campaign_id)

    def _not_in(self, campaign_id: str, report: Report) -> list[Event]:
        did = {event.contact_id for event in self.account.rows(campaign_id, report)}
        sent = {event.contact_id for event in self.account.rows(campaign_id, Report.SENT)}
        return [Event(contact_id, None) for contact_id in sorted(sent - did)]


def created_order(item: Campaign | ContactList | Contact) -> tuple[int, str]:
    """The order of campaigns, lists and contacts: when they were created, then their id."""
    return (milliseconds(item.created_at), item.id)


def _is_wanted(contact: Contact, wanted: ContactFilter) -> bool:
    return (
        (wanted.status is None or contact.status is wanted.status)
        and (wanted.tag is None or wanted.tag in contact.tags)
        and (wanted.created_from is None or contact.created_at >= wanted.created_from)
        and (wanted.created_to is None or contact.created_at <= wanted.created_to)
        and (wanted.updated_from is None or contact.last_updated_at >= wanted.updated_from)
        and (wanted.updated_to is None or contact.last_updated_at <= wanted.updated_to)
    )


def _md5(email_address: str) -> str:
    return md5(email_address.lower().encode(), usedforsecurity=False).hexdigest()
