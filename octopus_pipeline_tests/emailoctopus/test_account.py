"""A whole account, read from the sandbox: complete, the same in both versions, and right under every fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octopus_pipeline.emailoctopus.client import open_client
from octopus_pipeline.emailoctopus.errors import (
    EmailOctopusError,
    InvalidKeyError,
    MissingKeyError,
    NotFoundError,
    ProtocolError,
    RequestRefusedError,
    UnavailableError,
)
from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, Report
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule, RetryHeader
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import ServedSandbox, serve_in_thread
from octopus_pipeline.settings import Settings
from octopus_pipeline_tests.emailoctopus.clients import VERSIONS, client_for

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.emailoctopus.client import EmailOctopus
    from octopus_pipeline.emailoctopus.credentials import Version
    from octopus_pipeline.emailoctopus.records import Contact, ReportRow


OF_OPENS = {Report.OPENED, Report.NOT_OPENED}
"""The reports that API v1.6 refuses of a campaign that does not track opens."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ServedSandbox]:
    account = generate_account(seed=7, campaigns=10, rows=2_500, lists=2)
    with serve_in_thread(account, requests_per_second=None) as served:
        yield served


@pytest.fixture(autouse=True)
def _without_faults(sandbox: ServedSandbox) -> None:
    sandbox.control.set_faults([])


def client_of(sandbox: ServedSandbox, folder: Path, version: Version, **changes: float) -> EmailOctopus:
    return client_for(sandbox.url, folder, version, api_key=sandbox.api_key, **changes)  # type: ignore[arg-type]


def rows(client: EmailOctopus, campaign_id: str, report: Report) -> list[ReportRow]:
    return [row for page in client.report(campaign_id, report) for row in page]


def contacts(client: EmailOctopus, list_id: str) -> dict[str, Contact]:
    pages = [page for status in ContactStatus for page in client.contacts(list_id, status=status)]
    return {contact.id: contact for page in pages for contact in page}


def largest_campaign(sandbox: ServedSandbox) -> str:
    account = sandbox.account
    return max(account.campaigns, key=lambda each: len(account.rows(each, Report.SENT)))


def test_both_versions_give_the_same_records_of_the_whole_account(
    sandbox: ServedSandbox, tmp_path: Path
) -> None:
    v2, v1 = (client_of(sandbox, tmp_path, version) for version in VERSIONS)
    campaigns = list(v2.campaigns())
    assert list(v1.campaigns()) == campaigns
    assert {campaign.id for campaign in campaigns} == sandbox.account.campaigns.keys()
    assert list(v1.lists()) == list(v2.lists())
    for campaign in campaigns:
        assert v1.campaign(campaign.id) == v2.campaign(campaign.id) == campaign
        if campaign.status not in {CampaignStatus.SENT, CampaignStatus.SENDING}:
            continue
        assert v1.summary(campaign.id) == v2.summary(campaign.id)
        assert v1.links(campaign.id) == v2.links(campaign.id)
        for report in Report:
            if report in OF_OPENS and not sandbox.account.campaigns[campaign.id].tracks_opens:
                continue
            from_v1 = [
                replace(row, status=None, fields=None, contact_updated_at=None)
                for row in rows(v1, campaign.id, report)
            ]
            assert from_v1 == rows(v2, campaign.id, report)


def test_v1_tells_a_report_that_is_switched_off_from_one_without_rows(
    sandbox: ServedSandbox, tmp_path: Path
) -> None:
    (untracked,) = (each.id for each in sandbox.account.campaigns.values() if not each.tracks_opens)
    with pytest.raises(RequestRefusedError) as caught:
        rows(client_of(sandbox, tmp_path, "v1.6"), untracked, Report.OPENED)
    assert caught.value.code == "CAMPAIGN_FEATURE_DISABLED"


def test_every_row_of_every_report_arrives_once_and_in_order(sandbox: ServedSandbox, tmp_path: Path) -> None:
    client = client_of(sandbox, tmp_path, "v2")
    for campaign_id, reports in sandbox.account.events.items():
        for report, events in reports.items():
            assert [(row.contact_id, row.occurred_at) for row in rows(client, campaign_id, report)] == [
                (event.contact_id, event.occurred_at) for event in events
            ]


def test_the_fields_in_v1s_rows_are_those_of_the_contacts_and_gone_with_a_deleted_one(
    sandbox: ServedSandbox, tmp_path: Path
) -> None:
    client = client_of(sandbox, tmp_path, "v1.6")
    found = [row for campaign_id in sandbox.account.events for row in rows(client, campaign_id, Report.SENT)]
    for row in found:
        contact = sandbox.account.contacts.get(row.contact_id)
        expected = (contact.email_address, contact.status, contact.fields) if contact else (None, None, None)
        assert (row.email_address, row.status, row.fields) == expected
    assert any(row.email_address is None for row in found)


@pytest.mark.parametrize("version", VERSIONS)
def test_contacts_come_with_every_status_and_can_be_limited_to_recent_changes(
    sandbox: ServedSandbox, tmp_path: Path, version: Version
) -> None:
    client = client_of(sandbox, tmp_path, version)
    for list_id in sandbox.account.lists:
        truth = {each.id: each for each in sandbox.account.contacts.values() if each.list_id == list_id}
        found = contacts(client, list_id)
        assert {key: (each.status, each.fields) for key, each in found.items()} == {
            key: (each.status, each.fields) for key, each in truth.items()
        }
        since = sorted(each.last_updated_at for each in truth.values())[-20]
        recent = client.contacts(list_id, status=ContactStatus.SUBSCRIBED, updated_since=since)
        assert {each.id for page in recent for each in page} == {
            each.id
            for each in truth.values()
            if each.status is ContactStatus.SUBSCRIBED and each.last_updated_at >= since
        }


