"""A sync of the whole account in a process of its own: `python -m octopus_pipeline_tests.sync.child_sync`.

It takes its settings from the environment and prints a line at each page and each finished campaign. Campaigns are
merged in processes of their own if there are to be any, however few their pages.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from octopus_pipeline.settings import load_settings
from octopus_pipeline.sync import finishing
from octopus_pipeline.sync.account import CampaignFailure, sync_campaigns
from octopus_pipeline.sync.campaign import Stages
from octopus_pipeline.sync.campaigns import list_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.plan import Mode


class PrintedProgress:
    """Each step as a line, at once."""

    def expect(self, pages: int) -> None: ...

    def page(self, rows: int) -> None:
        sys.stdout.write("page\n")
        sys.stdout.flush()

    def campaign(self, name: str, *, done: int, of: int) -> None:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


def main() -> None:
    finishing.WORTH_PAGES = 1
    now = datetime.now(UTC)
    with Connections(load_settings()) as connections:
        campaigns = [known for known in list_campaigns(connections, now) if known.key]
        for outcome in sync_campaigns(
            connections, campaigns, stages=Stages(), mode=Mode.RESYNC, now=now, progress=PrintedProgress()
        ):
            if isinstance(outcome, CampaignFailure):
                raise outcome.error


if __name__ == "__main__":
    main()
