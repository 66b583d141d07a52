"""People after syncs: what is written, what is left alone, and what comes back when somebody took it away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.sandbox.truth import expected_participants
from octopus_pipeline.sync.campaign import CampaignResult, Stages
from octopus_pipeline.sync.migration import run_migration, verify_migration
from octopus_pipeline_tests.people.migration.conftest import QUIET
from octopus_pipeline_tests.sync.counties import load
from octopus_pipeline_tests.sync.matched import MATCHING, homes
from octopus_pipeline_tests.sync.matched import people as addresses_of
from octopus_pipeline_tests.truth import FLAGS, assert_people_true, expected_people, sent_campaigns

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest
    from pymongo.collection import Collection

    from octopus_pipeline.sandbox.counties import SampleCounty
    from octopus_pipeline.sync.people import PeopleResult
    from octopus_pipeline_tests.sync.conftest import Bench

ONLY_PEOPLE = Stages(
    reports=frozenset(), engagement=False, participants=False, matches=False, csv=False, matched_csv=False
)


def written(bench: Bench, stages: Stages | None = None) -> list[PeopleResult]:
    """Sync; what became of the people of each campaign."""
    found = []
    for outcome in bench.sync(stages=stages).values():
        assert isinstance(outcome, CampaignResult), outcome
        assert outcome.people
        assert outcome.people.missing == 0
        found.append(outcome.people)
    return found


def documents(bench: Bench) -> list[dict[str, Any]]:
    return list(bench.people.find({}, {"_id": False, "synced_at": False}).sort("contact_id"))


def test_a_resync_merges_only_what_changed(bench: Bench) -> None:
    first = written(bench)
    assert sum(one.written for one in first) == sum(one.rows for one in first) > 0
    before = documents(bench)
    assert sum(one.written for one in written(bench)) == 0
    contact_id = next(
        row.contact_id
        for row in bench.account.rows(bench.campaigns()[0].campaign.id, Report.SENT)
        if row.contact_id in bench.account.contacts
    )
    contact = bench.account.contacts[contact_id]
    contact.fields_json = '{"City": "LIMA"}'
    contact.last_updated_at = bench.account.now + timedelta(minutes=1)
    bench.sandbox.control.advance(1)
    bench.change_settings(octopus_contacts_max_age_minutes=0)
    in_campaigns = sum(1 for _, contact in addresses_of(bench) if contact == contact_id)
    again = written(bench)  # an hour later: others have opened mails, too
    assert in_campaigns <= sum(one.written for one in again) < sum(one.rows for one in again) / 10
    changed = [one for one in documents(bench) if one not in before]
    (person,) = (one for one in changed if contact_id in {each["contact_id"] for each in one["contacts"]})
    assert person["fields"]["City"] == "LIMA"


def test_people_whom_somebody_took_away_come_back(bench: Bench) -> None:
    written(bench)
    before = documents(bench)
    bench.people.delete_many({"campaigns_opened": {"$gt": 0}})
    bench.people.update_many({}, {"$set": {"engagements.$[].bounced": False}})
    written(bench)
    assert documents(bench) == before
    bench.people.database.client.drop_database(bench.people.database.name)
    del bench.connections.people_database
    written(bench, ONLY_PEOPLE)
    assert_people_true(bench.people.database, bench.account)


def test_whoever_is_missing_still_is_told_and_comes_with_the_next_sync(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merge_but_one(people: Collection[dict[str, Any]], rows: Iterable[dict[str, Any]]) -> int:
        merged = merge_people(people, rows)
        people.delete_one({})
        return merged

    campaign = bench.campaigns()[0]
    with monkeypatch.context() as patched:
        patched.setattr("octopus_pipeline.sync.people.merge_people", merge_but_one)
        (outcome,) = bench.sync([campaign]).values()
    assert isinstance(outcome, CampaignResult)
    assert outcome.people
    assert outcome.people.missing == 1
    written(bench)
    assert_people_true(bench.people.database, bench.account)


def test_who_changes_the_address_between_two_campaigns_stays_one_person(bench: Bench) -> None:
    bench.change_settings(octopus_contacts_max_age_minutes=0)
    contact_id, earlier, later = bench.contact_of_two_campaigns()
    bench.sync([earlier])
    contact = bench.account.contacts[contact_id]
    former, contact.email_address = contact.email_address.lower(), "moved@example.com"
    contact.last_updated_at = bench.account.now + timedelta(minutes=1)
    bench.sandbox.control.advance(1)
    bench.sync([later])
    (person,) = bench.people.find({"contacts.contact_id": contact_id})
    assert person["contact_id"] == person["email_address"] == "moved@example.com"
    assert former in person["person_ids"]
    assert {earlier.campaign.id, later.campaign.id} <= {one["campaign_id"] for one in person["engagements"]}


def test_a_person_says_where_he_lives_once_a_county_is_loaded(
    bench: Bench, counties: dict[str, SampleCounty]
) -> None:
    written(bench)
    assert bench.people.count_documents({"residence_ref": {"$ne": None}}) == 0
    load(bench.connections, counties["Franklin"])
    assert sum(one.written for one in written(bench, MATCHING)) > 0
    known = homes(counties)
    found = list(bench.people.find({"residence_ref": {"$ne": None}}))
    assert len(found) > 20
    for person in found:
        home = known[person["email_address"].lower()]
        assert (person["residence_ref"]["county"], person["residence_ref"]["parcel_id"]) == (
            home.county,
            home.parcel_id,
        )
        assert (
            person["zip"] == person["residence_ref"]["parcel_zip"]
            or person["residence_ref"]["parcel_zip"] is None
        )
    assert sum(one.written for one in written(bench, MATCHING)) == 0


def test_the_old_tools_flags_all_false_are_migrated_as_they_are_and_healed_by_the_next_sync(
    bench: Bench,
) -> None:
    old = [
        {
            "campaign_id": campaign_id,
            "contact_id": contact_id,
            "email_address": participant.email_address and participant.email_address.upper(),
            "status": "SUBSCRIBED",
            "fields": participant.fields,
            "engagement": dict.fromkeys(FLAGS, False),
        }
        for campaign_id in sent_campaigns(bench.account)
        for contact_id, participant in expected_participants(bench.account, campaign_id).items()
    ]
    source = bench.connections.migration_databases.source
    source["participants"].insert_many([*old, *({**one} for one in old[::7])])
    run_migration(bench.connections, QUIET)
    assert verify_migration(bench.connections, seed=1).verification.is_exact
    assert bench.people.count_documents({"campaigns_opened": {"$gt": 0}}) == 0
    assert bench.people.count_documents({}) == len(expected_people(bench.account))
    written(bench)
    assert_people_true(bench.people.database, bench.account)
    assert verify_migration(bench.connections, seed=1).verification.is_well
