"""Trouble with single campaigns, or with a folder: it is named, keeps nothing else back, and is tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.exports.whole_csv import CsvWriteError
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.store.table_writer import TableWriteError
from octopus_pipeline.sync.account import CampaignFailure
from octopus_pipeline.sync.campaigns import list_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.outage import OUTAGE_AFTER
from octopus_pipeline.sync.plan import MAX_FAILURES, Mode
from octopus_pipeline.sync.refresh import failed_campaigns, stale_campaigns
from octopus_pipeline.sync.reports import ReportCountError
from octopus_pipeline.sync.state import SHORT_READS
from octopus_pipeline.sync.summaries import SummariesRead, read_summaries
from octopus_pipeline_tests.sync.conftest import Bench, open_bench
from octopus_pipeline_tests.sync.history import assert_true

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sandbox.account import Account


def test_summaries_that_cannot_be_read_keep_no_other_campaign_back(bench: Bench) -> None:
    campaigns = bench.campaigns()
    unlucky = {known.campaign.id for known in campaigns[: OUTAGE_AFTER + 1]}
    bench.sandbox.control.set_faults(
        [FaultRule(FaultKind.SERVER_ERROR, path=f"*/{one}/reports/summary*") for one in unlucky]
    )
    outcomes = bench.sync(campaigns)
    assert {key for key, one in outcomes.items() if isinstance(one, CampaignFailure)} == unlucky
    for known in campaigns:
        if known.campaign.id not in unlucky:
            assert_true(bench, known)
    read = read_summaries(bench.connections, campaigns, datetime.now(UTC))
    assert {summary.campaign_id for summary in read.summaries} == outcomes.keys() - unlucky
    assert len(read.unread) == len(unlucky)


def test_a_summary_that_there_is_not_before_all_is_sent_is_no_failure(
    account: Account, mongo_settings: dict[str, Any], mongo_database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    settings = {**mongo_settings, "mongo_database": mongo_database.name}
    with open_bench(account, settings, tmp_path, "v1.6") as bench:
        now = datetime.now(UTC)
        drafts = [one for one in list_campaigns(bench.connections, now) if one.campaign.status == "draft"]
        assert drafts
        assert read_summaries(bench.connections, drafts, now) == SummariesRead()


def test_a_summary_that_cannot_be_read_goes_quiet_and_is_forgotten_once_it_can(bench: Bench) -> None:
    victim, *_ = bench.campaigns()

    def is_stale_now() -> bool:
        return victim.campaign.id in {one.campaign.id for one in stale_campaigns(bench.connections)}

    bench.sync([victim])
    assert not is_stale_now()
    bench.sandbox.control.set_faults([FaultRule(FaultKind.SERVER_ERROR, path=f"*/{victim.campaign.id}/*")])
    read_summaries(bench.connections, [victim], datetime.now(UTC))
    for _ in range(MAX_FAILURES - 1):
        assert is_stale_now()
        bench.sync([victim])
    assert not is_stale_now()
    assert [known.key for known, _ in failed_campaigns(bench.connections)] == [victim.key]
    bench.sandbox.control.set_faults([])
    read_summaries(bench.connections, [victim], datetime.now(UTC))
    assert not is_stale_now(), "it is as it was when it was synced"
    assert failed_campaigns(bench.connections) == []


def test_a_report_a_little_short_is_asked_for_again_but_not_for_ever(bench: Bench) -> None:
    known = max(bench.campaigns(), key=lambda one: len(bench.account.rows(one.campaign.id, Report.BOUNCED)))
    fault = FaultRule(FaultKind.SHORT_REPORT, path=f"*/{known.campaign.id}/*", report=Report.BOUNCED)
    lenient = {"octopus_drift_fail_contacts": 1_000}
    bench.change_settings(**lenient)
    bench.sandbox.control.set_faults([fault])
    tries = 0
    while any(one.key == known.key for one in stale_campaigns(bench.connections)):
        bench.sync([known], Mode.REFRESH)
        tries += 1
        assert tries < 10
    assert tries == 1 + SHORT_READS
    bench.sandbox.control.reset_statistics()
    bench.sync([known], Mode.REFRESH)
    assert not any(kind.startswith("reports/") for kind in bench.sandbox.control.statistics().requests)


def test_a_report_that_is_empty_though_there_is_somebody_is_never_believed(bench: Bench) -> None:
    known = next(
        one
        for one in bench.campaigns()
        if len({row.contact_id for row in bench.account.rows(one.campaign.id, Report.BOUNCED)}) in {1, 2}
    )
    fault = FaultRule(FaultKind.SHORT_REPORT, path=f"*/{known.campaign.id}/*", report=Report.BOUNCED)
    bench.sandbox.control.set_faults([fault])
    (outcome,) = bench.sync([known]).values()
    assert isinstance(outcome, CampaignFailure)
    assert isinstance(outcome.error, ReportCountError)


def test_a_folder_that_cannot_be_written_to_is_named_with_its_setting(bench: Bench, tmp_path: Path) -> None:
    campaigns = bench.campaigns()[:2]
    (tmp_path / "a file").touch()
    for setting, error in (("octopus_export_dir", CsvWriteError), ("octopus_tables_url", TableWriteError)):
        folder = tmp_path / "a file" / "folder"
        value = folder if setting == "octopus_export_dir" else str(folder)
        broken = bench.connections.settings.model_copy(update={setting: value})
        requests = bench.connections.octopus.statistics.snapshot().requests
        with Connections(broken) as connections:
            connections.octopus = bench.connections.octopus
            with pytest.raises(error, match=setting.upper()):
                Bench(bench.sandbox, connections).sync(campaigns)
        assert bench.connections.octopus.statistics.snapshot().requests == requests, "it is known at once"
