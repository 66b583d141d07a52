"""A campaign's engagement table of the whole account's size, made the way a sync makes it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.workplace import ROWS, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.campaign import Stages
from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.sync.campaigns import KnownCampaign


@contextmanager
def merged_campaign() -> Iterator[tuple[Connections, KnownCampaign]]:
    """One campaign of 129,483 recipients, read and merged, but neither in MongoDB nor in a CSV."""
    with workplace() as folder:
        with (
            start_sandbox(campaigns=1, rows=ROWS, requests_per_second=0) as sandbox,
            Connections(settings_for(sandbox, folder)) as connections,
        ):
            (campaign,) = sent_campaigns(connections)
            sync(
                connections,
                [campaign],
                stages=Stages(participants=False, matches=False, csv=False, matched_csv=False),
            )
        with Connections(connections.settings) as connections:
            yield connections, campaign
