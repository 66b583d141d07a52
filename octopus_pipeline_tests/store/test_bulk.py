"""Bulk writes: complete, lazy, safe beside others and through trouble, and silent about people."""

from __future__ import annotations

import os
import signal
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from octopus_pipeline.store.bulk import BulkResult, BulkWriteFailedError, InsertOrUpdate, bulk_write
from octopus_pipeline.store.embedded import start_or_join, stop
from octopus_pipeline.store.mongo import MongoUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SECRET = "ada@example.com"


@pytest.fixture
def collection(mongo_database: Database[dict[str, Any]]) -> Collection[dict[str, Any]]:
    collection = mongo_database["participants"]
    collection.create_index("contact_id", unique=True)
    return collection


def upsert(contact: int, opened: bool = False) -> UpdateOne:
    update = {"$max": {"engagement.opened": opened}, "$set": {"fields": {"a.b": 1, "$c": SECRET}}}
    return UpdateOne({"contact_id": contact}, update, upsert=True)


def error_of(
    collection: Collection[dict[str, Any]], *operations: UpdateOne, patience: float = 5
) -> Exception:
    """The error of a bulk write; nothing shown with it, nor its context, names a person."""
    with pytest.raises((BulkWriteFailedError, MongoUnavailableError)) as raised:
        bulk_write(collection, operations, patience_seconds=patience)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    return raised.value


def test_documents_are_inserted_then_found_again(collection: Collection[dict[str, Any]]) -> None:
    assert bulk_write(collection, (upsert(n) for n in range(2500))) == BulkResult(0, 0, 2500)
    assert bulk_write(collection, (upsert(n, n < 10) for n in range(2500))) == BulkResult(2500, 10, 0)
    assert collection.count_documents({"engagement.opened": True}) == 10
    assert bulk_write(collection, []) == BulkResult(0, 0, 0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.booleans())),
    batch_size=st.integers(1, 4),
    workers=st.integers(1, 4),
)
def test_merging_upserts_come_to_the_same_in_every_batching(
    collection: Collection[dict[str, Any]], rows: list[tuple[int, bool]], batch_size: int, workers: int
) -> None:
    collection.delete_many({})
    bulk_write(collection, (upsert(*row) for row in rows), batch_size=batch_size, workers=workers)
    written = {found["contact_id"]: found["engagement"]["opened"] for found in collection.find()}
    assert written == {n: any(opened for m, opened in rows if m == n) for n, _ in rows}


def test_operations_are_built_only_as_fast_as_they_are_written(
    collection: Collection[dict[str, Any]],
) -> None:
    def operations() -> Iterator[UpdateOne]:
        for n in range(1000):
            assert n - collection.count_documents({}) <= (workers + 2) * batch_size
            yield upsert(n)

    batch_size, workers = 10, 2
    assert bulk_write(collection, operations(), batch_size=batch_size, workers=workers).upserted == 1000


def test_runs_that_insert_the_same_documents_at_once_all_succeed(
    collection: Collection[dict[str, Any]],
) -> None:
    operations = [UpdateOne({"contact_id": n}, {"$inc": {"runs": 1}}, upsert=True) for n in range(2000)]
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(bulk_write, collection, operations, batch_size=50) for _ in range(4)]
        total = sum((run.result() for run in runs), BulkResult())
    assert collection.count_documents({"runs": 4}) == collection.count_documents({}) == 2000
    assert (total.upserted, total.matched) == (2000, 6000)


def test_only_what_lost_a_race_is_written_again(collection: Collection[dict[str, Any]]) -> None:
    # The first operation finds no document that is ready and may not insert another, until the second has run.
    collection.insert_one({"contact_id": 1, "ready": False})
    late = UpdateOne({"contact_id": 1, "ready": True}, {"$set": {"status": "subscribed"}}, upsert=True)
    result = bulk_write(
        collection, [late, UpdateOne({"contact_id": 1}, {"$set": {"ready": True}, "$inc": {"runs": 1}})]
    )
    assert result == BulkResult(matched=2, modified=2, upserted=0)
    assert collection.find_one({}, {"_id": 0}) == {
        "contact_id": 1,
        "ready": True,
        "runs": 1,
        "status": "subscribed",
    }


