"""One campaign's way from its reports to its CSVs: merge, match, write documents and people, export, account for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from filelock import FileLock

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.merge import CONTACT_COLUMNS, PRIOR_COLUMNS, merge
from octopus_pipeline.engagement.participants import heal_engagement, participant_updates, prior_rows
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.campaign_csv import (
    CSV_SOURCE_COLUMNS,
    CampaignHeader,
    CsvCounts,
    csv_counts,
    write_campaign_csv,
)
from octopus_pipeline.exports.matched_participants import (
    MATCHED_SOURCE_COLUMNS,
    MatchedFiles,
    write_matched_participants,
)
from octopus_pipeline.store.bulk import bulk_write
from octopus_pipeline.suppression.rows import contacts_of_campaign
from octopus_pipeline.sync.campaigns import record_campaign_synced, record_statistics
from octopus_pipeline.sync.contacts import CONTACTS
from octopus_pipeline.sync.database import PARTICIPANTS
from octopus_pipeline.sync.erased_documents import erase_from_participants
from octopus_pipeline.sync.erased_people import erase_from_people
from octopus_pipeline.sync.erased_rows import erase_from_campaign
from octopus_pipeline.sync.matched_rows import matched_rows
from octopus_pipeline.sync.matches import RESIDENCE_MATCHES, MatchResult, write_matches
from octopus_pipeline.sync.people import PeopleResult, people_lock, write_people
from octopus_pipeline.sync.plan import report_counts
from octopus_pipeline.sync.reports import ReportDownload, table_of
from octopus_pipeline.sync.state import campaign_state, record_matched, record_synced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from octopus_pipeline.emailoctopus.records import Summary
    from octopus_pipeline.suppression.suppressed import Suppressed
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

ENGAGEMENT = "engagement"


class NeverSyncedError(PipelineError):
    """A later stage was asked for of a campaign whose reports were never read."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Which parts of a campaign's way are wanted: all of them on a sync, some where a person selects some."""

    reports: frozenset[Report] = frozenset(ENGAGEMENT_REPORTS)
    engagement: bool = True
    participants: bool = True
    matches: bool = True
    people: bool = True
    csv: bool = True
    matched_csv: bool = True

    @property
    def exports(self) -> bool:
        """Whether any file for people is wanted."""
        return self.csv or self.matched_csv


@dataclass(frozen=True, slots=True)
class EngagementCounts:
    """Rows (or documents) of a campaign, the distinct contacts in them, and how many have each flag."""

    rows: int
    contacts: int
    flags: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """What a campaign's sync did. What was not wanted is None; `downloads` has the reports that were asked for.

    `before` is the engagement of the last run, `fallen` how many contacts of it have a flag no more, `stored` what
    MongoDB holds after this one, `csv` what the file says; `report_contacts` has the contacts of each report's table.
    `matched_files` are None, too, where no county was ever loaded.
    """

    known: KnownCampaign
    summary: Summary | None
    downloads: Mapping[Report, ReportDownload]
    report_contacts: Mapping[Report, int]
    before: EngagementCounts | None
    fallen: Mapping[str, int]
    engagement: EngagementCounts | None
    stored: EngagementCounts | None
    matches: MatchResult | None
    people: PeopleResult | None
    csv: CsvCounts | None
    matched_files: MatchedFiles | None


