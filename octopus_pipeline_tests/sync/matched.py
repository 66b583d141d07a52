"""Campaigns matched with invented counties: what their match tables say, and who lives where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.sync.campaign import ENGAGEMENT, CampaignResult, Stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.sandbox.counties import Home, SampleCounty
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.matches import MatchResult
    from octopus_pipeline_tests.sync.conftest import Bench

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MATCHING = Stages(reports=frozenset(), engagement=False, participants=False)

Row = dict[str, Any]


def results(bench: Bench, stages: Stages = MATCHING) -> dict[str, MatchResult]:
    """Match every campaign; what each came to."""
    made = {}
    for campaign_id, outcome in bench.sync(stages=stages).items():
        assert isinstance(outcome, CampaignResult), outcome
        assert outcome.matches
        made[campaign_id] = outcome.matches
    return made


def rows(bench: Bench, table: str) -> dict[tuple[str, str], Row]:
    """The rows of a match table of all campaigns, by campaign and contact."""
    tables = bench.connections.tables
    return {
        (key, row["contact_id"]): row
        for key in tables.partitions(table)
        for row in tables.read(table, key).to_pylist()
    }


def people(bench: Bench) -> dict[tuple[str, str], str]:
    """The e-mail address of each contact of each campaign; empty for one deleted since."""
    return {key: (row["email_address"] or "").lower() for key, row in rows(bench, ENGAGEMENT).items()}


def homes(counties: Mapping[str, SampleCounty]) -> dict[str, Home]:
    return {home.email_address.lower(): home for county in counties.values() for home in county.homes}


def write_engagement(connections: Connections, key: str, contacts: list[Row]) -> None:
    with connections.tables.writer(ENGAGEMENT, key, ENGAGEMENT_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(contacts, ENGAGEMENT_SCHEMA))