def test_an_insert_of_what_is_there_becomes_its_update(collection: Collection[dict[str, Any]]) -> None:
    def operations() -> Iterator[InsertOrUpdate]:
        for n in range(50):
            update = UpdateOne({"contact_id": n}, {"$max": {"opened": n > 20}}, upsert=True)
            yield InsertOrUpdate({"contact_id": n, "opened": n > 20}, update)

    collection.insert_many([{"contact_id": n, "opened": n == 1} for n in range(30)])
    assert bulk_write(collection, operations(), batch_size=20) == BulkResult(30, 9, 20)
    opened = {found["contact_id"] for found in collection.find({"opened": True})}
    assert opened == {1, *range(21, 50)}
    assert collection.count_documents({}) == 50


def test_a_duplicate_that_stays_is_an_error(collection: Collection[dict[str, Any]]) -> None:
    collection.create_index("email_address", unique=True)
    error = error_of(
        collection,
        *(UpdateOne({"contact_id": n}, {"$set": {"email_address": SECRET}}, upsert=True) for n in range(3)),
    )
    assert isinstance(error, BulkWriteFailedError)
    assert error.failed == 2
    assert "duplicate key" in str(error)
    assert collection.full_name in str(error)


def test_a_refused_write_is_an_error_and_the_others_are_written(
    collection: Collection[dict[str, Any]],
) -> None:
    collection.insert_one({"contact_id": 1, "engagement": SECRET})
    error = error_of(collection, *(upsert(n) for n in range(3)))
    assert str(error).startswith(f"1 writes to {collection.full_name} failed: Cannot create field")
    assert collection.count_documents({"fields": {"a.b": 1, "$c": SECRET}}) == 2


@pytest.mark.parametrize("value", [{SECRET}, 2**70, f"{SECRET}\ud800"], ids=["type", "size", "text"])
def test_a_value_that_cannot_be_stored_is_an_error(
    collection: Collection[dict[str, Any]], value: object
) -> None:
    error = error_of(
        collection, UpdateOne({"contact_id": 1}, {"$set": {"fields": {"x": value}}}, upsert=True)
    )
    assert collection.full_name in str(error)


def test_an_error_of_the_source_reaches_the_caller(collection: Collection[dict[str, Any]]) -> None:
    def operations() -> Iterator[UpdateOne]:
        yield from (upsert(n) for n in range(10))
        raise LookupError

    with pytest.raises(LookupError):
        bulk_write(collection, operations(), batch_size=5)
    assert collection.count_documents({}) == 10


def test_a_server_that_is_killed_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    server = start_or_join(tmp_path)
    with MongoClient[dict[str, Any]](server.url, journal=True) as client:

        def operations() -> Iterator[UpdateOne]:
            for n in range(1000):
                if n == 500:
                    os.kill(server.server_pid, signal.SIGKILL)
                    start_or_join(tmp_path)
                yield upsert(n)

        bulk_write(client.test.participants, operations(), batch_size=100)
        assert client.test.participants.count_documents({}) == 1000
    stop(tmp_path)


def test_a_server_that_does_not_come_back_is_named(tmp_path: Path) -> None:
    server = start_or_join(tmp_path)
    with MongoClient[dict[str, Any]](server.url, serverSelectionTimeoutMS=200) as client:
        bulk_write(client.test.participants, [upsert(1)])
        stop(tmp_path)
        error = error_of(client.test.participants, upsert(2), patience=0.5)
    assert str(error).startswith(f"MongoDB at 127.0.0.1:{server.port} was lost: connection refused")