def finish_campaign(
    connections: Connections,
    known: KnownCampaign,
    summary: Summary | None,
    downloads: Sequence[ReportDownload],
    *,
    stages: Stages,
    now: datetime,
) -> CampaignResult:
    """Merge a campaign's reports, match its contacts, write documents, people and CSVs; remember that all was done.

    One process at a time does this for a campaign: what it merges with must not change under it.
    """
    with FileLock(connections.locks_folder / f"campaign-{known.campaign.id}.lock"):
        # Here, not only where reports are read: somebody may have been erased since, on another machine, too.
        suppressed = connections.suppressed()
        if suppressed:
            changed = erase_from_campaign(connections, str(known.key), suppressed)
            erase_from_participants(connections, suppressed, {"campaign_id": known.campaign.id})
            if changed:
                with people_lock(connections):
                    erase_from_people(connections, suppressed, now)
        table_before = _engagement(connections, known)
        before = _counts(table_before)
        if before is None and not _has_what_it_needs(connections, known, summary, stages):
            message = f"campaign {known.key} was never synced; sync it, reports and all, before anything else"
            raise NeverSyncedError(message)
        if stages.engagement:
            _merge_engagement(connections, known, suppressed)
        table_now = _engagement(connections, known)
        engagement = _counts(table_now)
        fallen = _fallen(table_before, table_now)
        report_contacts = _report_contacts(connections, known, downloads)
        stored = _write_participants(connections, known, now) if stages.participants else None
        matches = write_matches(connections, str(known.key), ENGAGEMENT, now) if stages.matches else None
        if matches and matches.since:
            record_matched(connections.database, known.campaign.id, matches.since)
        people = write_people(connections, known, ENGAGEMENT, now) if stages.people else None
        csv = _write_csv(connections, known) if stages.csv else None
        matched_files = _write_matched_csv(connections, known) if stages.matched_csv else None
        if summary:
            record_statistics(connections.database, summary, now)
        if summary and stages == Stages():
            counts = report_counts(summary)
            short = {
                report for report, contacts in report_contacts.items() if contacts < counts[report].unique
            }
            record_synced(connections.database, known.campaign.id, counts, now, short=short)
            record_campaign_synced(connections.database, known.campaign.id, now)
    return CampaignResult(
        known,
        summary,
        {one.report: one for one in downloads},
        report_contacts,
        before,
        fallen,
        engagement,
        stored,
        matches,
        people,
        csv,
        matched_files,
    )


def _has_what_it_needs(
    connections: Connections, known: KnownCampaign, summary: Summary | None, stages: Stages
) -> bool:
    """Whether the wanted stages can work on a campaign that was never merged.

    Merging needs a report's table, or a summary just read, which may say that there is nobody.
    """
    if not stages.engagement:
        return not (stages.participants or stages.matches or stages.people or stages.exports)
    return summary is not None or any(
        connections.tables.exists(table_of(report), str(known.key)) for report in ENGAGEMENT_REPORTS
    )


def engagement_counts(connections: Connections, known: KnownCampaign) -> EngagementCounts | None:
    """The contacts and flags of the campaign's engagement table; None if it was never merged."""
    return _counts(_engagement(connections, known))


def _engagement(connections: Connections, known: KnownCampaign) -> pa.Table | None:
    """contact_id and the flags of the campaign's engagement table; None if it was never merged."""
    if not connections.tables.exists(ENGAGEMENT, str(known.key)):
        return None
    return connections.tables.read(ENGAGEMENT, str(known.key), columns=["contact_id", *FLAGS])


def _counts(table: pa.Table | None) -> EngagementCounts | None:
    if table is None:
        return None
    flags = {flag: pc.sum(table[flag], min_count=0).as_py() for flag in FLAGS}
    return EngagementCounts(table.num_rows, pc.count_distinct(table["contact_id"]).as_py(), flags)


def _fallen(before: pa.Table | None, now: pa.Table | None) -> dict[str, int]:
    """How many contacts had a flag and have it no more, a flag; flags that nobody lost are left out."""
    if before is None or now is None:
        return {}

    def those_with(table: pa.Table, flag: str) -> pa.Array:
        return table["contact_id"].filter(table[flag]).combine_chunks()

    lost = {
        flag: pc.invert(pc.is_in(those_with(before, flag), those_with(now, flag))).true_count
        for flag in FLAGS
    }
    return {flag: contacts for flag, contacts in lost.items() if contacts}


def _report_contacts(
    connections: Connections, known: KnownCampaign, downloads: Sequence[ReportDownload]
) -> dict[Report, int]:
    """The distinct contacts of each report's table, whether it was read now or before; none if there is no table."""
    read = {one.report: one.contacts for one in downloads}
    tables, key = connections.tables, str(known.key)
    for report in ENGAGEMENT_REPORTS - read.keys():
        if tables.exists(table_of(report), key):
            contact_ids = tables.read(table_of(report), key, columns=["contact_id"])["contact_id"]
            read[report] = pc.count_distinct(contact_ids).as_py()
    return {report: read.get(report, 0) for report in ENGAGEMENT_REPORTS}


