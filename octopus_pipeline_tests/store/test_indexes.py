"""Indexes on collections that are new, old, or written by several processes."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.database import Database

from octopus_pipeline.store.indexes import DuplicateDocumentsError, IndexSpec, ensure_indexes

PAIR = IndexSpec(("campaign_id", "contact_id"), unique=True)
ADDRESS = IndexSpec(("email_address",))


@pytest.fixture
def collection(mongo_database: Database[dict[str, Any]]) -> Collection[dict[str, Any]]:
    return mongo_database["participants"]


def indexes(collection: Collection[dict[str, Any]]) -> dict[tuple[str, ...], bool]:
    """Keys and uniqueness of every index there is; fails if two have the same keys."""
    found = [
        (tuple(key for key, _ in index["key"]), bool(index.get("unique")))
        for name, index in collection.index_information().items()
        if name != "_id_"
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def test_missing_indexes_are_created_once_however_often_and_by_whomever(
    collection: Collection[dict[str, Any]],
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(ensure_indexes, collection, [PAIR, ADDRESS]) for _ in range(16)]:
            made.result()
    assert indexes(collection) == {PAIR.keys: True, ADDRESS.keys: False}


def test_an_index_under_another_name_serves(collection: Collection[dict[str, Any]]) -> None:
    collection.create_index([("campaign_id", 1), ("contact_id", 1)], name="by_hand", unique=True)
    collection.create_index("email_address", name="other", unique=True)
    before = collection.index_information()
    ensure_indexes(collection, [PAIR, ADDRESS])
    assert collection.index_information() == before


def test_an_index_that_sees_only_some_documents_does_not_serve(
    collection: Collection[dict[str, Any]],
) -> None:
    collection.create_index("email_address", sparse=True)
    ensure_indexes(collection, [ADDRESS])
    plain = [index for index in collection.index_information().values() if not index.get("sparse")]
    assert [("email_address", 1)] in [index["key"] for index in plain]


@pytest.mark.parametrize("name", ["campaign_id_1_contact_id_1", "old_tool"])
def test_a_plain_index_is_replaced_by_the_unique_one_asked_for(
    collection: Collection[dict[str, Any]], name: str
) -> None:
    collection.insert_one({"campaign_id": "c", "contact_id": "1"})
    collection.create_index([("campaign_id", 1), ("contact_id", 1)], name=name)
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(ensure_indexes, collection, [PAIR]) for _ in range(8)]:
            made.result()
    assert indexes(collection) == {PAIR.keys: True}


def test_duplicates_are_counted_not_shown_and_nothing_is_changed(
    collection: Collection[dict[str, Any]],
) -> None:
    rows = [
        ("c", "secret1"),
        ("c", "secret1"),
        ("c", "secret2"),
        ("c", "secret2"),
        ("c", "secret2"),
        ("c", "3"),
    ]
    collection.insert_many([{"campaign_id": c, "contact_id": k} for c, k in rows])
    collection.insert_many([{"campaign_id": "d"}, {"campaign_id": "d", "contact_id": None}])
    collection.create_index([("campaign_id", 1), ("contact_id", 1)])
    before = collection.index_information()
    with pytest.raises(DuplicateDocumentsError) as raised:
        ensure_indexes(collection, [PAIR])
    assert raised.value.collection == collection.full_name
    assert raised.value.keys == PAIR.keys
    assert raised.value.groups == 3
    assert raised.value.__context__ is None
    assert "secret" not in "".join(traceback.format_exception(raised.value))
    assert collection.index_information() == before
    assert collection.count_documents({}) == len(rows) + 2


def test_once_merged_the_unique_index_is_built(collection: Collection[dict[str, Any]]) -> None:
    duplicate = collection.insert_many(
        [{"campaign_id": "c", "contact_id": "1"} for _ in range(2)]
    ).inserted_ids[1]
    with pytest.raises(DuplicateDocumentsError):
        ensure_indexes(collection, [PAIR])
    collection.delete_one({"_id": duplicate})
    ensure_indexes(collection, [PAIR])
    assert indexes(collection) == {PAIR.keys: True}
