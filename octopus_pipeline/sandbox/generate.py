"""An account of any size from a seed: the same seed gives the same bytes.

Every trap that the real data sets is in it, from eight campaigns on: see `data/sample/README.md`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import CampaignStatus, Report
from octopus_pipeline.sandbox.account import Account, add_events
from octopus_pipeline.sandbox.audience import add_contacts, build_lists
from octopus_pipeline.sandbox.mailings import deliver, engage
from octopus_pipeline.sandbox.planning import add_campaign, choose_lists, unsubscribe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octopus_pipeline.sandbox.account import Campaign, CampaignEvents, Event

NOW = datetime(2025, 10, 1, 16, tzinfo=UTC)
"""The clock of every generated account."""

CAMPAIGNS_A_PERSON = 8
_SPREAD_OF_SIZES = 0.8
_OLDEST_DAYS, _NEWEST_DAYS = 390, 2
_DELETED_SINCE = 0.015
_ENOUGH_FOR_OTHER_STATES = 8
_ENOUGH_FOR_PLANTED_TRAPS = 4


def generate_account(
    *, seed: int, campaigns: int, rows: int, lists: int = 3, largest_share: float | None = None
) -> Account:
    """Make up an account.

    Args:
        seed: Decides everything that is random.
        campaigns: How many campaigns; from 8 on, drafts, an empty, a failed and a sending one are among them.
        rows: How many (campaign, contact) rows: the sum of the campaigns' `sent`.
        lists: How many contact lists.
        largest_share: The largest campaign's share of `rows`; by default sizes are log-normal.

    Raises:
        ValueError: if there are no campaigns or lists, or fewer rows than campaigns.
    """
    if campaigns < 1 or lists < 1 or rows < campaigns:
        message = "an account needs a campaign, a list, and at least a row a campaign"
        raise ValueError(message)
    rng = Random(seed)  # noqa: S311  # invented people need no cryptography
    others = _states_beside_sent(campaigns)
    sizes = _sizes(rng, campaigns - len(others), rows, largest_share)
    oldest = NOW - timedelta(days=_OLDEST_DAYS)
    account = Account(now=NOW)
    account.lists = {each.id: each for each in build_lists(rng, lists, oldest - timedelta(days=90))}
    people = max(rows // CAMPAIGNS_A_PERSON, max(sizes) * 11 // 10 + 20)
    add_contacts(rng, account, people, imported_before=oldest)
    for index, size in enumerate(sizes):
        _send(rng, account, size, _sending_time(rng, index, len(sizes)))
    if others:
        _leave_sending(rng, account, [*account.campaigns.values()][-1])
    for status in others:
        _add_unsent(rng, account, status)
    if len(sizes) >= _ENOUGH_FOR_PLANTED_TRAPS:
        _plant_twins(account)
        _take_times_away(account)
        _track_no_opens(account)
    _delete_some(rng, account)
    return account


def _states_beside_sent(campaigns: int) -> list[CampaignStatus]:
    """The states of the campaigns that are sent to nobody; `sent` is among them."""
    if campaigns < _ENOUGH_FOR_OTHER_STATES:
        return []
    drafts = [CampaignStatus.DRAFT] * max(1, campaigns // 30)
    return [*drafts, CampaignStatus.ERROR, CampaignStatus.SENT]


def _sizes(rng: Random, campaigns: int, rows: int, largest_share: float | None) -> list[int]:
    """Log-normal sizes of at least 1 that add up to `rows`; the last, the newest campaign's, is middling."""
    normal = NormalDist(0, _SPREAD_OF_SIZES)
    weights = [exp(normal.inv_cdf((i + 0.5) / campaigns)) for i in range(campaigns)]
    if largest_share is not None and campaigns > 1:
        if largest_share >= 1:
            message = "the largest campaign's share of the rows of several must be less than 1"
            raise ValueError(message)
        weights[-1] = sum(weights[:-1]) * largest_share / (1 - largest_share)
    spare = rows - campaigns
    sizes = [1 + int(spare * weight / sum(weights)) for weight in weights]
    sizes[-1] += rows - sum(sizes)
    newest = sizes.pop((campaigns - 1) // 2)
    rng.shuffle(sizes)
    return [*sizes, newest]


def _sending_time(rng: Random, index: int, campaigns: int) -> datetime:
    """Over a year, in the working hours of Ohio, oldest first; the first two are of one day."""
    passed = max(0, index - 1) / (campaigns - 2) if campaigns > 2 else 1.0
    days = round(_OLDEST_DAYS - (_OLDEST_DAYS - _NEWEST_DAYS) * passed)
    day = (NOW - timedelta(days=days)).replace(hour=13)
    return day + timedelta(seconds=rng.randrange(4 * 3_600))


def _send(rng: Random, account: Account, size: int, sent_at: datetime) -> None:
    """Send a campaign to `size` contacts; whoever unsubscribes gets no later one."""
    campaign = add_campaign(rng, account, sent_at)
    campaign.list_ids, contacts = choose_lists(rng, account, size)
    campaign.recipients = size
    sent = deliver(rng.sample(contacts, size), sent_at)
    did = engage(rng, sent, campaign.links, account.now)
    add_events(account, campaign.id, {Report.SENT: sent, **did})
    for event in did[Report.UNSUBSCRIBED]:
        unsubscribe(account, event.contact_id, event.occurred_at or sent_at)


def _leave_sending(rng: Random, account: Account, campaign: Campaign) -> None:
    """Let a campaign be half-way through its recipients."""
    _, contacts = choose_lists(rng, account, campaign.recipients)
    campaign.status = CampaignStatus.SENDING
    campaign.recipients += min(campaign.recipients, len(contacts) // 2)


def _add_unsent(rng: Random, account: Account, status: CampaignStatus) -> None:
    campaign = add_campaign(rng, account, account.now - timedelta(days=20 + len(account.campaigns) % 40))
    campaign.status = status
    if status is CampaignStatus.DRAFT:
        campaign.name = campaign.subject = campaign.sent_at = None


def _plant_twins(account: Account) -> None:
    """Give the second campaign the name, the day and the first 8 characters of the id of the first."""
    first, second = list(account.campaigns.values())[:2]
    events = account.events.pop(second.id)
    second.id = first.id[:8] + second.id[8:]
    second.name = first.name
    account.campaigns = {each.id: each for each in account.campaigns.values()}
    account.events[second.id] = events


def _take_times_away(account: Account) -> None:
    """Take the times of the oldest campaign's rows, as small plans lose them, and some of the third's."""
    oldest, _, third = list(account.campaigns)[:3]
    for campaign_id, every in ((oldest, 1), (third, 3)):
        reports = account.events.pop(campaign_id)
        undated: CampaignEvents = {report: _undated(rows, every) for report, rows in reports.items()}
        add_events(account, campaign_id, undated)


def _undated(rows: Sequence[Event], every: int) -> list[Event]:
    return [row._replace(occurred_at=None) if i % every == 0 else row for i, row in enumerate(rows)]


def _track_no_opens(account: Account) -> None:
    """Let the fourth campaign be one that does not track opens."""
    campaign = list(account.campaigns.values())[3]
    campaign.tracks_opens = False
    account.events[campaign.id].pop(Report.OPENED, None)


def _delete_some(rng: Random, account: Account) -> None:
    deleted = rng.sample([*account.contacts], max(1, int(len(account.contacts) * _DELETED_SINCE)))
    for contact_id in deleted:
        del account.contacts[contact_id]