def stored_counts(connections: Connections, known: KnownCampaign) -> EngagementCounts:
    """The contacts and flags of the campaign's documents in MongoDB."""
    totals: dict[str, Any] = {flag: {"$sum": {"$cond": [f"$engagement.{flag}", 1, 0]}} for flag in FLAGS}
    groups = list(
        connections.database[PARTICIPANTS].aggregate(
            [
                {"$match": {"campaign_id": known.campaign.id}},
                {"$group": {"_id": None, "rows": {"$sum": 1}, **totals}},
            ]
        )
    )
    group = groups[0] if groups else {"rows": 0, **dict.fromkeys(FLAGS, 0)}
    # The unique index lets a contact have one document.
    return EngagementCounts(group["rows"], group["rows"], {flag: group[flag] for flag in FLAGS})


def _merge_engagement(connections: Connections, known: KnownCampaign, suppressed: Suppressed) -> None:
    tables, key = connections.tables, str(known.key)
    reports = {
        report: tables.batches(table_of(report), key)
        for report in ENGAGEMENT_REPORTS
        if tables.exists(table_of(report), key)
    }
    contacts = chain.from_iterable(
        tables.batches(CONTACTS, list_id, columns=list(CONTACT_COLUMNS))
        for list_id in known.campaign.list_ids
        if tables.exists(CONTACTS, list_id)
    )
    prior = _prior(connections, known, suppressed)
    with connections.engine() as engine, tables.writer(ENGAGEMENT, key, ENGAGEMENT_SCHEMA) as writer:
        for batch in merge(reports=reports, contacts=contacts, prior=prior, engine=engine):
            writer.write(batch)


def _prior(
    connections: Connections, known: KnownCampaign, suppressed: Suppressed
) -> Iterator[pa.RecordBatch]:
    """What was known before: the last run's table, and documents that no run of ours has synced yet.

    Those are the old tool's, or another database's than the table was made for.
    """
    if connections.tables.exists(ENGAGEMENT, str(known.key)):
        yield from connections.tables.batches(ENGAGEMENT, str(known.key), columns=list(PRIOR_COLUMNS))
    if campaign_state(connections.database, known.campaign.id).synced_at is None:
        documents = connections.database[PARTICIPANTS].find({"campaign_id": known.campaign.id})
        for batch in prior_rows(documents):
            kept = contacts_of_campaign(suppressed, batch)[0] if suppressed else batch
            yield kept.select(PRIOR_COLUMNS)


def _write_participants(connections: Connections, known: KnownCampaign, now: datetime) -> EngagementCounts:
    participants = connections.database[PARTICIPANTS]
    campaign_id = known.campaign.id
    are_new = participants.find_one({"campaign_id": campaign_id}, {"_id": True}) is None
    if not are_new:
        heal_engagement(participants, campaign_id)
    batches = connections.tables.batches(ENGAGEMENT, str(known.key))
    bulk_write(participants, participant_updates(campaign_id, batches, now, are_new=are_new))
    return stored_counts(connections, known)


def _write_csv(connections: Connections, known: KnownCampaign) -> CsvCounts:
    path = write_campaign_csv(
        connections.settings.export_dir,
        _header(known),
        matched_rows(connections.tables, str(known.key), ENGAGEMENT, CSV_SOURCE_COLUMNS),
        connections.settings.time_zone,
    )
    return csv_counts(path)


def _write_matched_csv(connections: Connections, known: KnownCampaign) -> MatchedFiles | None:
    """The files of the matched and the unmatched; None where nobody was ever looked for."""
    if not connections.tables.exists(RESIDENCE_MATCHES, str(known.key)):
        return None
    return write_matched_participants(
        connections.settings.export_dir,
        _header(known),
        matched_rows(connections.tables, str(known.key), ENGAGEMENT, MATCHED_SOURCE_COLUMNS),
    )


def _header(known: KnownCampaign) -> CampaignHeader:
    return CampaignHeader(known.campaign.id, known.campaign.name, known.campaign.sent_at)
