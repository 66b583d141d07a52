"""What a sync asks for: rules over summaries and what was synced before."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import (
    ENGAGEMENT_REPORTS,
    Campaign,
    CampaignStatus,
    Count,
    Report,
    Summary,
)
from octopus_pipeline.sync.campaigns import KnownCampaign
from octopus_pipeline.sync.plan import (
    MAX_FAILURES,
    Mode,
    chunks,
    due_for_a_look,
    is_live,
    is_stale,
    neighbours,
    report_counts,
    reports_to_fetch,
)
from octopus_pipeline.sync.state import CampaignState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUMMARY = Summary("c1", 1939, Count(48, 60), Count(1, 1), 12, 8, 0, 3)
SYNCED = CampaignState("c1", reports=report_counts(SUMMARY), synced_at=NOW)


def campaign(sent_at: datetime | None, status: CampaignStatus = CampaignStatus.SENT) -> Campaign:
    return Campaign("c1", status, "Fall", None, (), None, None, NOW, sent_at)


def test_a_resync_asks_for_every_report_that_is_not_empty() -> None:
    wanted = reports_to_fetch(SUMMARY, SYNCED, ENGAGEMENT_REPORTS, Mode.RESYNC)
    assert wanted == {Report.SENT, Report.OPENED, Report.CLICKED, Report.BOUNCED, Report.UNSUBSCRIBED}


def test_a_refresh_of_an_unchanged_campaign_asks_for_nothing() -> None:
    assert reports_to_fetch(SUMMARY, SYNCED, ENGAGEMENT_REPORTS, Mode.REFRESH) == set()


def test_a_refresh_asks_for_a_report_whose_total_alone_moved() -> None:
    """The same people opened again: as many contacts, later times."""
    again = Summary("c1", 1939, Count(48, 61), Count(1, 1), 12, 8, 0, 3)
    assert reports_to_fetch(again, SYNCED, ENGAGEMENT_REPORTS, Mode.REFRESH) == {Report.OPENED}


def test_a_refresh_asks_for_a_report_whose_table_is_gone() -> None:
    present = set(ENGAGEMENT_REPORTS) - {Report.SENT}
    assert reports_to_fetch(SUMMARY, SYNCED, present, Mode.REFRESH) == {Report.SENT}


def test_a_campaign_is_stale_until_its_very_summary_was_synced() -> None:
    counts = report_counts(SUMMARY)
    assert is_stale(counts, CampaignState("c1"))
    assert not is_stale(counts, SYNCED)
    assert is_stale({**counts, Report.CLICKED: Count(2, 2)}, SYNCED)


def test_a_campaign_that_keeps_failing_goes_quiet_until_its_summary_changes() -> None:
    counts = report_counts(SUMMARY)
    failing = CampaignState("c1", failures=MAX_FAILURES, failed_at=NOW, failed_reports=counts)
    assert not is_stale(counts, failing)
    assert is_stale({**counts, Report.OPENED: Count(49, 62)}, failing)
    assert is_stale(counts, CampaignState("c1", failures=MAX_FAILURES - 1, failed_reports=counts))


@pytest.mark.parametrize(
    ("sent_at", "status", "live"),
    [
        (NOW - timedelta(days=29), CampaignStatus.SENT, True),
        (NOW - timedelta(days=31), CampaignStatus.SENT, False),
        (NOW - timedelta(days=400), CampaignStatus.SENDING, True),
        (None, CampaignStatus.SENDING, True),
    ],
)
def test_a_campaign_is_live_within_the_window_or_while_sending(
    sent_at: datetime | None, status: CampaignStatus, *, live: bool
) -> None:
    assert is_live(campaign(sent_at, status), NOW, timedelta(days=30)) is live


def test_the_older_a_campaign_the_rarer_the_look_and_the_longest_unseen_come_first() -> None:
    def known(key: str, days: float) -> KnownCampaign:
        sent = NOW - timedelta(days=days)
        one = Campaign(key, CampaignStatus.SENT, key, None, (), None, None, sent, sent)
        return KnownCampaign(one, key, {}, NOW, NOW, None)

    campaigns = [known("fresh", 1), known("old", 20), known("unseen", 20)]
    looks = {"fresh": NOW - timedelta(hours=1), "old": NOW - timedelta(hours=1)}
    assert [one.key for one in due_for_a_look(campaigns, looks, NOW)] == ["unseen", "fresh"]


@given(st.lists(st.booleans(), max_size=40))
def test_groups_of_neighbours_hold_what_is_wanted_in_order_and_are_apart(wanted: list[bool]) -> None:
    ordered = [f"key{place}" for place in range(len(wanted))]
    keys = {key for key, is_wanted in zip(ordered, wanted, strict=True) if is_wanted}
    groups = neighbours(keys, ordered)
    assert [key for group in groups for key in group] == [key for key in ordered if key in keys]
    for group, following in itertools.pairwise(groups):
        assert ordered.index(following[0]) > ordered.index(group[-1]) + 1
    for group in groups:
        assert ordered.index(group[-1]) - ordered.index(group[0]) == len(group) - 1


@given(st.lists(st.text(), max_size=30), st.integers(min_value=1, max_value=10))
def test_chunks_keep_all_in_order(keys: list[str], size: int) -> None:
    parts = chunks(keys, size)
    assert [key for part in parts for key in part] == keys
    assert all(len(part) <= size for part in parts)
