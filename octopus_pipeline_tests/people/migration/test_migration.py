"""The old tool's broken data becomes people: all of it that can, by the law, whatever was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, prepare_people_database
from octopus_pipeline.people.migration import grouping
from octopus_pipeline.people.migration.plan import plan
from octopus_pipeline.people.migration.rollback import roll_back
from octopus_pipeline.people.migration.source import Reason, SourceBatch, read_source
from octopus_pipeline.people.migration.state import MIGRATIONS, MigrationError
from octopus_pipeline.people.migration.verify import verify
from octopus_pipeline_tests.people.migration.conftest import QUIET
from octopus_pipeline_tests.people.migration.old_tool import (
    ANN,
    BROKEN,
    NOT_CARRIED,
    OLD_DOCUMENTS,
    UUID_ID,
    at,
    fill_old,
    old_document,
)
from octopus_pipeline_tests.people.migration.people_there import MANY, Run, people_of, stored, sync
from octopus_pipeline_tests.people.rows import person_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]


def test_broken_documents_become_people(databases: Databases, run: Run) -> None:
    fill_old(databases.source)
    before = stored(databases.source)
    migration = run()
    assert stored(databases.source) == before
    people = people_of(databases)
    assert sorted(people) == [
        "6145550102", "6145550103", ANN, "bob@example.com", "carl@example.com", "contact:e", "contact:h",
        "dora@example.com", "eve@example.com", "finn@example.com", "gus@example.com",
        "max@example.com",
    ]  # fmt: skip
    ann = people[ANN]
    assert ann["person_ids"] == [ANN, "ann@new.example.com"]
    assert [one["contact_id"] for one in ann["contacts"]] == ["a", "b"]
    assert (ann["email_address"], ann["status"], ann["zip"]) == ("Ann@Example.COM", "SUBSCRIBED", "43215")
    assert ann["fields"] == {"Address": "345 MAPLE LN", "ZIP": "44906", "kWh": 900, "zip": 43215.0}
    opened = {one["campaign_id"]: one["opened"] for one in ann["engagements"]}
    assert opened == {"autumn": False, "spring": True, "winter": False}
    bob = people["bob@example.com"]
    assert [(one["clicked"], one["engaged_at"], one["last_engaged_at"]) for one in bob["engagements"]] == [
        (True, None, None),
        (False, at(1), at(3)),
    ]
    assert people["6145550103"]["contacts"][0]["contact_id"] == "unknown:6145550103"
    assert people["carl@example.com"]["contacts"][0]["contact_id"] == "unknown:carl@example.com"
    assert people["dora@example.com"]["engagements"][0]["campaign_id"] == "7"
    assert people["finn@example.com"]["engagements"][0]["campaign_id"] == str(UUID_ID)
    assert people["contact:h"]["fields"] == {"Deep": {"list": [1, None], "$set": "a.b"}}
    assert people["eve@example.com"]["contacts"][0]["record"]["seen_at"] is None
    assert (migration.rows, migration.documents) == (len(BROKEN), len(BROKEN) + len(NOT_CARRIED))
    assert migration.left_out == {Reason.NO_CAMPAIGN: 3, Reason.NOBODY: 2}
    assert migration.parts_left_out == {
        Reason.EMAIL: 1, Reason.STATUS: 1, Reason.FIELDS: 1, Reason.ENGAGEMENT: 1, Reason.SEEN: 2,
    }  # fmt: skip


def test_campaigns_come_along_and_count_their_people(databases: Databases, run: Run) -> None:
    fill_old(databases.source)
    prepare_people_database(databases.target)
    databases.target[CAMPAIGNS].insert_one(
        {"campaign_id": "spring", "name": "Spring 2025", "status": None, "synced_at": at(50), "totals": {}}
    )
    run()
    campaigns = {one["campaign_id"]: one for one in databases.target[CAMPAIGNS].find({}, {"_id": False})}
    assert campaigns.keys() == {"spring", "autumn", "winter", "draft", "7", str(UUID_ID)}
    spring = campaigns["spring"]
    assert (spring["name"], spring["subject"], spring["status"]) == ("Spring 2025", "Save", "SENT")
    assert (spring["sent_at"], spring["synced_at"]) == (at(0), at(50))
    assert spring["totals"] == {
        "people": 2, "opened": 2, "clicked": 0, "bounced": 0, "complained": 0, "unsubscribed": 0,
    }  # fmt: skip
    assert campaigns["autumn"]["sent_at"].hour == 10
    assert campaigns["draft"]["totals"]["people"] == 0
    assert campaigns["winter"]["name"] is None


@given(documents=OLD_DOCUMENTS, synced=st.lists(st.sampled_from("abcd"), max_size=3), where=st.booleans())
@MANY
def test_migrating_and_syncing_make_the_same_people_in_either_order(
    databases: Databases, run: Run, documents: list[Document], synced: list[str], where: bool
) -> None:
    made = []
    for sync_first in (True, False):
        for database in (databases.source, databases.target):
            for name in database.list_collection_names():
                database[name].delete_many({})
        fill_old(databases.source, documents)
        if not sync_first:
            run()
        for number, contact in enumerate(synced):
            address = f"{contact}@{'new.' if where else ''}example.com"
            sync(databases, "spring", person_row(contact, address, updated=at(number), clicked=at(number)))
        if sync_first:
            run()
        made.append(people_of(databases))
    assert made[0] == made[1]


def test_migrated_again_nothing_changes_but_what_is_new(databases: Databases, run: Run) -> None:
    fill_old(databases.source)
    run()
    people = stored(databases.target)[PEOPLE]
    run()
    assert stored(databases.target)[PEOPLE] == people
    databases.source["participants"].insert_one(old_document("summer", "a", ANN, engagement={"opened": True}))
    run()
    summer = [one for one in people_of(databases)[ANN]["engagements"] if one["campaign_id"] == "summer"]
    assert [one["opened"] for one in summer] == [True]
    assert databases.target[MIGRATIONS].count_documents({}) == 3


def test_a_plan_counts_and_changes_nothing(
    databases: Databases, engine: DuckDBPyConnection, tmp_path: Path
) -> None:
    fill_old(databases.source)
    before = stored(databases.source)
    planned = plan(databases, engine, tmp_path / "backups", at(0))
    assert stored(databases.source) == before
    assert databases.target.list_collection_names() == []
    assert list(tmp_path.iterdir()) == []
    assert (planned.documents, planned.rows, planned.people, planned.people_joined) == (22, 17, 13, 2)
    assert (planned.duplicates, planned.duplicates_that_differ) == (2, 1)
    assert (planned.contacts_with_several_addresses, planned.without_contact_id) == (1, 2)
    assert planned.left_out == {Reason.NO_CAMPAIGN: 3, Reason.NOBODY: 2}
    assert [len(ids) for ids in planned.left_out_ids.values()] == [3, 2]
    assert (planned.campaigns_without_document, planned.campaign_documents_without_id) == (3, 1)
    assert planned.bytes_to_write > 0


def test_a_server_that_is_lost_while_the_source_is_read_is_told_as_such(
    databases: Databases, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: object) -> Iterator[SourceBatch]:
        yield from read_source(databases.source["participants"])
        raise AutoReconnect

    fill_old(databases.source)
    monkeypatch.setattr("octopus_pipeline.people.migration.run.read_source", lost)
    with pytest.raises(AutoReconnect):
        run()
    assert databases.target.list_collection_names() == [MIGRATIONS]


def test_people_that_another_tool_wrote_are_taken_over_after_the_backup(
    databases: Databases, run: Run, engine: DuckDBPyConnection
) -> None:
    fill_old(databases.source)
    entry = {"campaign_id": "long-ago", "opened": True}
    databases.target[PEOPLE].insert_one({"contact_id": ANN.upper(), "engagements": [entry], "applied": True})
    before = stored(databases.target)
    run()
    (ann,) = databases.target[PEOPLE].find({"person_ids": ANN})
    assert ann["applied"] is True
    assert "long-ago" in {one["campaign_id"] for one in ann["engagements"]}
    assert verify(databases, engine, seed=1).is_well
    roll_back(databases.target, QUIET)
    assert stored(databases.target) == before


def test_a_source_that_holds_nothing_is_taken_for_a_wrong_setting(
    databases: Databases, run: Run, engine: DuckDBPyConnection, tmp_path: Path
) -> None:
    for act in (run, lambda: plan(databases, engine, tmp_path, at(0)), lambda: verify(databases, engine, 1)):
        with pytest.raises(
            MigrationError, match=r"holds nothing that could be migrated\. Set MONGO_DATABASE"
        ):
            act()
    assert databases.target.list_collection_names() == []


def test_batches_and_order_do_not_matter(
    databases: Databases, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_old(databases.source)
    run()
    expected = people_of(databases)
    databases.target.client.drop_database(databases.target.name)
    monkeypatch.setattr(grouping, "PEOPLE_AT_ONCE", 1)
    run()
    assert people_of(databases) == expected
