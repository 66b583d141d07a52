"""People in a real MongoDB: whatever the order, repetition or concurrency of campaigns, the documents are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.updates import nobody, write_people
from octopus_pipeline_tests.people.rows import HOME, PERSON_ROW_SCHEMA, person_row

if TYPE_CHECKING:
    import random

    Document = dict[str, Any]
    Row = dict[str, Any]

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def people(mongo_database: Database[Document]) -> Collection[Document]:
    collection = mongo_database["people"]
    collection.create_index("contact_id", unique=True)
    return collection


def write(people: Collection[Document], campaign_id: str, *rows: Row, now: datetime = NOW) -> None:
    batch = pa.RecordBatch.from_pylist(list(rows), schema=PERSON_ROW_SCHEMA)
    write_people(people, campaign_id, [batch], now)


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
        person_row("b", "Ann@Example.com", fields=new, updated=at(2), clicked=at(9), status="unsubscribed"),
        person_row("c", None, cell="6145550101"),
        person_row("d", None),
    )
    ann, phone_only = sorted(documents(people), key=lambda one: one["contact_id"], reverse=True)
    assert phone_only["contact_id"] == "6145550101"
    assert ann["contact_id"] == "ann@example.com"
    assert ann["email_address"] == "Ann@Example.com"
    assert ann["status"] == "UNSUBSCRIBED"
    assert ann["fields"] == {"Address": "2 ELM ST", "City": "LIMA", "kWh": 900, "Cell": "614-555-0101"}
    assert [one["contact_id"] for one in ann["contacts"]] == ["a", "b"]
    autumn, spring = ann["engagements"]
    assert (spring["campaign_id"], spring["opened"], spring["clicked"]) == ("spring", True, False)
    assert (autumn["campaign_id"], autumn["opened"], autumn["clicked"]) == ("autumn", False, True)
    assert (ann["campaigns_received"], ann["campaigns_opened"], ann["campaigns_clicked"]) == (2, 1, 1)
    assert (ann["first_engaged_at"], ann["last_engaged_at"]) == (at(5), at(9))


def test_a_document_says_where_the_person_lives_as_it_was_found_last(people: Collection[Document]) -> None:
    write(people, "spring", person_row("a", "ann@example.com", match=HOME))
    (ann,) = documents(people)
    assert ann["match_quality"] == "exact"
    assert ann["demographic_ref"] is None
    assert ann["residence_ref"] == {
        "county": "Franklin",
        "parcel_id": "010-000123-00",
        "address": "345 MAPLE LN",
        "parcel_city": None,
        "parcel_zip": None,
        "year_built": None,
        "quality": "exact",
        "method": "address exact",
        "score": 0.9988,
    }
    gone = {"residence_match_quality": "no_match", "residence_reason": "number unknown"}
    write(people, "autumn", person_row("a", "ann@example.com", match=gone), now=NOW + timedelta(days=1))
    write(people, "spring", person_row("a", "ann@example.com", match=HOME))
    (ann,) = documents(people)
    assert (ann["residence_ref"], ann["match_quality"]) == (None, "no_match")
    assert ann["match_reason"] == "number unknown"


def test_what_people_write_is_never_an_expression(people: Collection[Document]) -> None:
    said = {"Address": "$where", "City": "$$ROOT", "Name": "{'$gt': ''}"}
    write(people, "$spring", person_row("$a", "$ann@example.com", fields=said, opened=at(1)))
    (ann,) = documents(people)
    assert ann["fields"] == said
    assert (ann["contact_id"], ann["email_address"]) == ("$ann@example.com", "$ann@example.com")
    assert [one["campaign_id"] for one in ann["engagements"]] == ["$spring"]
    assert [one["contact_id"] for one in ann["contacts"]] == ["$a"]


def test_rows_of_nobody_are_counted() -> None:
    rows = [person_row("a", None), person_row("b", None, cell="-1"), person_row("c", "ann@example.com")]
    assert nobody(pa.RecordBatch.from_pylist(rows, schema=PERSON_ROW_SCHEMA)) == 2


TIMES = st.none() | st.integers(0, 3).map(at)
ROWS = st.tuples(
    st.sampled_from(["autumn", "spring", "winter"]),
    st.builds(
        person_row,
        st.sampled_from("abc"),
        st.sampled_from([None, "ann@example.com", "ANN@example.com", "bob@example.com"]),
        cell=st.sampled_from([None, "614-555-0101"]),
        status=st.sampled_from(["subscribed", "unsubscribed"]),
        fields=st.none()
        | st.dictionaries(st.sampled_from(["Address", "kWh"]), st.sampled_from(["", "1 OAK ST", 900])),
        updated=TIMES,
        match=st.sampled_from([None, HOME, {"residence_match_quality": "review"}]),
        opened=st.integers(0, 3).map(at),
    )
    | st.builds(person_row, st.sampled_from("abc"), st.sampled_from(["ann@example.com", "bob@example.com"])),
)


@given(updates=st.lists(ROWS, max_size=7), randomly=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_and_repetition_change_nothing(
    people: Collection[Document], updates: list[tuple[str, Row]], randomly: random.Random
) -> None:
    people.delete_many({})
    for campaign_id, row in updates:
        write(people, campaign_id, row)
    expected = documents(people)
    for one in expected:
        assert [entry["campaign_id"] for entry in one["engagements"]] == sorted(
            {entry["campaign_id"] for entry in one["engagements"]}
        )
    people.delete_many({})
    again = [*updates, *randomly.choices(updates, k=3)] if updates else []
    randomly.shuffle(again)
    for campaign_id, row in again:
        write(people, campaign_id, row)
    assert documents(people) == expected


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


def test_flags_only_rise(people: Collection[Document]) -> None:
    write(
        people,
        "spring",
        person_row(
            "a",
            "ann@example.com",
            opened=at(1),
            clicked=at(1),
            bounced=at(1),
            complained=at(1),
            unsubscribed=at(1),
        ),
    )
    write(people, "spring", person_row("a", "ann@example.com"))
    ((entry,),) = (one["engagements"] for one in documents(people))
    assert all(entry[flag] for flag in FLAGS)
