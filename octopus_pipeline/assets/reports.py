"""The assets `reports/*`: the six per-contact reports of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.campaign_spec import campaign_spec
from octopus_pipeline.assets.descriptions import column_schema
from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.tables import REPORT_SCHEMA
from octopus_pipeline.sync.reports import table_of

if TYPE_CHECKING:
    from octopus_pipeline.emailoctopus.records import Summary
    from octopus_pipeline.store.tables import TableStore
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

    def so_far(self) -> dict[str, int | float]:
        """Requests, how many of them were retries, and the seconds in which the rate limit let none pass."""
        counts = self._statistics.snapshot() - self._before
        return {
            "requests_of_this_run_so_far": counts.requests,
            "retries_of_this_run_so_far": counts.retries,
            "seconds_waited_for_the_limit_so_far": round(counts.seconds_waited, 1),
        }


def report_metadata(
    result: CampaignResult, summary: Summary, report: Report, tables: TableStore, asked: Asked | None
) -> dict[str, Any]:
    """What is shown of a report of a campaign: what was read, or why nothing was asked for, and what there is."""
    table, key = table_of(report), str(result.known.key)
    download = result.downloads.get(report)
    expected = summary.count(report)
    if download is not None:
        read = "to its last page"
    else:
        read = "unchanged since the last sync" if expected.total else "nobody, says the summary"
    is_there = tables.exists(table, key)
    return {
        "dagster/row_count": download.rows if download else tables.rows(table, key) if is_there else 0,
        "read": read,
        "contacts": result.report_contacts[report],
        "contacts_of_the_summary": expected.unique,
        "requests": download.pages if download else 0,
        **({"table": dg.MetadataValue.path(tables.location(table, key))} if is_there else {}),
        **(asked.so_far() if asked else {}),
    }
