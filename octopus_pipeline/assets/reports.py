"""The assets `reports/*`: the six per-contact reports of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.campaign_spec import campaign_spec
from octopus_pipeline.assets.descriptions import column_schema
from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.tables import REPORT_SCHEMA

if TYPE_CHECKING:
    from octopus_pipeline.sync.campaign import CampaignResult
    from octopus_pipeline.sync.connections import Connections

REPORT_KEYS = {report: dg.AssetKey(["reports", str(report)]) for report in ENGAGEMENT_REPORTS}

_WHO = {
    Report.SENT: "Contacts the campaign was sent to.",
    Report.OPENED: "Contacts who opened it; mail programs that load images unasked count too.",
    Report.CLICKED: "Contacts who clicked a link in it.",
    Report.BOUNCED: "Contacts whose mail came back, for now or for good.",
    Report.COMPLAINED: "Contacts who reported it as spam.",
    Report.UNSUBSCRIBED: "Contacts who unsubscribed from it.",
}

REPORT_SPECS = [
    campaign_spec(
        key,
        deps=[dg.AssetKey("campaigns")],
        description=f"{_WHO[report]} Rows exactly as the API gave them, read to the last page.",
        group="ingestion",
        kinds={"python", "parquet"},
        columns=column_schema(REPORT_SCHEMA),
    )
    for report, key in REPORT_KEYS.items()
]


class Asked:
    """What a run has asked of EmailOctopus since this was made."""

    def __init__(self, connections: Connections) -> None:
        self._statistics = connections.octopus.statistics
        self._before = self._statistics.snapshot()

    def so_far(self) -> str:
        """Requests, retries and the time waited for the rate limit, in words."""
        counts = self._statistics.snapshot() - self._before
        return (
            f"{counts.requests} requests, {counts.retries} of them retries; "
            f"{counts.seconds_waited:.1f} s waited for the rate limit"
        )


def report_metadata(
    result: CampaignResult, report: Report, location: str, asked: Asked | None
) -> dict[str, Any]:
    """What is shown of a report of a campaign: what was read, or why nothing was asked for."""
    run = {"asked_by_this_run_so_far": asked.so_far()} if asked else {}
    download = result.downloads.get(report)
    if download is None:
        expected = result.summary.count(report) if result.summary else None
        reason = (
            "unchanged since the last sync" if expected and expected.total else "nobody, says the summary"
        )
        return {"read": reason, "requests": 0, **run}
    return {
        "dagster/row_count": download.rows,
        "read": "to its last page",
        "contacts": download.contacts,
        "contacts_of_the_summary": download.expected.unique,
        "requests": download.pages,
        "table": dg.MetadataValue.path(location),
        **run,
    }
