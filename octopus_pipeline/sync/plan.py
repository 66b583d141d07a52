"""What a sync has to ask for: pure rules over summaries and what was synced before."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, CampaignStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import timedelta

    from octopus_pipeline.emailoctopus.records import Campaign, Count, Report, Summary
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.state import CampaignState

MAX_FAILURES = 3
"""After so many failures in a row at the same summary a campaign is left to people: it goes quiet, not unseen."""


PAGE_ROWS = 100
"""The most rows the API puts on a page."""


class Mode(StrEnum):
    """How much of a campaign is asked for anew."""

    RESYNC = "resync"
    REFRESH = "refresh"


def has_reports(campaign: Campaign) -> bool:
    """Only campaigns that are sent or sending have reports, and so a partition."""
    return campaign.status in {CampaignStatus.SENT, CampaignStatus.SENDING}


def is_live(campaign: Campaign, now: datetime, window: timedelta) -> bool:
    """Whether a campaign's reports may still change: still sending, or sent within the window."""
    if campaign.status == CampaignStatus.SENDING or campaign.sent_at is None:
        return True
    return now - campaign.sent_at <= window


def report_counts(summary: Summary) -> dict[Report, Count]:
    """The counts of the six reports that engagement is made of."""
    return {report: summary.count(report) for report in ENGAGEMENT_REPORTS}


def pages_of(rows: int) -> int:
    """The pages that so many rows come on."""
    return ceil(rows / PAGE_ROWS)


def reports_to_fetch(
    summary: Summary, state: CampaignState, present: Collection[Report], mode: Mode
) -> set[Report]:
    """The reports to ask for: never one whose total is zero; on a refresh only those that can have changed.

    Args:
        summary: the campaign's totals now.
        state: what was synced before.
        present: the reports whose table exists.
        mode: a re-sync asks for all that are not zero.
    """
    counts = {report: count for report, count in report_counts(summary).items() if count.total > 0}
    if mode is Mode.RESYNC:
        return set(counts)
    return {
        report
        for report, count in counts.items()
        if report not in present or state.reports.get(report) != count
    }


def is_stale(counts: Mapping[Report, Count], state: CampaignState) -> bool:
    """Whether the summary differs from the one that was last synced, or the last attempt failed.

    What failed several times at this very summary is left alone, and so is one whose summary cannot be read, until it
    can.
    """
    if state.failures and state.failed_reports in ({}, counts):
        return state.failures < MAX_FAILURES
    return state.synced_at is None or state.reports != counts


def neighbours(wanted: Collection[str], ordered: Iterable[str]) -> list[list[str]]:
    """What is wanted of `ordered`, in groups that stand next to each other there.

    Dagster runs several partitions at once only as a range.
    """
    return [list(keys) for are_wanted, keys in groupby(ordered, key=lambda key: key in wanted) if are_wanted]


def chunks(keys: list[str], size: int) -> list[list[str]]:
    """`keys` in groups of at most `size`."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def due_for_a_look(
    campaigns: Iterable[KnownCampaign], looks: Mapping[str, datetime], now: datetime
) -> list[KnownCampaign]:
    """The campaigns to look at again, those unseen longest first.

    A campaign is due once 2 % of its age has passed since the last look: a day-old one every half hour, a
    month-old one every 14 hours. Its opens come ever more slowly, too.
    """
    never = datetime.min.replace(tzinfo=UTC)

    def is_due(known: KnownCampaign) -> bool:
        look = looks.get(known.campaign.id)
        sent_at = known.campaign.sent_at
        return look is None or sent_at is None or (now - look) >= 0.02 * (now - sent_at)

    return sorted(filter(is_due, campaigns), key=lambda known: looks.get(known.campaign.id, never))
