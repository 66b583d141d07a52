"""The passing of time: what an account is some hours later."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil, exp
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import orjson

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, Report
from octopus_pipeline.sandbox.account import Event, add_events
from octopus_pipeline.sandbox.mailings import (
    BOUNCED,
    CLICKED_AFTER_OPEN,
    COMPLAINED,
    MEAN_DELAY_SECONDS,
    OPENED,
    UNSUBSCRIBED,
    about,
    deliver,
    engage,
)
from octopus_pipeline.sandbox.people import invent_address, money_fields
from octopus_pipeline.sandbox.planning import add_campaign, choose_lists, unsubscribe

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Account, Campaign

HOURS_BETWEEN_CAMPAIGNS = 48
"""How long it is from one new campaign to the next, on average."""

_WATCHED = timedelta(days=30)
_HOURS_OF_SENDING = 24
_CHANGED_AN_HOUR, _DELETED_AN_HOUR = 0.0005, 0.00005
_LATE_BOUNCES = 0.1


class _Span(NamedTuple):
    """The time that passes."""

    since: datetime
    until: datetime

    @property
    def hours(self) -> float:
        return (self.until - self.since).total_seconds() / 3_600

    def moment(self, rng: Random) -> datetime:
        """Some second after `since`, no later than `until`."""
        seconds = int((self.until - self.since).total_seconds())
        return self.since + timedelta(seconds=rng.randint(1, max(1, seconds)))


def advance_account(account: Account, *, hours: float, seed: int = 0) -> None:
    """Let `hours` pass, in place.

    Nothing that was reported is taken back. The newest campaign always finds a reader, others as their age
    has it; a sending one goes on; now and then there is a new one; some contacts change, a few are deleted.
    The same account, hours and seed give the same account.

    Raises:
        ValueError: if less than a minute is to pass.
    """
    span = _Span(account.now, account.now + timedelta(seconds=int(hours * 3_600)))
    if hours * 60 < 1:
        message = "at least a minute has to pass"
        raise ValueError(message)
    rng = Random(f"{seed} {account.now.isoformat()}")  # noqa: S311  # invented people need no cryptography
    account.now = span.until
    watched = _watched(account, span)
    for campaign in watched:
        _engage_more(rng, account, campaign, span, least=1 if campaign is watched[-1] else 0)
    for campaign in list(account.campaigns.values()):
        if campaign.status is CampaignStatus.SENDING:
            _go_on_sending(rng, account, campaign, span)
    if rng.random() < 1 - exp(-span.hours / HOURS_BETWEEN_CAMPAIGNS):
        _send_another(rng, account, span)
    _change_contacts(rng, account, span)
    _delete_contacts(rng, account, span)


def _watched(account: Account, span: _Span) -> list[Campaign]:
    """The campaigns young enough to be still read, oldest first."""
    young = [
        campaign
        for campaign in account.campaigns.values()
        if campaign.sent_at
        and span.since - campaign.sent_at < _WATCHED
        and account.rows(campaign.id, Report.SENT)
    ]
    return sorted(young, key=lambda campaign: (campaign.sent_at or span.since, campaign.id))


def _engage_more(rng: Random, account: Account, campaign: Campaign, span: _Span, least: int) -> None:
    def ids(report: Report) -> set[str]:
        return {event.contact_id for event in account.rows(campaign.id, report)}

    sent = account.rows(campaign.id, Report.SENT)
    bounced, opened = ids(Report.BOUNCED), ids(Report.OPENED)
    reached = [
        event.contact_id
        for event in sent
        if event.contact_id not in bounced and event.contact_id in account.contacts
    ]
    expected = len(sent) * _share_of_delays(campaign, span)

    def some(share: float, least: int = 0) -> list[str]:
        return rng.sample(reached, min(len(reached), max(least, about(rng, expected * share))))

    def rows(contact_ids: list[str], detail: str | None = None) -> list[Event]:
        return [Event(contact_id, span.moment(rng), detail) for contact_id in contact_ids]

    openers = some(OPENED, least)
    leavers = [
        each for each in some(UNSUBSCRIBED) if account.contacts[each].status is ContactStatus.SUBSCRIBED
    ]
    strangers = [each for each in some(BOUNCED * _LATE_BOUNCES) if each not in opened | set(openers)]
    unsubscribed = rows(leavers)
    add_events(
        account,
        campaign.id,
        {
            Report.OPENED: rows(openers) if campaign.tracks_opens else [],
            Report.CLICKED: rows(some(OPENED * CLICKED_AFTER_OPEN), rng.choice(campaign.links)),
            Report.BOUNCED: rows(strangers, "soft"),
            Report.COMPLAINED: rows(some(COMPLAINED)),
            Report.UNSUBSCRIBED: unsubscribed,
        },
    )
    for event in unsubscribed:
        unsubscribe(account, event.contact_id, event.occurred_at or span.until)


def _share_of_delays(campaign: Campaign, span: _Span) -> float:
    """The share of all reactions to a campaign that falls into the span."""
    sent_at = campaign.sent_at or span.since
    before, after = (max(0.0, (time - sent_at).total_seconds()) for time in span)
    return exp(-before / MEAN_DELAY_SECONDS) - exp(-after / MEAN_DELAY_SECONDS)


def _go_on_sending(rng: Random, account: Account, campaign: Campaign, span: _Span) -> None:
    done = {event.contact_id for event in account.rows(campaign.id, Report.SENT)}
    waiting = [
        contact.id
        for contact in account.contacts.values()
        if contact.list_id in campaign.list_ids
        and contact.status is ContactStatus.SUBSCRIBED
        and contact.id not in done
    ]
    left = min(campaign.recipients - len(done), len(waiting))
    now = min(left, ceil(campaign.recipients * span.hours / _HOURS_OF_SENDING))
    _send(rng, account, campaign, rng.sample(waiting, now), span.since + timedelta(seconds=1))
    if now == left:
        campaign.status = CampaignStatus.SENT
        campaign.recipients = len(done) + now


def _send_another(rng: Random, account: Account, span: _Span) -> None:
    sizes = sorted(len(reports[Report.SENT]) for reports in account.events.values())
    size = sizes[len(sizes) // 2] if sizes else 0
    campaign = add_campaign(rng, account, span.since + (span.moment(rng) - span.since) / 2)
    campaign.sent_at = (campaign.sent_at or span.since).replace(microsecond=0)
    campaign.list_ids, contacts = choose_lists(rng, account, size)
    campaign.recipients = min(size, len(contacts))
    _send(rng, account, campaign, rng.sample(contacts, campaign.recipients), campaign.sent_at)


def _send(rng: Random, account: Account, campaign: Campaign, contact_ids: list[str], start: datetime) -> None:
    sent = deliver(contact_ids, start)
    did = engage(rng, sent, campaign.links, account.now)
    add_events(account, campaign.id, {Report.SENT: sent, **did})
    for event in did[Report.UNSUBSCRIBED]:
        unsubscribe(account, event.contact_id, event.occurred_at or start)


def _change_contacts(rng: Random, account: Account, span: _Span) -> None:
    contacts = list(account.contacts.values())
    count = min(len(contacts), max(1, about(rng, len(contacts) * _CHANGED_AN_HOUR * span.hours)))
    for contact in rng.sample(contacts, count):
        kwh = rng.randrange(2_400, 30_000)
        fields = contact.fields | {"Address": invent_address(rng), "kWh": kwh, **money_fields(kwh * 0.15)}
        contact.fields_json = orjson.dumps(fields).decode()
        contact.last_updated_at = span.moment(rng)


def _delete_contacts(rng: Random, account: Account, span: _Span) -> None:
    count = about(rng, len(account.contacts) * _DELETED_AN_HOUR * span.hours)
    for contact_id in rng.sample([*account.contacts], min(count, len(account.contacts))):
        del account.contacts[contact_id]
