"""People in a real MongoDB: whatever the order, repetition or concurrency of campaigns, the documents are the same."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import PEOPLE, prepare_people_database
from octopus_pipeline.people.documents import bson_order, person_document
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import INCOMING, merge_people, sweep
from octopus_pipeline_tests.people.rows import HOME, batch_of, person_row

if TYPE_CHECKING:
    Document = dict[str, Any]
    Row = dict[str, Any]

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def people(mongo_database: Database[Document]) -> Collection[Document]:
    prepare_people_database(mongo_database)
    return mongo_database[PEOPLE]


def write(
    people: Collection[Document],
    campaign_id: str,
    *rows: Row,
    matched_at: datetime = NOW,
    now: datetime = NOW,
) -> None:
    """As a campaign's run writes its people."""
    seen = list(people_seen(campaign_id, batch_of(*rows), matched_at, now))
    merge_people(people, seen)
    join_documents(people, {row["contact"]["contact_id"]: row["contact_id"] for row in seen})


def documents(people: Collection[Document]) -> list[Document]:
    return list(people.find({}, {"_id": False}).sort("contact_id"))


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def test_contacts_of_one_person_are_one_document_and_the_newest_values_that_are_not_empty_win(
    people: Collection[Document],
) -> None:
    old = {"Address": "1 OAK ST", "City": "LIMA", "kWh": 900}
    new = {"Address": "2 ELM ST", "City": "", "Cell": "614-555-0101"}
    write(people, "spring", person_row("a", "ann@example.com", fields=old, updated=at(1), opened=at(5)))
    write(
        people,
        "autumn",
        person_row(
            "b",
            "Ann@Example.com",
            zip_code="43215-1234",
            fields=new,
            updated=at(2),
            clicked=at(9),
            status="unsubscribed",
        ),
        person_row("c", None, cell="6145550101"),
        person_row("d", None),
    )
    phone_only, ann, unknown = documents(people)
    assert phone_only["contact_id"] == "6145550101"
    assert unknown["contact_id"] == "contact:d"
    assert ann["contact_id"] == "ann@example.com"
    assert ann["email_address"] == "Ann@Example.com"
    assert ann["status"] == "UNSUBSCRIBED"
    assert ann["zip"] == "43215"
    assert ann["fields"] == {"Address": "2 ELM ST", "City": "LIMA", "kWh": 900, "Cell": "614-555-0101"}
    assert [one["contact_id"] for one in ann["contacts"]] == ["a", "b"]
    autumn, spring = ann["engagements"]
    assert (spring["campaign_id"], spring["opened"], spring["clicked"]) == ("spring", True, False)
    assert (autumn["campaign_id"], autumn["opened"], autumn["clicked"]) == ("autumn", False, True)
    assert (ann["campaigns_received"], ann["campaigns_opened"], ann["campaigns_clicked"]) == (2, 1, 1)
    assert (ann["first_engaged_at"], ann["last_engaged_at"]) == (at(5), at(9))


def test_who_changes_the_address_or_is_deleted_stays_one_person(people: Collection[Document]) -> None:
    write(people, "spring", person_row("a", "ann@old.example.com", updated=at(1), opened=at(2)))
    write(people, "summer", person_row("b", "ann@old.example.com", updated=at(1)))
    write(people, "autumn", person_row("a", "ann@new.example.com", updated=at(3)))
    write(people, "winter", person_row("a", None))
    (ann,) = documents(people)
    assert ann["contact_id"] == ann["email_address"] == "ann@new.example.com"
    assert ann["person_ids"] == ["ann@new.example.com", "ann@old.example.com", "contact:a"]
    assert [one["contact_id"] for one in ann["contacts"]] == ["a", "b"]
    assert (ann["campaigns_received"], ann["campaigns_opened"]) == (4, 1)


def test_a_telephone_shared_by_two_addresses_makes_nobody_one_person(people: Collection[Document]) -> None:
    write(
        people,
        "spring",
        person_row("a", "ann@example.com", cell="614-555-0101"),
        person_row("b", "bob@example.com", cell="(614) 555-0101"),
    )
    assert [one["contact_id"] for one in documents(people)] == ["ann@example.com", "bob@example.com"]


