"""A campaign before it goes out: its record, and who there is to send it to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus
from octopus_pipeline.sandbox.account import Account, Campaign
from octopus_pipeline.sandbox.audience import invent_id
from octopus_pipeline.sandbox.campaign_names import campaign_name, campaign_subject

if TYPE_CHECKING:
    from random import Random

_LINKS = ("apply", "savings", "contact")


def add_campaign(rng: Random, account: Account, sent_at: datetime) -> Campaign:
    """Add a campaign, sent at `sent_at` to nobody yet."""
    index = len(account.campaigns)
    links = tuple(f"https://example.org/{path}?c={index}" for path in _LINKS)
    campaign = Campaign(
        id=invent_id(rng),
        status=CampaignStatus.SENT,
        name=campaign_name(index, sent_at),
        subject=campaign_subject(index),
        list_ids=(next(iter(account.lists)),),
        from_name="Otter Energy",
        from_email="news@example.org",
        html="<html><body>" + "".join(f'<a href="{link}">Read on</a>' for link in links) + "</body></html>",
        created_at=sent_at - timedelta(seconds=rng.randrange(3_600, 5 * 86_400)),
        sent_at=sent_at,
        links=links,
    )
    account.campaigns[campaign.id] = campaign
    return campaign


def choose_lists(rng: Random, account: Account, size: int) -> tuple[tuple[str, ...], list[str]]:
    """A list with `size` subscribed contacts, or else all lists; and the ids of those contacts."""
    subscribed: dict[str, list[str]] = {list_id: [] for list_id in account.lists}
    for contact in account.contacts.values():
        if contact.status is ContactStatus.SUBSCRIBED:
            subscribed[contact.list_id].append(contact.id)
    chosen = rng.choice([*subscribed])
    if len(subscribed[chosen]) >= size:
        return (chosen,), subscribed[chosen]
    return tuple(subscribed), [contact_id for contacts in subscribed.values() for contact_id in contacts]


def unsubscribe(account: Account, contact_id: str, at: datetime) -> None:
    """Note that a contact has unsubscribed."""
    contact = account.contacts[contact_id]
    contact.status = ContactStatus.UNSUBSCRIBED
    contact.last_updated_at = max(contact.last_updated_at, at)
