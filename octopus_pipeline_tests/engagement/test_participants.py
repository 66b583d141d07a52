"""Participants in a real MongoDB: updates in any order give what the law says, over the old tool's documents too."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.participants import (
    heal_engagement,
    merge_duplicates,
    participant_updates,
    prior_rows,
)
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.store.bulk import bulk_write
from octopus_pipeline_tests.engagement.reports import REPORTS, Reports, Row, Run, at, contact, merged, seen

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from octopus_pipeline.emailoctopus.records import FieldValue

    Document = dict[str, Any]

NOW = at(100)


@pytest.fixture(params=[False, True], ids=["upserted", "inserted"])
def are_new(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def participants(mongo_database: Database[Document]) -> Collection[Document]:
    collection = mongo_database["participants"]
    collection.create_index([("campaign_id", 1), ("contact_id", 1)], unique=True)
    return collection


def write(participants: Collection[Document], rows: Sequence[Row], *, are_new: bool = False) -> None:
    batch = pa.RecordBatch.from_pylist(list(rows), schema=ENGAGEMENT_SCHEMA)
    bulk_write(participants, participant_updates("spring", [batch], NOW, are_new=are_new))


def documents(participants: Collection[Document]) -> list[Document]:
    return list(participants.find({}, {"_id": False}).sort([("campaign_id", 1), ("contact_id", 1)]))


def documents_of(rows: Iterable[Row]) -> list[Document]:
    """Engagement rows as the documents they must become."""
    result = []
    for row in rows:
        times: Document = {}
        for flag in FLAGS:
            if row[f"{flag}_first_at"]:
                times[flag] = {"first": row[f"{flag}_first_at"], "last": row[f"{flag}_last_at"]}
        document = {
            "campaign_id": "spring",
            "contact_id": row["contact_id"],
            "email_address": row["email_address"],
            "status": row["status"] and row["status"].upper(),
            "fields": row["fields"] and orjson.loads(row["fields"]),
            "engagement": {flag: row[flag] for flag in FLAGS},
            "synced_at": NOW,
        }
        result.append(document | ({"engagement_times": times} if times else {}))
    return sorted(result, key=lambda document: str(document["contact_id"]))


def test_a_document_has_the_whole_of_what_is_known(participants: Collection[Document], are_new: bool) -> None:
    fields: dict[str, FieldValue] = {
        "City": "MARION",
        "kWh": 11369,
        "a.b": "1.5",
        "$set": None,
        "Topics": ["solar"],
    }
    run = Run(
        {
            Report.SENT: [seen("ann")],
            Report.OPENED: [seen("ann", 5), seen("ann", 3)],
            Report.BOUNCED: [seen("ann")],
        },
        [contact("ann", 1, **fields)],
    )
    write(participants, merged(run), are_new=are_new)
    assert documents(participants) == [
        {
            "campaign_id": "spring",
            "contact_id": "ann",
            "email_address": "ann@example.com",
            "status": "SUBSCRIBED",
            "fields": fields,
            "engagement": {
                "opened": True,
                "clicked": False,
                "bounced": True,
                "complained": False,
                "unsubscribed": False,
            },
            "engagement_times": {"opened": {"first": at(3), "last": at(5)}},
            "synced_at": NOW,
        }
    ]


def test_flags_survive_reports_upserted_one_after_the_other(
    participants: Collection[Document], are_new: bool
) -> None:
    """129,483 rows showed opened=False: each report was upserted with `$set`, over the flags of those before."""
    for report in (*ENGAGEMENT_REPORTS, Report.SENT):
        write(participants, merged(Run({report: [seen("ann", 1)]})), are_new=are_new)
    assert documents(participants) == documents_of(
        merged(Run({report: [seen("ann", 1)] for report in ENGAGEMENT_REPORTS}))
    )


def test_a_first_time_moves_only_back_and_a_last_time_only_forward(
    participants: Collection[Document],
) -> None:
    for minutes in (5, 9, 3, 4):
        write(participants, merged(Run({Report.BOUNCED: [seen("ann", minutes)]})))
    (document,) = documents(participants)
    assert document["engagement_times"] == {"bounced": {"first": at(3), "last": at(9)}}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REPORTS, REPORTS, st.randoms(use_true_random=False))
def test_stale_and_fresh_updates_in_any_order_give_what_the_merge_says(
    participants: Collection[Document], first: Reports, second: Reports, chance: random.Random
) -> None:
    participants.delete_many({})
    people = [contact(contact_id, 1, City="MARION") for contact_id in "abcdef"]
    runs = [Run(_times_and_ids(reports), people) for reports in (first, second)]
    writes = [merged(run) for run in runs] * 2
    for rows in chance.sample(writes, len(writes)):
        write(participants, chance.sample(rows, len(rows)), are_new=chance.random() < 0.5)
    assert documents(participants) == documents_of(merged(*runs))


def _times_and_ids(reports: Reports) -> Reports:
    """The rows without contacts' records: whose record is newest is the merge's to say, not the database's."""
    return {
        report: [
            seen(row.contact_id, None if row.occurred_at is None else _minutes(row.occurred_at - at(0)))
            for row in rows
        ]
        for report, rows in reports.items()
    }


