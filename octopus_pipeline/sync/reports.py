"""The per-contact reports of a campaign: downloaded whole, checked against the summary, kept as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.engagement.tables import REPORT_SCHEMA, report_batch
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.suppression.rows import contacts_of_campaign

if TYPE_CHECKING:
    from collections.abc import Callable

    from octopus_pipeline.emailoctopus.records import Count, Report, Summary
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.store.table_writer import PreparedTable
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections


class ReportCountError(PipelineError):
    """A report holds other contacts than the campaign's summary says, by more than the settings allow."""


@dataclass(frozen=True, slots=True)
class ReportDownload:
    """A report that was read to its last page: its pages, rows, distinct contacts, and the summary's count.

    Its `table` replaces the report's when all reports that the campaign's sync asked for were read.
    """

    report: Report
    pages: int
    rows: int
    contacts: int
    expected: Count
    table: PreparedTable


def table_of(report: Report) -> str:
    """The table a report is kept in."""
    return f"reports/{report}"


def download_report(
    connections: Connections,
    known: KnownCampaign,
    report: Report,
    summary: Summary,
    on_page: Callable[[int], None],
    *,
    rank: int = 0,
) -> ReportDownload:
    """Read one report to its last page and prepare its table; on any error nothing is left of it.

    Args:
        connections: the account and the tables.
        known: the campaign.
        report: which of its reports.
        summary: the campaign's totals, read just before.
        on_page: told the number of rows of each page as it arrives.
        rank: reports of a greater rank wait for this one's requests.

    Raises:
        ReportCountError: if the contacts differ from the summary by more than the settings allow.
        EmailOctopusError: if the report could not be read whole.
    """
    expected, suppressed = summary.count(report), connections.suppressed()
    contact_ids: list[pa.Array] = []
    with connections.tables.preparer(table_of(report), str(known.key), REPORT_SCHEMA) as writer:
        for page in connections.octopus.report(known.campaign.id, report, rank=rank):
            batch = report_batch(page)
            if suppressed:
                batch, _ = contacts_of_campaign(suppressed, batch)
            contact_ids.append(batch.column("contact_id"))
            writer.write(batch)
            on_page(batch.num_rows)
        contacts = pc.count_distinct(pa.chunked_array(contact_ids, type=pa.string())).as_py()
        if drifts(contacts, expected.unique, connections.settings) and not _grew_meanwhile(
            connections, known, report, contacts, expected.unique
        ):
            raise ReportCountError(_drift_message(known, report, contacts, expected.unique))
    connections.keep_learned(suppressed)
    return ReportDownload(report, len(contact_ids), writer.rows, contacts, expected, writer.prepared)


def drifts(contacts: int, expected: int, settings: Settings) -> bool:
    """Whether a report's contacts are too far from the summary's to be believed.

    A campaign that is read while people open it differs a little; a report cut short differs a lot, and an empty one
    where there is somebody is never a little different.
    """
    difference = abs(contacts - expected)
    return (
        difference > settings.octopus_drift_fail_contacts or contacts == 0
    ) and difference * 100 > settings.octopus_drift_fail_percent * expected


def _grew_meanwhile(
    connections: Connections, known: KnownCampaign, report: Report, contacts: int, before: int
) -> bool:
    """Whether more contacts than the summary said are what a summary read after the report bears out."""
    if contacts < before:
        return False
    after = connections.octopus.summary(known.campaign.id).count(report).unique
    return contacts <= after or not drifts(contacts, after, connections.settings)


def _drift_message(known: KnownCampaign, report: Report, contacts: int, expected: int) -> str:
    return (
        f"report {report} of campaign {known.key} holds {contacts} contacts, the summary says {expected}: "
        "not merged. Run the campaign again; if the difference is real, raise OCTOPUS_DRIFT_FAIL_PERCENT "
        "or OCTOPUS_DRIFT_FAIL_CONTACTS."
    )
