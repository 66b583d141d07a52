"""The campaigns that people received (`empowersave_development.campaigns`), and those that filters choose."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.people.database import CAMPAIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, tzinfo

    from pymongo.database import Database

    from octopus_pipeline.people.filters import PeopleFilter


class NoSuchCampaignError(PipelineError):
    """People received no campaign of this name or id."""


@dataclass(frozen=True, slots=True)
class ReceivedCampaign:
    """A campaign; `sent_at` is aware, or None for one of which that is not known."""

    id: str
    name: str | None
    sent_at: datetime | None


def received_campaigns(database: Database[dict[str, Any]]) -> list[ReceivedCampaign]:
    """Every campaign, in the order sent; those of which that is not known come last, by id."""
    found = database[CAMPAIGNS].find({}, {"_id": False, "campaign_id": True, "name": True, "sent_at": True})
    campaigns = [
        ReceivedCampaign(one["campaign_id"], one.get("name"), _aware(one.get("sent_at"))) for one in found
    ]
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(campaigns, key=lambda one: (one.sent_at or latest, one.id))


def chosen_campaigns(
    campaigns: Iterable[ReceivedCampaign], filters: PeopleFilter, time_zone: tzinfo
) -> list[str] | None:
    """The ids of the campaigns that filters choose, in the order given; None if they choose none in particular.

    Args:
        campaigns: every campaign.
        filters: of which `campaign`, `sent_from` and `sent_to` count.
        time_zone: in which days begin.

    Raises:
        NoSuchCampaignError: for a name or an id that no campaign has; the message names those that come near.
    """
    if not filters.campaign and filters.sent_from is None and filters.sent_to is None:
        return None
    every = list(campaigns)
    named = {one for wanted in filters.campaign for one in _of_name(every, wanted)}
    first = _start(filters.sent_from, time_zone)
    end = _start(filters.sent_to and filters.sent_to + timedelta(days=1), time_zone)
    return [
        one.id
        for one in every
        if (not filters.campaign or one.id in named)
        and (first is None or (one.sent_at is not None and one.sent_at >= first))
        and (end is None or (one.sent_at is not None and one.sent_at < end))
    ]


def _of_name(campaigns: Sequence[ReceivedCampaign], wanted: str) -> list[str]:
    exact = [one.id for one in campaigns if one.id == wanted]
    named = [one.id for one in campaigns if (one.name or "").casefold() == wanted.casefold()]
    if exact or named:
        return exact or named
    names = sorted({one.name for one in campaigns if one.name})
    near = [name for name in names if wanted.casefold() in name.casefold()]
    near = near or difflib.get_close_matches(wanted, names)
    hint = f"; did you mean {', '.join(near[:5])}?" if near else "; `octopus stats` lists them"
    message = f"no campaign that people received has the name or id {wanted!r}{hint}"
    raise NoSuchCampaignError(message)


def _start(day: date | None, time_zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), time_zone)


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
