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
    write_campaign_csv,
)
from octopus_pipeline.sync.campaign import ENGAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

REPETITIONS = 7


def run() -> Iterator[Measurement]:
    """The time to the renamed file, as a multiple of Arrow's for the finished lines: from rows in memory, from disk.

    The bound is for rows in memory, as Arrow's lines are; reading the table is beside it for information.
    """
    with merged_campaign() as (connections, campaign):
        columns = list(CSV_SOURCE_COLUMNS)

        def stored() -> Iterator[pa.RecordBatch]:
            return connections.tables.batches(ENGAGEMENT, str(campaign.key), columns=columns)

        rows = list(stored())
        written = _write(connections, campaign, rows)
        finished = _read(written)
        peer_path = written.with_name("peer.csv")
        from_memory, from_disk, peers = [], [], []
        for _ in range(REPETITIONS):
            from_memory.append(seconds_of(lambda: _write(connections, campaign, rows)))
            from_disk.append(seconds_of(lambda: _write(connections, campaign, stored())))
            peers.append(seconds_of(lambda: pa_csv.write_csv(finished, peer_path)))
        for ours, source, most in (
            (from_memory, "rows in memory", 2.0),
            (from_disk, "the table on disk", None),
        ):
            yield Measurement(
                f"CSV of {finished.num_rows:,} contacts from {source}: time / pyarrow.csv.write_csv of the finished "
                "table",
                median([our / peer for our, peer in zip(ours, peers, strict=True)]),
                most=most,
                how={"seconds": median(ours), "pyarrow_seconds": median(peers)},
            )


def _write(connections: Connections, campaign: KnownCampaign, rows: Iterable[pa.RecordBatch]) -> Path:
    return write_campaign_csv(
        connections.settings.export_dir,
        CampaignHeader(campaign.campaign.id, campaign.campaign.name, campaign.campaign.sent_at),
        rows,
        connections.settings.time_zone,
    )


def _read(path: Path) -> pa.Table:
    """The file's lines as the table that Arrow is to write: all text, as they stand in the file."""
    return pa_csv.read_csv(
        path,
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(CAMPAIGN_CSV_COLUMNS, pa.string())),
    )