def test_a_document_says_where_the_person_lives_as_it_was_found_last(people: Collection[Document]) -> None:
    write(people, "spring", person_row("a", "ann@example.com", zip_code="43001", match=HOME))
    (ann,) = documents(people)
    assert (ann["match_quality"], ann["zip"]) == ("exact", "04321")
    assert ann["demographic_ref"] is None
    assert ann["residence_ref"] == {
        "county": "Franklin",
        "parcel_id": "010-000123-00",
        "address": "345 MAPLE LN",
        "parcel_city": None,
        "parcel_zip": "04321",
        "year_built": None,
        "quality": "exact",
        "method": "address exact",
        "score": 0.9988,
    }
    gone = {"residence_match_quality": "no_match", "residence_reason": "number unknown"}
    later = NOW + timedelta(days=1)
    write(
        people, "autumn", person_row("a", "ann@example.com", zip_code="43001", match=gone), matched_at=later
    )
    write(people, "spring", person_row("a", "ann@example.com", zip_code="43001", match=HOME))
    (ann,) = documents(people)
    assert (ann["residence_ref"], ann["match_quality"], ann["zip"]) == (None, "no_match", "43001")
    assert ann["match_reason"] == "number unknown"


def test_what_people_write_is_never_an_expression(people: Collection[Document]) -> None:
    wild = {"Address": "$where", "City": "$$ROOT", "Name": "{'$gt': ''}", "$set": "a.b", "a.b": "$c"}
    write(people, "$spring", person_row("$a", "$ann@example.com", fields=wild, opened=at(1)))
    write(people, "$autumn", person_row("$a", "$bob@example.com", fields=wild, updated=at(1)))
    (ann,) = documents(people)
    assert ann["fields"] == wild
    assert ann["person_ids"] == ["$ann@example.com", "$bob@example.com"]
    assert [one["campaign_id"] for one in ann["engagements"]] == ["$autumn", "$spring"]
    assert [one["contact_id"] for one in ann["contacts"]] == ["$a"]


TIMES = st.none() | st.integers(0, 3).map(at)
EMAILS = st.sampled_from([None, "ann@example.com", "ANN@example.com", "bob@example.com"])
ROWS = st.tuples(
    st.sampled_from(["autumn", "spring", "winter"]),
    st.builds(
        person_row,
        st.sampled_from("abcd"),
        EMAILS,
        cell=st.sampled_from([None, "614-555-0101"]),
        zip_code=st.sampled_from([None, "43215"]),
        status=st.sampled_from(["subscribed", "unsubscribed"]),
        fields=st.none()
        | st.dictionaries(
            st.sampled_from(["Address", "kWh"]), st.sampled_from(["", "1 OAK ST", 900, 1.5, True])
        ),
        updated=TIMES,
        match=st.sampled_from([None, HOME, {"residence_match_quality": "review"}]),
        opened=st.integers(0, 3).map(at),
    )
    | st.builds(person_row, st.sampled_from("abcd"), EMAILS),
)
UPDATES = st.lists(ROWS, max_size=7)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(updates=UPDATES, randomly=st.randoms(use_true_random=False))
@MANY
def test_order_and_repetition_change_nothing(
    people: Collection[Document], updates: list[tuple[str, Row]], randomly: random.Random
) -> None:
    people.delete_many({})
    for campaign_id, row in updates:
        write(people, campaign_id, row)
    expected = documents(people)
    people.delete_many({})
    again = [*updates, *randomly.choices(updates, k=3)] if updates else []
    randomly.shuffle(again)
    for campaign_id, row in again:
        write(people, campaign_id, row)
    assert documents(people) == expected


@given(updates=UPDATES)
@example(
    [
        ("autumn", person_row("d", "ann@example.com")),
        ("autumn", person_row("d", "bob@example.com")),
        ("autumn", person_row("d", None, updated=at(0))),
    ]
)
@MANY
def test_the_server_joins_as_the_law_says(
    people: Collection[Document], updates: list[tuple[str, Row]]
) -> None:
    people.delete_many({})
    for campaign_id, row in updates:
        write(people, campaign_id, row)
    assert documents(people) == sorted(_by_law(updates), key=lambda one: str(one["contact_id"]))


