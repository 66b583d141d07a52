"""A verification accounts for every document of the source, and finds whatever is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import ObjectId
from hypothesis import given

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, PEOPLE_INDEXES
from octopus_pipeline.people.migration.verify import verify
from octopus_pipeline_tests.people.migration.old_tool import (
    ANN,
    BROKEN,
    OLD_DOCUMENTS,
    at,
    fill_old,
)
from octopus_pipeline_tests.people.migration.people_there import MANY, Run, sync
from octopus_pipeline_tests.people.rows import person_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]


@given(documents=OLD_DOCUMENTS)
@MANY
def test_all_of_the_source_is_accounted_for(
    databases: Databases, run: Run, engine: DuckDBPyConnection, documents: list[Document]
) -> None:
    for database in (databases.source, databases.target):
        for name in database.list_collection_names():
            database.drop_collection(name)
    fill_old(databases.source, documents)
    run()
    found = verify(databases, engine, seed=1)
    assert (found.missing, found.lowered, found.differences, found.wrong_totals) == ([], [], [], [])
    assert found.is_exact
    assert found.people[0] == found.people[1]
    assert sum(len(ids) for ids in found.left_out.values()) == sum(
        one["campaign_id"] is None or (one["contact_id"] is None and "@" not in (one["email_address"] or ""))
        for one in documents
    )
    assert {spec.keys for spec in PEOPLE_INDEXES} <= {
        tuple(key for key, _ in index["key"])
        for index in databases.target[PEOPLE].index_information().values()
    }


def test_a_verification_finds_whatever_is_missing(
    databases: Databases, run: Run, engine: DuckDBPyConnection
) -> None:
    fill_old(databases.source)
    run()
    people = databases.target[PEOPLE]
    assert verify(databases, engine, seed=7).is_well
    people.update_one({"contact_id": ANN}, {"$set": {"engagements.1.opened": False}})
    people.update_one(
        {"contact_id": "eve@example.com"}, {"$pull": {"engagements": {"campaign_id": "winter"}}}
    )
    people.update_one({"contact_id": "bob@example.com"}, {"$set": {"contacts.0.record.fields.kWh": "11369"}})
    people.delete_one({"contact_id": "contact:e"})
    found = verify(databases, engine, seed=7)
    assert not found.is_well
    assert (len(found.missing), len(found.lowered)) == (2, 1)
    assert {one.part for one in found.differences} == {"fields", "contact"}
    assert found.wrong_totals == ["autumn", "spring", "winter"]
    assert {"autumn", "spring", "winter"} <= set(found.differing)
    assert all(ObjectId.is_valid(one) for one in found.missing)


def test_after_later_syncs_the_target_may_say_more(
    databases: Databases, run: Run, engine: DuckDBPyConnection
) -> None:
    fill_old(databases.source, BROKEN)
    run()
    later = dict.fromkeys(FLAGS, at(40))
    sync(databases, "winter", person_row("f", "eve@example.com", updated=at(30), done=later))
    counted = {"people": 7, **dict.fromkeys(FLAGS, 1)}
    databases.target[CAMPAIGNS].update_one({"campaign_id": "winter"}, {"$set": {"totals": counted}})
    found = verify(databases, engine, seed=1)
    assert found.is_well
    assert found.differing == ["winter"]
