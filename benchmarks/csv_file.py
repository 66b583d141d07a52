"""A campaign's CSV against Arrow's own writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.engagement_table import merged_campaign
from benchmarks.measurement import Measurement, median, seconds_of
from octopus_pipeline.exports.campaign_csv import (
    CAMPAIGN_CSV_COLUMNS,
    CSV_SOURCE_COLUMNS,
    CampaignHeader,
    WrittenCsv,
    write_campaign_csv,
)
from octopus_pipeline.sync.campaign import ENGAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

REPETITIONS = 7


def run() -> Iterator[Measurement]:
    """The time from the engagement table on disk to the renamed file, as a multiple of Arrow's for the lines."""
    with merged_campaign() as (connections, campaign):
        written = _write(connections, campaign)
        finished = _read(written.path)
        peer_path = written.path.with_name("peer.csv")
        ours, peers = [], []
        for _ in range(REPETITIONS):
            ours.append(seconds_of(lambda: _write(connections, campaign)))
            peers.append(seconds_of(lambda: pa_csv.write_csv(finished, peer_path)))
        yield Measurement(
            f"CSV of {written.rows:,} rows: time / pyarrow.csv.write_csv of the finished table",
            median([our / peer for our, peer in zip(ours, peers, strict=True)]),
            most=2,
            how={"seconds": median(ours), "pyarrow_seconds": median(peers)},
        )


def _write(connections: Connections, campaign: KnownCampaign) -> WrittenCsv:
    return write_campaign_csv(
        connections.settings.export_dir,
        CampaignHeader(campaign.campaign.id, campaign.campaign.name, campaign.campaign.sent_at),
        connections.tables.batches(ENGAGEMENT, str(campaign.key), columns=list(CSV_SOURCE_COLUMNS)),
        connections.settings.time_zone,
    )


def _read(path: Path) -> pa.Table:
    """The file's lines as the table that Arrow is to write: all text, as they stand in the file."""
    return pa_csv.read_csv(
        path,
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(CAMPAIGN_CSV_COLUMNS, pa.string())),
    )