def _by_law(updates: list[tuple[str, Row]]) -> list[Document]:
    """People as they must be: rows that share a contact or an id are one person's, also by way of others."""
    seen = [row for campaign, one in updates for row in people_seen(campaign, batch_of(one), NOW, NOW)]
    groups: list[list[Row]] = []
    for row in seen:
        names = {row["contact_id"], ("contact", row["contact"]["contact_id"])}
        linked = [
            group
            for group in groups
            if any(names & {one["contact_id"], ("contact", one["contact"]["contact_id"])} for one in group)
        ]
        groups = [group for group in groups if group not in linked]
        groups.append([row, *(one for group in linked for one in group)])
    return [
        person_document(
            [row["contact_id"] for row in group],
            [row["contact"] for row in group],
            [row["engagement"] for row in group],
            NOW,
        )
        for group in groups
    ]


SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.just(float("nan"))
    | st.text(max_size=2).filter(lambda text: "\0" not in text) | st.integers(0, 3).map(at)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
)


@given(values=st.lists(VALUES, min_size=2, max_size=6))
@MANY
def test_values_are_ordered_as_the_server_orders_them(
    people: Collection[Document], values: list[Any]
) -> None:
    wrapped = [{"v": value} for value in values]
    stages: list[Document] = [
        {"$documents": [{"all": wrapped}]},
        {"$project": {"all": {"$sortArray": {"input": {"$literal": wrapped}, "sortBy": 1}}}},
    ]
    (found,) = people.database.aggregate(stages)
    assert [bson_order(one) for one in found["all"]] == sorted(map(bson_order, wrapped))


def test_campaigns_that_write_at_the_same_time_neither_lose_nor_double_an_entry(
    people: Collection[Document],
) -> None:
    campaigns = [f"campaign-{number:02}" for number in range(16)]
    rows = [
        person_row(f"contact-{person}", f"person{person}@example.com", opened=at(1)) for person in range(50)
    ]
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(write, people, campaign, *rows) for campaign in campaigns * 2]:
            done.result()
    found = documents(people)
    assert len(found) == len(rows)
    for one in found:
        assert [entry["campaign_id"] for entry in one["engagements"]] == campaigns
        assert (one["campaigns_received"], one["campaigns_opened"]) == (16, 16)


def test_people_whose_address_changes_while_others_write_end_up_whole(people: Collection[Document]) -> None:
    campaigns = [f"campaign-{number:02}" for number in range(12)]
    updates = []
    for number, campaign in enumerate(campaigns):
        for person in range(10):
            version = (number + person) % 3
            address = f"person{person}@v{version}.example.com"
            updates.append((campaign, person_row(f"contact-{person}", address, updated=at(version))))
    random.Random(1).shuffle(updates)
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(write, people, campaign, row) for campaign, row in updates]:
            done.result()
    found = documents(people)
    assert [one["contact_id"] for one in found] == sorted(f"person{n}@v2.example.com" for n in range(10))
    for one in found:
        assert [entry["campaign_id"] for entry in one["engagements"]] == campaigns


def test_flags_only_rise(people: Collection[Document]) -> None:
    write(people, "spring", person_row("a", "ann@example.com", done=dict.fromkeys(FLAGS, at(1))))
    write(people, "spring", person_row("a", "ann@example.com"))
    ((entry,),) = (one["engagements"] for one in documents(people))
    assert all(entry[flag] for flag in FLAGS)


def test_rows_that_a_killed_process_left_are_swept_a_day_later(mongo_database: Database[Document]) -> None:
    made = int(NOW.timestamp())
    mongo_database[f"{INCOMING}_{made}_abc"].insert_one({})
    sweep(mongo_database, NOW + timedelta(hours=23))
    assert mongo_database.list_collection_names() == [f"{INCOMING}_{made}_abc"]
    sweep(mongo_database, NOW + timedelta(hours=25))
    assert mongo_database.list_collection_names() == []