def _minutes(time: timedelta) -> int:
    return time // timedelta(minutes=1)


def test_a_contact_deleted_since_keeps_what_its_document_says(participants: Collection[Document]) -> None:
    known = merged(Run({Report.OPENED: [seen("ann", 1)]}, [contact("ann", 1, City="MARION")]))
    write(participants, known)
    write(participants, merged(Run({Report.OPENED: [seen("ann", 1, email=None)]})))
    assert documents(participants) == documents_of(known)


OLD = {
    "campaign_id": "spring",
    "contact_id": "ann",
    "email_address": "ann@example.com",
    "status": "SUBSCRIBED",
}


@pytest.mark.parametrize(
    "engagement",
    [{}, {"engagement": None}, {"engagement": {}}, {"engagement": {"opened": False}}],
    ids=["missing", "null", "empty", "partly"],
)
def test_documents_of_the_old_tool_are_healed(
    participants: Collection[Document], engagement: Document
) -> None:
    participants.insert_one(OLD | engagement)
    heal_engagement(participants, "spring")
    rows = merged(Run({Report.SENT: [seen("ann")], Report.OPENED: [seen("ann", 1)]}))
    write(participants, rows)
    (document,) = documents(participants)
    assert document["engagement"] == {flag: flag == "opened" for flag in FLAGS}
    assert document["status"] == "SUBSCRIBED"


def test_old_documents_are_the_first_run_s_prior(participants: Collection[Document]) -> None:
    flags = dict.fromkeys(FLAGS, False)
    participants.insert_many(
        [
            OLD | {"fields": {"kWh": "12000", "City": "MARION"}, "engagement": flags | {"clicked": True}},
            {"campaign_id": "spring", "contact_id": "bob", "fields": {"kWh": 7.0}, "engagement": None},
            {"campaign_id": "spring", "contact_id": None, "engagement": flags},
        ]
    )
    prior = [row for batch in prior_rows(participants.find()) for row in batch.to_pylist()]
    ann, bob = merged(Run({Report.SENT: [seen("ann", email=None)]}), prior=prior)
    assert (ann["status"], ann["kwh"], ann["city"]) == ("subscribed", "12000", "MARION")
    assert ann["clicked"]
    assert ann["opened"], "a click is an open, also an old one"
    assert (bob["kwh"], bob["email_address"], bob["opened"]) == ("7", None, False)


def test_what_was_written_is_read_back_as_prior(participants: Collection[Document]) -> None:
    reports = {report: [seen("ann", 3), seen("bob")] for report in ENGAGEMENT_REPORTS}
    rows = merged(Run(reports, [contact("ann", 1, City="MARION")]))
    write(participants, rows)
    prior = [row for batch in prior_rows(participants.find()) for row in batch.to_pylist()]
    assert merged(Run({}), prior=prior) == [row | {"contact_updated_at": None} for row in rows]


def test_duplicates_become_one_document_that_knows_what_all_knew(mongo_database: Database[Document]) -> None:
    participants = mongo_database["without_unique_index"]
    participants.insert_many(
        [
            OLD | {"engagement": {"opened": True}, "fields": {"City": "MARION"}, "synced_at": NOW},
            OLD | {"engagement": None, "status": None, "fields": None},
            OLD | {"engagement": {"bounced": True, "opened": False}},
            OLD | {"campaign_id": "summer", "engagement": {"opened": False}},
            OLD | {"contact_id": "bob", "engagement": {"clicked": False}},
        ]
    )
    assert merge_duplicates(participants) == 2
    bob, ann, summer = sorted(
        documents(participants), key=lambda one: (one["campaign_id"], one["contact_id"] == "ann")
    )
    flags = dict.fromkeys(FLAGS, False) | {"opened": True, "bounced": True}
    assert ann == OLD | {"engagement": flags, "fields": {"City": "MARION"}, "synced_at": NOW}
    assert bob["engagement"] == {"clicked": False}
    assert summer["engagement"] == {"opened": False}
    assert merge_duplicates(participants) == 0
