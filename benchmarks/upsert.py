"""Merged upserts of a campaign's contacts against pymongo's `bulk_write` of ready-made operations."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.engagement_table import merged_campaign
from benchmarks.measurement import Measurement, median, seconds_of
from octopus_pipeline.engagement.participants import participant_updates
from octopus_pipeline.store.bulk import bulk_write
from octopus_pipeline.sync.campaign import ENGAGEMENT
from octopus_pipeline.sync.database import PARTICIPANTS, prepare_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.database import Database

    from octopus_pipeline.store.bulk import WriteOperation
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

REPETITIONS = 3
_FIRST_SYNC, _SECOND_SYNC = datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 10, 2, tzinfo=UTC)


def run() -> Iterator[Measurement]:
    """The throughput of new and of existing contacts, each as a share of pymongo's."""
    ours: dict[str, list[float]] = {"new": [], "existing": []}
    peers: dict[str, list[float]] = {"new": [], "existing": []}
    with merged_campaign() as (connections, campaign):
        contacts = connections.tables.rows(ENGAGEMENT, str(campaign.key))
        for _ in range(REPETITIONS):
            for kind, moment in (("new", _FIRST_SYNC), ("existing", _SECOND_SYNC)):
                peer = _database(connections, "peer", kind)
                peers[kind].append(_peer_seconds(connections, peer, campaign, moment))
                our = _database(connections, "ours", kind)
                ours[kind].append(_our_seconds(connections, our, campaign, moment))
    for kind in ours:
        yield Measurement(
            f"merged upsert of {contacts:,} {kind} contacts: throughput / pymongo's bulk_write",
            median([peer / our for peer, our in zip(peers[kind], ours[kind], strict=True)]),
            least=0.8,
            how={
                "contacts_a_second": contacts / median(ours[kind]),
                "pymongo_contacts_a_second": contacts / median(peers[kind]),
            },
        )


def _database(connections: Connections, name: str, kind: str) -> Database[dict[str, Any]]:
    """The database `name`, with indexes and, for new contacts, without documents."""
    client = connections.database.client
    if kind == "new":
        client.drop_database(name)
        prepare_database(client[name])
    return client[name]


def _updates(connections: Connections, campaign: KnownCampaign, moment: datetime) -> Iterator[WriteOperation]:
    batches = connections.tables.batches(ENGAGEMENT, str(campaign.key))
    return participant_updates(campaign.campaign.id, batches, moment)


def _our_seconds(
    connections: Connections, database: Database[dict[str, Any]], campaign: KnownCampaign, moment: datetime
) -> float:
    """From the table on disk to the last acknowledged document."""
    gc.collect()
    return seconds_of(lambda: bulk_write(database[PARTICIPANTS], _updates(connections, campaign, moment)))


def _peer_seconds(
    connections: Connections, database: Database[dict[str, Any]], campaign: KnownCampaign, moment: datetime
) -> float:
    """From operations in memory to the last acknowledged document."""
    operations = list(_updates(connections, campaign, moment))
    gc.collect()
    return seconds_of(lambda: database[PARTICIPANTS].bulk_write(operations, ordered=False))
