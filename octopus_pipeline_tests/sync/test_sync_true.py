"""A sync makes MongoDB and the CSVs what is true of the account, whatever came before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.truth import expected_requests
from octopus_pipeline.sync.account import CampaignFailure
from octopus_pipeline.sync.campaign import CampaignResult, Stages
from octopus_pipeline.sync.campaigns import KnownCampaign, known_campaigns
from octopus_pipeline.sync.contacts import ListCountError
from octopus_pipeline.sync.plan import Mode, report_counts
from octopus_pipeline.sync.progress import LoggedProgress
from octopus_pipeline.sync.refresh import read_account, stale_campaigns
from octopus_pipeline_tests.sync.conftest import Bench, Outcomes, open_bench
from octopus_pipeline_tests.truth import (
    assert_csvs_true,
    assert_documents_true,
    assert_people_true,
    csv_rows,
    sent_campaigns,
    stored_document,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sandbox.account import Account


def failures(outcomes: Outcomes) -> dict[str, str]:
    return {
        key: str(outcome.error) for key, outcome in outcomes.items() if isinstance(outcome, CampaignFailure)
    }


def documents(database: Database[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (one["campaign_id"], one["contact_id"]): stored_document(one) for one in database.participants.find()
    }


def test_a_full_sync_is_the_accounts_truth(bench: Bench) -> None:
    assert failures(bench.sync()) == {}
    assert_documents_true(bench.database, bench.account)
    assert_people_true(bench.people.database, bench.account)
    assert_csvs_true(bench.csvs, bench.account)


def test_a_sync_expects_the_pages_that_it_reads(bench: Bench) -> None:
    progress = LoggedProgress(lambda _: None)
    bench.sync(progress=progress)
    assert progress.advance.pages == progress.advance.expected > 0


def test_a_full_sync_asks_for_what_is_needed_and_nothing_else(bench: Bench) -> None:
    bench.sync()
    assert bench.connections.octopus.statistics.snapshot().requests == expected_requests(bench.account).total


def test_both_api_versions_give_the_same_documents(
    bench: Bench, account: Account, mongo_settings: dict[str, Any], tmp_path: Path
) -> None:
    bench.sync()
    settings = {**mongo_settings, "mongo_database": f"{bench.database.name}_v1"}
    with open_bench(account, settings, tmp_path / "v1", "v1.6") as other:
        other.sync()
        assert documents(other.database) == documents(bench.database)
        other.database.client.drop_database(other.database.name)


def _changed_campaigns(bench: Bench) -> list[KnownCampaign]:
    read_account(bench.connections, bench.account.now)
    return stale_campaigns(bench.connections)


def test_a_second_sync_changes_nothing_but_the_time(bench: Bench) -> None:
    bench.sync()
    before = documents(bench.database)
    files = {path.name: path.read_bytes() for path in bench.csvs.iterdir()}
    bench.sync()
    assert documents(bench.database) == before
    assert {path.name: path.read_bytes() for path in bench.csvs.iterdir()} == files


def test_a_refresh_of_an_unchanged_account_asks_for_pages_and_summaries_of_live_campaigns_only(
    bench: Bench,
) -> None:
    bench.change_settings(octopus_live_window_days=100_000)
    bench.sync()
    before = bench.connections.octopus.statistics.snapshot()
    assert _changed_campaigns(bench) == []
    asked = bench.connections.octopus.statistics.snapshot() - before
    expected = expected_requests(bench.account)
    assert asked.requests == expected.campaign_pages + expected.summaries


def test_a_refresh_after_time_has_passed_catches_up(bench: Bench) -> None:
    bench.sync()
    known_before = documents(bench.database)
    bench.sandbox.control.advance(48, seed=3)
    stale = _changed_campaigns(bench)
    outcomes = bench.sync(stale, Mode.REFRESH)
    assert outcomes
    assert failures(outcomes) == {}
    after = documents(bench.database)
    for key, document in known_before.items():
        for flag, was in document["engagement"].items():
            assert after[key]["engagement"][flag] >= was
    for campaign_id in outcomes:
        flags = dict.fromkeys(("opened", "clicked", "bounced", "unsubscribed"), 0)
        truth = bench.sandbox.control.truth(campaign_id)
        for flag in flags:
            stored = {
                key[1] for key, one in after.items() if key[0] == campaign_id and one["engagement"][flag]
            }
            assert stored == {contact for contact, one in truth.items() if one[flag]}
    assert _changed_campaigns(bench) == []


def test_a_refresh_asks_only_for_reports_whose_totals_changed(bench: Bench) -> None:
    bench.sync()
    before = {one.campaign.id: one.counts for one in known_campaigns(bench.database)}
    bench.sandbox.control.advance(48, seed=3)
    stale = _changed_campaigns(bench)
    for campaign_id, outcome in bench.sync([one for one in stale if one.synced_at], Mode.REFRESH).items():
        assert isinstance(outcome, CampaignResult)
        assert outcome.summary
        changed = {
            report
            for report, count in report_counts(outcome.summary).items()
            if count != before[campaign_id][report]
        }
        assert set(outcome.downloads) == changed


def test_contacts_deleted_since_stay_as_last_known(bench: Bench) -> None:
    bench.sync()
    before = documents(bench.database)
    for hours in range(1, 6):
        bench.sandbox.control.advance(24, seed=hours)
    gone = {contact_id for _, contact_id in before if contact_id not in bench.account.contacts}
    bench.change_settings(octopus_contacts_max_age_minutes=0)
    bench.sync()
    after = documents(bench.database)
    kept = [key for key in before if key[1] in gone and before[key]["email_address"]]
    assert kept
    for key in kept:
        for column in ("email_address", "status", "fields"):
            assert after[key][column] == before[key][column]


def test_a_contact_deleted_since_is_what_its_list_had_last_though_read_for_another_campaign(
    bench: Bench,
) -> None:
    bench.change_settings(octopus_contacts_max_age_minutes=0)
    bench.sync()
    contact_id, earlier, later = bench.contact_of_two_campaigns()
    contact = bench.account.contacts[contact_id]
    contact.fields_json = '{"City": "LIMA"}'
    contact.last_updated_at = bench.account.now + timedelta(minutes=1)
    bench.sandbox.control.advance(1)
    bench.sync([earlier])
    del bench.account.contacts[contact_id]
    bench.sandbox.control.advance(1)
    bench.sync([later])
    after = documents(bench.database)
    assert after[later.campaign.id, contact_id]["fields"] == {"City": "LIMA"}
    assert after[later.campaign.id, contact_id]["email_address"] == contact.email_address


def test_a_contact_list_cut_short_is_not_kept(bench: Bench) -> None:
    """What a first reading misses no later one asks for: those read only what was updated since."""
    bench.sandbox.control.set_faults([FaultRule(FaultKind.SHORT_REPORT, path="*/lists/*/contacts")])
    errors = {
        type(outcome.error) for outcome in bench.sync().values() if isinstance(outcome, CampaignFailure)
    }
    assert errors == {ListCountError}
    assert bench.database.participants.count_documents({}) == 0
    bench.sandbox.control.set_faults([])
    bench.sync()
    assert_documents_true(bench.database, bench.account)
    assert_people_true(bench.people.database, bench.account)


def test_all_flags_false_of_the_old_tool_are_healed_and_its_true_ones_kept(bench: Bench) -> None:
    """The old tool upserted report after report with $set: 129,483 rows showed opened=False for weeks."""
    campaign_id = sent_campaigns(bench.account)[0]
    contacts = list(bench.sandbox.control.truth(campaign_id))
    flags = dict.fromkeys(("opened", "clicked", "bounced", "complained", "unsubscribed"), False)
    fields = {"kWh": "12000", "City": "MARION"}
    person = {"email_address": "old@example.com", "status": "SUBSCRIBED", "fields": fields}
    bench.connections.database.participants.insert_many(
        [
            {"campaign_id": campaign_id, "contact_id": contacts[0], **person, "engagement": flags},
            {
                "campaign_id": campaign_id,
                "contact_id": "since-deleted",
                **person,
                "engagement": {**flags, "opened": True},
            },
        ]
    )
    outcomes = bench.sync()
    assert isinstance(outcomes[campaign_id], CampaignResult)
    stored = {key[1]: one for key, one in documents(bench.database).items() if key[0] == campaign_id}
    for contact, truth in bench.sandbox.control.truth(campaign_id).items():
        assert stored[contact]["engagement"]["opened"] == truth["opened"]
    assert stored["since-deleted"]["engagement"]["opened"] is True
    assert len(csv_rows(bench.csvs, campaign_id)) == len(contacts) + 1


def test_one_stage_alone_works_on_what_the_others_made(bench: Bench) -> None:
    bench.sync()
    for path in bench.csvs.iterdir():
        path.unlink()
    requests = bench.connections.octopus.statistics.snapshot().requests
    only_csv = Stages(reports=frozenset(), engagement=False, participants=False, matches=False, people=False)
    known = bench.campaigns()
    listed = bench.connections.octopus.statistics.snapshot().requests - requests
    bench.sync(known, stages=only_csv)
    assert bench.connections.octopus.statistics.snapshot().requests == requests + listed
    assert_csvs_true(bench.csvs, bench.account)


def test_a_stage_before_any_sync_says_what_to_do(bench: Bench) -> None:
    only_csv = Stages(reports=frozenset(), engagement=False, participants=False, matches=False, people=False)
    outcome = next(iter(bench.sync(stages=only_csv).values()))
    assert isinstance(outcome, CampaignFailure)
    assert "was never synced" in str(outcome.error)


def test_synced_at_is_set_only_when_a_campaign_is_complete(bench: Bench) -> None:
    reports_only = Stages(
        engagement=False, participants=False, matches=False, people=False, csv=False, matched_csv=False
    )
    campaigns = bench.campaigns()
    assert failures(bench.sync(campaigns, stages=reports_only)) == {}
    assert bench.database.campaigns.count_documents({"synced_at": {"$ne": None}}) == 0
    bench.sync(campaigns)
    synced = bench.database.campaigns.count_documents({"synced_at": {"$ne": None}})
    assert synced == len(sent_campaigns(bench.account))
