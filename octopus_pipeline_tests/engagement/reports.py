"""Random and hand-made reports, contacts and runs, and what merging them must give, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import (
    ENGAGEMENT_REPORTS,
    Contact,
    ContactStatus,
    FieldValue,
    Report,
    ReportRow,
)
from octopus_pipeline.engagement.merge import merge
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS, contact_batch, report_batch

Row = dict[str, Any]
Reports = Mapping[Report, Sequence[ReportRow]]

DAWN = datetime(2025, 9, 29, 13, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Run:
    """What one sync read."""

    reports: Reports
    contacts: Sequence[Contact] = ()


def at(minutes: int) -> datetime:
    return DAWN + timedelta(minutes=minutes)


def seen(contact_id: str, minutes: int | None = None, email: str | None = "") -> ReportRow:
    """A row of API v2, which says nothing of the contact but its address; None for a contact deleted since."""
    email_address = f"{contact_id}@example.com" if email == "" else email
    return ReportRow(contact_id, email_address, None if minutes is None else at(minutes))


def contact(contact_id: str, updated: int, **fields: FieldValue) -> Contact:
    email_address, status = f"{contact_id}@example.com", ContactStatus.SUBSCRIBED
    return Contact(contact_id, "list-1", email_address, status, fields, (), None, at(updated))


def merged(*runs: Run, prior: Sequence[Row] = ()) -> list[Row]:
    """The engagement after the runs, each with the one before it as its prior."""
    for run in runs:
        prior = _merged_once(run, prior)
    return list(prior)


def _merged_once(run: Run, prior: Sequence[Row]) -> list[Row]:
    batches = merge(
        reports={report: [report_batch(rows)] for report, rows in run.reports.items()},
        contacts=[contact_batch(run.contacts)],
        prior=[pa.RecordBatch.from_pylist(list(prior), schema=ENGAGEMENT_SCHEMA)],
    )
    return [row for batch in batches for row in batch.to_pylist()]


def by_contact(rows: Iterable[Row]) -> dict[str, Row]:
    return {row["contact_id"]: row for row in rows}


def together(*runs: Run) -> Run:
    """One run that read what all of them read."""
    reports = {
        report: [row for run in runs for row in run.reports.get(report, ())] for report in ENGAGEMENT_REPORTS
    }
    return Run(reports, [contact for run in runs for contact in run.contacts])


_CONTACT_IDS = st.sampled_from("abcdef")
_EMAILS = st.sampled_from([None, "Ann@example.com", "bob@example.com", "ärn@example.com"])
_TIMES = st.none() | st.integers(0, 9).map(at)
_STATUSES = st.sampled_from(ContactStatus)
_FIELDS = st.dictionaries(
    st.sampled_from(["City", "kWh", "$x.y"]), st.sampled_from([None, "MARION", 7, "=1+1"])
)
_REPORT_ROWS = st.builds(
    ReportRow, _CONTACT_IDS, _EMAILS, _TIMES, st.none() | _STATUSES, st.none() | _FIELDS, _TIMES
)
_CONTACTS = st.builds(
    Contact, _CONTACT_IDS, st.just("list-1"), _EMAILS, _STATUSES, _FIELDS, st.just(()), _TIMES, _TIMES
)

REPORTS = st.dictionaries(st.sampled_from(ENGAGEMENT_REPORTS), st.lists(_REPORT_ROWS, max_size=10))
CONTACTS = st.lists(_CONTACTS, max_size=10)


def expected(run: Run) -> dict[str, Row]:
    """The law in plain Python: contact_id -> the columns that are not read out of `fields`."""
    times: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    flags: set[tuple[str, str]] = set()
    records: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for report, rows in run.reports.items():
        for row in rows:
            records[row.contact_id].append(
                (row.contact_updated_at, row.email_address, row.fields, row.status)
            )
            for flag in {report, Report.OPENED if report == Report.CLICKED else report}:
                flags.add((row.contact_id, flag))
                times[row.contact_id, flag] += [row.occurred_at] if row.occurred_at else []
    for one in run.contacts:
        if one.id in records:
            records[one.id].append((one.last_updated_at, one.email_address, one.fields, one.status))
    return {
        contact_id: {"contact_id": contact_id}
        | _expected_record(records[contact_id])
        | {flag: (contact_id, flag) in flags for flag in FLAGS}
        | {f"{flag}_first_at": min(times[contact_id, flag], default=None) for flag in FLAGS}
        | {f"{flag}_last_at": max(times[contact_id, flag], default=None) for flag in FLAGS}
        for contact_id in list(records)
    }


def _expected_record(candidates: list[tuple[Any, ...]]) -> Row:
    records = [
        (updated_at, email, None if fields is None else orjson.dumps(fields).decode(), status)
        for updated_at, email, fields, status in candidates
    ]
    dated = [record for record in records if None not in record]
    emails, texts, statuses = ([record[part] or "" for record in records] for part in (1, 2, 3))
    greatest = (None, max(emails), max(texts, key=lambda text: (len(text), text)), max(statuses))
    names = ("contact_updated_at", "email_address", "fields", "status")
    return {name: value or None for name, value in zip(names, max(dated, default=greatest), strict=True)}
