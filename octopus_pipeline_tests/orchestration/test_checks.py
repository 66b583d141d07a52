"""The checks of a campaign: each is seen to fail when what it looks at is broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from octopus_pipeline.assets.engagement import CSV_KEY
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.orchestration.jobs import SYNC_CAMPAIGNS
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sync import campaign
from octopus_pipeline_tests.orchestration.project import Project, checks

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="module")
def key(project: Project) -> str:
    """The most read campaign's partition, synced and well."""
    keys = project.list_campaigns()
    rows = project.bench.account.rows
    return max(keys, key=lambda one: len(rows(project.campaign_id(one), Report.OPENED)))


@pytest.fixture(autouse=True)
def _synced(project: Project, key: str) -> None:
    result = project.sync([key])
    assert failed(result) in (set(), {"flags_never_fell"}), "what the test before broke is mended"


def failed(result: dg.ExecuteInProcessResult) -> set[str]:
    return {name for (name, _), passed in checks(result).items() if not passed}


def test_a_contact_with_two_rows(project: Project, key: str) -> None:
    write_twice_who_opened(project, key)
    result = project.run(SYNC_CAMPAIGNS.name, partition_key=key, asset_selection=[CSV_KEY])
    assert "one_row_a_contact" in failed(result)


def test_rows_fewer_than_after_the_last_run(project: Project, key: str) -> None:
    write_twice_who_opened(project, key)
    assert failed(project.sync([key])) == {"flags_never_fell"}


def test_a_flag_that_a_contact_has_lost_while_another_gained_it(
    project: Project, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = project.bench.connections.tables
    table = tables.read("engagement", key)
    opened = table["opened"].to_pylist()
    closed, open_, flag = opened.index(False), opened.index(True), table.schema.get_field_index("opened")
    opened[closed], opened[open_] = True, False
    with tables.writer("engagement", key, ENGAGEMENT_SCHEMA) as writer:
        writer.write(table.set_column(flag, ENGAGEMENT_SCHEMA.field("opened"), pa.array(opened)))
    monkeypatch.setattr(campaign, "_prior", lambda *_: iter(()))
    result = project.sync([key])
    assert failed(result) == {"flags_never_fell"}
    (evaluation,) = [
        one for one in result.get_asset_check_evaluations() if one.check_name == "flags_never_fell"
    ]
    assert evaluation.metadata["contacts_that_lost_a_flag"].value == {"opened": 1}


def test_a_document_too_many(project: Project, key: str) -> None:
    stranger = {"campaign_id": project.campaign_id(key), "contact_id": "stranger", "engagement": {}}
    project.bench.database.participants.insert_one(stranger)
    result = project.sync([key])
    project.bench.database.participants.delete_one({"contact_id": "stranger"})
    assert failed(result) == {"documents_match_engagement", "rows_match_documents"}


def test_a_document_deleted_and_a_flag_dropped_behind_the_pipelines_back_are_mended(
    project: Project, key: str
) -> None:
    participants, campaign_id = project.bench.database.participants, project.campaign_id(key)
    count = participants.count_documents({"campaign_id": campaign_id})
    opened = {"campaign_id": campaign_id, "engagement.opened": True}
    openers = participants.count_documents(opened)
    participants.update_one(opened, {"$set": {"engagement.opened": False}})
    participants.delete_one(opened)
    assert failed(project.sync([key])) == set()
    assert participants.count_documents({"campaign_id": campaign_id}) == count
    assert participants.count_documents(opened) == openers


def test_a_report_a_little_short_of_its_summary_warns_and_a_much_shorter_one_fails(
    project: Project, key: str
) -> None:
    path = f"*/{project.campaign_id(key)}/*"
    contacts = {
        report: len({event.contact_id for event in rows})
        for report, rows in project.bench.account.events[project.campaign_id(key)].items()
    }
    little = next(report for report, count in contacts.items() if 3 <= count <= 10)
    short = FaultRule(FaultKind.SHORT_REPORT, path=path, report=little)
    project.bench.sandbox.control.set_faults([short])
    warned = project.sync([key])
    assert (warned.success, failed(warned)) == (True, {"counts_match_summary"})
    project.bench.sandbox.control.set_faults([FaultRule(short.fault, path=path, report=Report.SENT)])
    refused = project.sync([key])
    assert (refused.success, failed(refused)) == (False, {"counts_match_summary"})
    assert [one.severity.value for one in warned.get_asset_check_evaluations() if not one.passed] == ["WARN"]
    assert [one.severity.value for one in refused.get_asset_check_evaluations() if not one.passed] == [
        "ERROR"
    ]


def test_fewer_sent_than_opened(project: Project, key: str) -> None:
    """Last: it takes away who the campaign was sent to, for good."""
    rows = project.bench.account.rows(project.campaign_id(key), Report.SENT)
    del rows[1:]
    project.bench.sandbox.control.advance(1 / 60)
    assert "sent_is_the_most" in failed(project.sync([key]))


def write_twice_who_opened(project: Project, key: str) -> None:
    """Append the row of a contact who opened the campaign to its engagement table a second time."""
    tables = project.bench.connections.tables
    table = tables.read("engagement", key)
    row = table.slice(table["opened"].to_pylist().index(True), 1)
    with tables.writer("engagement", key, ENGAGEMENT_SCHEMA) as writer:
        writer.write(pa.concat_tables([table, row]))