PASSING = {
    "429 in the documented header": FaultRule(FaultKind.RATE_LIMITED, count=2, skip=1),
    "429 in the other header": FaultRule(
        FaultKind.RATE_LIMITED, count=2, skip=1, header=RetryHeader.OTHER_PREFIX
    ),
    "429 in HTTP's header": FaultRule(FaultKind.RATE_LIMITED, count=2, skip=1, header=RetryHeader.STANDARD),
    "429 without a header": FaultRule(FaultKind.RATE_LIMITED, count=2, skip=1, header=RetryHeader.NONE),
    "500": FaultRule(FaultKind.SERVER_ERROR, count=2, skip=1, status=500),
    "502": FaultRule(FaultKind.SERVER_ERROR, count=2, skip=1),
    "503 in HTML": FaultRule(FaultKind.HTML, count=2, skip=1, status=503),
    "200 in HTML": FaultRule(FaultKind.HTML, count=2, skip=1, status=200),
    "a cut body": FaultRule(FaultKind.CUT, count=2, skip=1),
    "half a JSON": FaultRule(FaultKind.INVALID_JSON, count=2, skip=1),
    "a hang": FaultRule(FaultKind.HANG, count=1, skip=1, seconds=1),
    "a fifth of everything": FaultRule(FaultKind.SERVER_ERROR, rate=0.2, seed=3),
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fault_that_passes_leaves_no_trace_in_the_report(
    sandbox: ServedSandbox, tmp_path: Path, version: Version, fault: str
) -> None:
    campaign_id = largest_campaign(sandbox)
    sandbox.control.set_faults([PASSING[fault]])
    client = client_of(sandbox, tmp_path, version, timeout_seconds=0.5, max_attempts=6)
    found = rows(client, campaign_id, Report.SENT)
    assert [row.contact_id for row in found] == [
        event.contact_id for event in sandbox.account.rows(campaign_id, Report.SENT)
    ]
    assert client.statistics.snapshot().retries >= 1


LASTING: dict[str, tuple[FaultRule, type[EmailOctopusError]]] = {
    "server errors": (FaultRule(FaultKind.SERVER_ERROR, skip=2, status=503), UnavailableError),
    "429s": (FaultRule(FaultKind.RATE_LIMITED, skip=2), UnavailableError),
    "cut bodies": (FaultRule(FaultKind.CUT, skip=2), UnavailableError),
    "a cursor that repeats": (FaultRule(FaultKind.REPEATED_CURSOR, skip=2), ProtocolError),
    "a campaign that vanishes": (FaultRule(FaultKind.VANISHED, skip=2), NotFoundError),
    "a key that is withdrawn": (FaultRule(FaultKind.WRONG_KEY, skip=2), InvalidKeyError),
}


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fault_that_lasts_is_an_error_never_a_shorter_report(
    sandbox: ServedSandbox, tmp_path: Path, version: Version, fault: str
) -> None:
    rule, kind = LASTING[fault]
    campaign_id = largest_campaign(sandbox)
    sandbox.control.set_faults([rule])
    client = client_of(sandbox, tmp_path, version)
    with pytest.raises(kind, match=f"report sent of campaign {campaign_id}"):
        rows(client, campaign_id, Report.SENT)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_served_twice_loses_no_row(sandbox: ServedSandbox, tmp_path: Path, version: Version) -> None:
    campaign_id = largest_campaign(sandbox)
    sandbox.control.set_faults([FaultRule(FaultKind.REPEATED_PAGE, skip=1, count=1)])
    found = [row.contact_id for row in rows(client_of(sandbox, tmp_path, version), campaign_id, Report.SENT)]
    expected = [event.contact_id for event in sandbox.account.rows(campaign_id, Report.SENT)]
    assert list(dict.fromkeys(found)) == expected
    assert len(found) > len(expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unsent_campaigns_reports_are_refused_not_empty(
    sandbox: ServedSandbox, tmp_path: Path, version: Version
) -> None:
    drafts = [each.id for each in sandbox.account.campaigns.values() if each.status is CampaignStatus.DRAFT]
    with pytest.raises(EmailOctopusError) as caught:
        client_of(sandbox, tmp_path, version).summary(drafts[0])
    assert caught.value.code == ("access-denied" if version == "v2" else "CAMPAIGN_NOT_SENT")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_opened_from_the_settings_reads_the_account(
    sandbox: ServedSandbox, tmp_path: Path, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAILOCTOPUS_API_KEY", sandbox.api_key)
    monkeypatch.setenv("EMAILOCTOPUS_API_VERSION", version)
    monkeypatch.setenv("EMAILOCTOPUS_BASE_URL", sandbox.url)
    monkeypatch.setenv("OCTOPUS_DATA_DIR", str(tmp_path))
    with open_client(Settings(_env_file=None)) as client:  # type: ignore[call-arg]
        assert len(list(client.campaigns())) == len(sandbox.account.campaigns)
    (state,) = (tmp_path / "limiter").glob("*.state")
    assert sandbox.api_key not in state.name


def test_without_a_key_no_client_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAILOCTOPUS_API_KEY", raising=False)
    with pytest.raises(MissingKeyError, match=r"EMAILOCTOPUS_API_KEY.*sandbox"):
        open_client(Settings(_env_file=None))  # type: ignore[call-arg]
