"""Partition keys: readable, stable, unique, and of characters that Dagster and file systems take."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import Campaign, CampaignStatus
from octopus_pipeline.sync.partition_keys import partition_key

OHIO = ZoneInfo("America/New_York")
IDENTITY = "d1ebd096-1111-11ee-9d2c-0b5c6f0a0001"


def campaign(name: str | None, identity: str = IDENTITY, sent_at: datetime | None = None) -> Campaign:
    sent = sent_at or datetime(2025, 9, 29, 18, tzinfo=UTC)
    return Campaign(identity, CampaignStatus.SENT, name, None, (), None, None, sent, sent)


def test_a_key_says_when_what_and_which() -> None:
    key = partition_key(campaign("OHCAC FinalDays 20250929"), set(), OHIO)
    assert key == "2025-09-29_OHCAC_FinalDays_20250929_d1ebd096"


def test_the_day_is_the_senders_not_utc() -> None:
    late = campaign("Evening", sent_at=datetime(2025, 9, 30, 2, tzinfo=UTC))
    assert partition_key(late, set(), OHIO).startswith("2025-09-29_")


def test_more_of_the_id_where_its_beginning_is_taken() -> None:
    first = partition_key(campaign("Fall"), set(), OHIO)
    twin = campaign("Fall", "d1ebd096-2222-11ee-9d2c-0b5c6f0a0001")
    assert partition_key(twin, {first}, OHIO) == "2025-09-29_Fall_d1ebd0962"


@given(st.none() | st.text(max_size=200))
def test_any_name_gives_a_key_that_dagster_takes(name: str | None) -> None:
    key = partition_key(campaign(name), set(), OHIO)
    assert re.fullmatch(r"2025-09-29_[0-9A-Za-z_-]{1,60}_d1ebd096", key)
