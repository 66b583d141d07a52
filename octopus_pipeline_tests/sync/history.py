"""What a sync left behind of a campaign, to be compared with what is there later, and with what is true then."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS
from octopus_pipeline.sandbox.truth import expected_participants
from octopus_pipeline.sync.campaign import ENGAGEMENT
from octopus_pipeline.sync.contacts import CONTACTS
from octopus_pipeline.sync.reports import table_of
from octopus_pipeline_tests.truth import FLAGS, csv_rows, expected_document, stored_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline_tests.sync.conftest import Bench

_PERSON = ("email_address", "status", "fields")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


@dataclass(frozen=True, slots=True)
class Trace:
    """A campaign's documents by contact id, and the bytes of its reports' and merged tables and its CSV by file."""

    documents: dict[str, dict[str, Any]]
    files: dict[Path, bytes]


def trace(bench: Bench, known: KnownCampaign) -> Trace:
    """What there is of a campaign now."""
    found = bench.database.participants.find({"campaign_id": known.campaign.id})
    names = [ENGAGEMENT, *(table_of(report) for report in ENGAGEMENT_REPORTS)]
    tables = [Path(bench.connections.tables.location(name, str(known.key))) for name in names]
    csvs = bench.csvs.glob(f"campaign_{known.campaign.id}_*.csv")
    return Trace(
        {document["contact_id"]: document for document in found},
        {path: path.read_bytes() for path in (*tables, *csvs) if path.exists()},
    )


def assert_true(bench: Bench, known: KnownCampaign, before: Trace | None = None) -> None:
    """A campaign's documents and CSV are what is true of the account now.

    A contact deleted since keeps the address, status and fields that its list had last, read for whatever campaign;
    where no list was ever read (API v1.6), those of `before`.
    """
    campaign_id, earlier = known.campaign.id, before.documents if before else {}
    stored = {key: stored_document(one) for key, one in trace(bench, known).documents.items()}
    truth = expected_participants(bench.account, campaign_id)
    expected = {key: expected_document(campaign_id, one) for key, one in truth.items()}
    listed = _last_listed(bench, known)
    for contact_id in expected.keys() - bench.account.contacts.keys():
        last_known = listed.get(contact_id) or earlier.get(contact_id) or stored.get(contact_id) or {}
        expected[contact_id] |= {name: last_known.get(name) or None for name in _PERSON}
    differing = {
        contact_id: (stored.get(contact_id), expected.get(contact_id))
        for contact_id in stored.keys() | expected.keys()
        if stored.get(contact_id) != expected.get(contact_id)
    }
    assert differing == {}, "stored, and true"
    written = sorted(
        (row["email"], *(row[flag] == "Yes" for flag in FLAGS)) for row in csv_rows(bench.csvs, campaign_id)
    )
    assert written == sorted(
        (one["email_address"] or "", *(one["engagement"][flag] for flag in FLAGS))
        for one in expected.values()
    )


def _last_listed(bench: Bench, known: KnownCampaign) -> dict[str, dict[str, Any]]:
    """The contacts of a campaign's lists as the lists' tables have them, by contact id."""
    tables = bench.connections.tables
    contacts = [
        contact
        for list_id in known.campaign.list_ids
        if tables.exists(CONTACTS, list_id)
        for contact in tables.read(CONTACTS, list_id, columns=["contact_id", *_PERSON]).to_pylist()
    ]
    return {
        one["contact_id"]: {**one, "status": one["status"].upper(), "fields": orjson.loads(one["fields"])}
        for one in contacts
    }


def assert_nothing_fell(before: Iterable[Trace], after: Iterable[Trace]) -> None:
    """Every document is still there, with every flag it had."""
    for earlier, later in zip(before, after, strict=True):
        for contact_id, document in earlier.documents.items():
            now = later.documents[contact_id]["engagement"]
            assert all(now[flag] >= was for flag, was in document["engagement"].items())


def unfinished_files(bench: Bench) -> list[Path]:
    """Files that a writer began and neither finished nor removed."""
    folder = bench.connections.settings.data_dir
    scratch = bench.connections.scratch_folder
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and (path.name.startswith(".") or path.suffix == ".tmp" or path.is_relative_to(scratch))
    ]


def assert_tells_no_secret(error: BaseException, api_key: str) -> None:
    """Neither the error nor what it came from quotes the key or somebody's address."""
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert api_key not in told
    assert not _ADDRESS.search(told)
