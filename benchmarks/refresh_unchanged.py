"""What a refresh asks of an account in which nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import Measurement
from benchmarks.workplace import CAMPAIGNS, Size, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline.sync.refresh import read_account, stale_campaigns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.settings import Settings

EVERY_DAY = 10_000.0
"""A live window, in days, that all campaigns lie in."""


def run() -> Iterator[Measurement]:
    """Requests made / needed, with every campaign inside the live window, and with the default window."""
    with (
        workplace() as folder,
        start_sandbox(**Size(rows=12_948).options(), requests_per_second=0) as sandbox,
    ):
        settings = settings_for(sandbox, folder)
        with Connections(settings) as connections:
            sync(connections, sent_campaigns(connections))
        account = _AccountTruth(sandbox.control.account())
        for days in (EVERY_DAY, settings.octopus_live_window_days):
            sandbox.control.reset_statistics()
            _refresh(settings.model_copy(update={"octopus_live_window_days": days}), account.now)
            asked = sandbox.control.statistics()
            needed = {"campaigns": account.campaign_pages, "summary": account.watched(timedelta(days=days))}
            others = asked.total - sum(asked.requests.get(kind, 0) for kind in needed)
            yield Measurement(
                f"refresh of {CAMPAIGNS} unchanged campaigns, {needed['summary']} inside the window: "
                "requests made / (campaign pages + a summary each)",
                asked.total / sum(needed.values()),
                least=1,
                most=1,
                how={"made": asked.total, "needed": sum(needed.values()), "of_other_kinds": others},
            )


def _refresh(settings: Settings, now: datetime) -> None:
    with Connections(settings) as connections:
        read_account(connections, now)
        sync(connections, stale_campaigns(connections), Mode.REFRESH)


@dataclass(frozen=True, slots=True)
class _AccountTruth:
    """What the sandbox says of its account."""

    told: dict[str, Any]

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.told["now"])

    @property
    def campaign_pages(self) -> int:
        return int(self.told["expected_requests"]["campaign_pages"])

    def watched(self, window: timedelta) -> int:
        """Campaigns that are being sent, or were within the window."""
        return sum(
            campaign["status"] == "sending"
            or (
                campaign["status"] == "sent"
                and self.now - datetime.fromisoformat(campaign["sent_at"]) <= window
            )
            for campaign in self.told["campaigns"]
        )
