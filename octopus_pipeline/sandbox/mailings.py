"""What happens when a campaign goes out: who it is sent to and what they do with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox.account import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from octopus_pipeline.sandbox.account import CampaignEvents

MEAN_DELAY_SECONDS = 1.2 * 86_400
"""How long after sending people open, on average."""

OPENED, CLICKED_AFTER_OPEN, CLICKED_ONLY = 0.025, 0.05, 0.0003
BOUNCED, HARD_OF_BOUNCED = 0.01, 0.6
COMPLAINED, UNSUBSCRIBED = 0.0004, 0.003

_SENT_PER_SECOND = 20
_SHOWS_EVERYTHING = 200
"""From this many recipients on, a campaign has a row of each kind, so that small accounts show them all."""


def deliver(recipients: Sequence[str], start: datetime) -> list[Event]:
    """The `sent` rows of a delivery that starts at `start`."""
    times = [start + timedelta(seconds=s) for s in range(len(recipients) // _SENT_PER_SECOND + 1)]
    return [Event(contact_id, times[i // _SENT_PER_SECOND]) for i, contact_id in enumerate(recipients)]


def engage(rng: Random, sent: Sequence[Event], links: Sequence[str], until: datetime) -> CampaignEvents:
    """What the recipients of `sent` did up to `until`, as the rows of the other five reports."""
    least = 1 if len(sent) >= _SHOWS_EVERYTHING else 0
    bounced = rng.sample(sent, max(least, about(rng, len(sent) * BOUNCED)))
    lost = {event.contact_id for event in bounced}
    reached = [event for event in sent if event.contact_id not in lost]

    def some(share: float) -> list[Event]:
        return rng.sample(reached, min(len(reached), max(least, about(rng, len(sent) * share))))

    openers = some(OPENED * rng.uniform(0.8, 1.2))
    opened = [row for event in openers for row in _opens(rng, event)]
    clickers = [event for event in openers if rng.random() < CLICKED_AFTER_OPEN] or openers[:least]
    opened_by = {event.contact_id for event in openers}
    only_clicked = [event for event in some(CLICKED_ONLY) if event.contact_id not in opened_by]
    rows = {
        Report.OPENED: opened,
        Report.CLICKED: [row for event in clickers + only_clicked for row in _clicks(rng, event, links)],
        Report.BOUNCED: [_bounce(rng, event) for event in bounced],
        Report.COMPLAINED: [_later(rng, event) for event in some(COMPLAINED)],
        Report.UNSUBSCRIBED: [_later(rng, event) for event in some(UNSUBSCRIBED)],
    }
    return {report: [row for row in found if happened(row, until)] for report, found in rows.items()}


def about(rng: Random, expected: float) -> int:
    """A whole number near `expected`, right on average."""
    return int(expected + rng.random())


def happened(event: Event, until: datetime) -> bool:
    """Whether a dated row lies no later than `until`."""
    return event.occurred_at is not None and event.occurred_at <= until


def _sent_at(event: Event) -> datetime:
    if event.occurred_at is None:
        message = "engagement is made before times are taken away"
        raise ValueError(message)
    return event.occurred_at


def _later(rng: Random, event: Event, detail: str | None = None) -> Event:
    delay = 20 + int(rng.expovariate(1 / MEAN_DELAY_SECONDS))
    return Event(event.contact_id, _sent_at(event) + timedelta(seconds=delay), detail)


def _bounce(rng: Random, event: Event) -> Event:
    if rng.random() < HARD_OF_BOUNCED:
        return Event(event.contact_id, _sent_at(event) + timedelta(seconds=rng.randrange(1, 60)), "hard")
    return Event(event.contact_id, _sent_at(event) + timedelta(seconds=rng.randrange(60, 2 * 86_400)), "soft")


def _opens(rng: Random, event: Event) -> list[Event]:
    rows = [_later(rng, event)]
    while rng.random() < 0.3:
        rows.append(_after(rng, rows[-1], 86_400))
    return rows


def _clicks(rng: Random, event: Event, links: Sequence[str]) -> list[Event]:
    rows = [_later(rng, event, rng.choice(links))]
    while rng.random() < 0.25:
        rows.append(_after(rng, rows[-1], 600)._replace(detail=rng.choice(links)))
    return rows


def _after(rng: Random, event: Event, seconds: int) -> Event:
    return event._replace(occurred_at=_sent_at(event) + timedelta(seconds=rng.randrange(1, seconds)))
