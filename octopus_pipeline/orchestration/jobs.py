"""The jobs: what schedules, sensors, the terminal and people launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.assets.campaign_sync import CAMPAIGNS_A_RUN
from octopus_pipeline.assets.consolidated import CONSOLIDATED_KEY
from octopus_pipeline.assets.counties import COUNTIES_A_RUN
from octopus_pipeline.assets.county_specs import INDEX_KEY, TABLE_KEYS
from octopus_pipeline.assets.engagement import (
    CSV_KEY,
    DEMOGRAPHIC_KEY,
    ENGAGEMENT_KEY,
    PARTICIPANTS_KEY,
    PEOPLE_KEY,
    RESIDENCE_KEY,
)
from octopus_pipeline.assets.matches import MATCHED_CSV_KEY
from octopus_pipeline.assets.reports import REPORT_KEYS
from octopus_pipeline.sync.plan import Mode, chunks, neighbours

if TYPE_CHECKING:
    from collections.abc import Mapping

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"

LIST_CAMPAIGNS = dg.define_asset_job(
    "list_campaigns",
    selection=dg.AssetSelection.assets("campaigns"),
    description="Read the account's campaigns and add the partitions of new ones.",
)

MATCHING_KEYS = (RESIDENCE_KEY, DEMOGRAPHIC_KEY, PEOPLE_KEY, CSV_KEY, MATCHED_CSV_KEY)
"""What changes when a county was loaded or a decision made: the matches, and the documents and files they are in."""

SYNC_CAMPAIGNS = dg.define_asset_job(
    "sync_campaigns",
    selection=dg.AssetSelection.assets(
        *REPORT_KEYS.values(), ENGAGEMENT_KEY, PARTICIPANTS_KEY, *MATCHING_KEYS
    ),
    description="Take campaigns from their reports to MongoDB, people and CSVs. A full re-sync unless configured.",
)

MATCH_CAMPAIGNS = dg.define_asset_job(
    "match_campaigns",
    selection=dg.AssetSelection.assets(*MATCHING_KEYS),
    description="Match synced campaigns anew, after a county was loaded or analysts decided; asks nothing of "
    "EmailOctopus.",
)

LEARN_MATCH_WEIGHTS = dg.define_asset_job(
    "learn_match_weights",
    selection=dg.AssetSelection.assets("match_weights"),
    description="Learn from all contacts how people of each county write their addresses.",
)

REPORT_MATCHES = dg.define_asset_job(
    "report_matches",
    selection=dg.AssetSelection.assets("match_report"),
    description="Report how well the matching does, over all campaigns.",
)

REFRESH_CONTACTS = dg.define_asset_job(
    "refresh_contacts",
    selection=dg.AssetSelection.assets("contacts"),
    description="Read what changed in the contact lists.",
)

DAILY_SNAPSHOT = dg.define_asset_job(
    "daily_snapshot",
    selection=dg.AssetSelection.assets("campaigns", "campaign_statistics"),
    description="List the campaigns and keep every campaign's summary as today's statistics.",
)

DAILY_ENGAGEMENT = dg.define_asset_job(
    "make_daily_engagement",
    selection=dg.AssetSelection.assets("daily_engagement"),
    description="What happened on given days, by campaign.",
)

SYNC_COUNTIES = dg.define_asset_job(
    "sync_counties",
    selection=dg.AssetSelection.assets(*TABLE_KEYS.values(), INDEX_KEY),
    description="Read the counties whose collections changed and prepare them for matching.",
)

CONSOLIDATE = dg.define_asset_job(
    "consolidate",
    selection=dg.AssetSelection.assets(CONSOLIDATED_KEY),
    description="Write one file of everybody who passes the filters, over all campaigns or some.",
)

JOBS = [
    LIST_CAMPAIGNS,
    SYNC_CAMPAIGNS,
    MATCH_CAMPAIGNS,
    LEARN_MATCH_WEIGHTS,
    REPORT_MATCHES,
    REFRESH_CONTACTS,
    DAILY_SNAPSHOT,
    DAILY_ENGAGEMENT,
    SYNC_COUNTIES,
    CONSOLIDATE,
]


def sync_config(mode: Mode) -> dict[str, object]:
    """The run config of `sync_campaigns` in a mode."""
    return {"ops": {"campaign_sync": {"config": {"mode": mode.name}}}}


def campaigns_config(*, summaries: bool) -> dict[str, object]:
    """The run config of `campaigns` with or without reading summaries."""
    return {"ops": {"campaigns": {"config": {"summaries": summaries}}}}


def consolidate_config(config: Mapping[str, object]) -> dict[str, object]:
    """The run config of `consolidated_csv` (`assets.consolidated.CONFIG`)."""
    return {"ops": {"consolidated_csv": {"config": dict(config)}}}


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags that make a run work on the partitions from `first` to `last`."""
    return {RANGE_START: first, RANGE_END: last}


def sync_requests(keys: set[str], ordered: list[str], mode: Mode) -> list[dg.RunRequest]:
    """Runs of `sync_campaigns` for `keys`: neighbours together, a bounded number a run.

    Args:
        keys: the partitions wanted.
        ordered: all partitions in their order.
        mode: how much of each campaign is asked for.
    """
    return _requests(SYNC_CAMPAIGNS.name, keys, ordered, CAMPAIGNS_A_RUN, sync_config(mode))


def county_requests(keys: set[str], ordered: list[str]) -> list[dg.RunRequest]:
    """Runs of `sync_counties` for the partitions `keys` of all those in their order."""
    return _requests(SYNC_COUNTIES.name, keys, ordered, COUNTIES_A_RUN, {})


def _requests(
    job: str, keys: set[str], ordered: list[str], keys_a_run: int, run_config: dict[str, object]
) -> list[dg.RunRequest]:
    return [
        _request(job, chunk, run_config)
        for group in neighbours(keys, ordered)
        for chunk in chunks(group, keys_a_run)
    ]


def _request(job: str, keys: list[str], run_config: dict[str, object]) -> dg.RunRequest:
    single = len(keys) == 1
    return dg.RunRequest(
        job_name=job,
        run_config=run_config,
        partition_key=keys[0] if single else None,
        tags={} if single else range_tags(keys[0], keys[-1]),
    )
