"""Archives of a database against the format that mongo-tools document, and restored byte for byte."""

from __future__ import annotations

import gzip
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from bson.json_util import CANONICAL_JSON_OPTIONS, loads
from bson.raw_bson import RawBSONDocument
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError

from octopus_pipeline.store.archive import metadata_of, stored_bytes, write_archive
from octopus_pipeline.store.archive_reading import ArchiveError, file_sha256, read_archive
from octopus_pipeline.store.restoring import BESIDE, restore_archive

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]
MongoDatabase = Database[Document]

HEADER = bson.encode(
    {"concurrent_collections": 1, "version": "0.1", "server_version": "6.0.5", "tool_version": "100.9.4"}
)
END = b"\xff\xff\xff\xff"


def crc64_bit_by_bit(data: bytes) -> int:
    """The reflected polynomial of Go's `crc64.ECMA`, as its `Update` does it: inverted before and after."""
    crc = 2**64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ 2**64 - 1


def archive_by_hand(documents: list[bytes], crc: int) -> bytes:
    """As mongodump writes a database `d` with a collection `c`, its documents in two blocks."""
    metadata = (
        '{"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"uuid":""}'
    )
    prelude = {"db": "d", "collection": "c", "metadata": metadata, "size": 0, "type": "collection"}
    block = bson.encode({"db": "d", "collection": "c", "EOF": False, "CRC": Int64(0)})
    signed = crc - 2**64 if crc >= 2**63 else crc
    end = bson.encode({"db": "d", "collection": "c", "EOF": True, "CRC": Int64(signed)})
    half = len(documents) // 2
    blocks = b"".join(block + b"".join(some) + END for some in (documents[:half], documents[half:]) if some)
    return b"\x6d\xe2\x99\x81" + HEADER + bson.encode(prelude) + END + blocks + end + END


def documents_by_hand(data: bytes) -> dict[str, list[Document]]:
    """A reader of its own: each collection's documents, out of an archive's bytes."""
    found: dict[str, list[Document]] = {}
    pieces: list[bytes | None] = []
    start = 4
    while start < len(data):
        size = 4 if data[start : start + 4] == END else int.from_bytes(data[start : start + 4], "little")
        pieces.append(None if size == 4 else data[start : start + size])
        start += size
    rest = iter(pieces[pieces.index(None) + 1 :])
    for head in rest:
        name = bson.decode(head or b"")["collection"]
        block = [bson.decode(one) for one in iter(lambda: next(rest), None) if one]
        found.setdefault(name, []).extend(block)
    return found


def fill(database: MongoDatabase) -> None:
    """Collections of every kind that an archive has to hold."""
    people = database["people"]
    people.insert_many(
        [
            {"_id": 3, "name": "Ann", "kWh": Int64(9), "at": datetime(2026, 1, 1, tzinfo=UTC)},
            {"_id": ObjectId(b"123456789012"), "kWh": 1.0, "list": [1, "2", None, {"$set": "a.b"}]},
            {"_id": "x", "cost": Decimal128("1.50"), "raw": b"\0\1"},
        ]
    )
    people.create_index([("name", 1), ("kWh", -1)], unique=True, sparse=True, name="by name")
    people.create_index("name", partialFilterExpression={"kWh": {"$gt": 5}}, collation={"locale": "de"})
    people.create_index([("cost", "text")], default_language="german")
    database.create_collection("last", capped=True, size=4096, max=2)
    database["last"].insert_many([{"_id": number} for number in (5, 4, 1)])
    database.create_collection("strict", validator={"age": {"$type": "int"}}, validationAction="error")
    with pytest.raises(PyMongoError):
        database["strict"].insert_one({"age": "old"})
    database["strict"].insert_one({"_id": 1, "age": "old"}, bypass_document_validation=True)
    database.create_collection("sorted", clusteredIndex={"key": {"_id": 1}, "unique": True})
    database["sorted"].insert_many([{"_id": number} for number in (2, 1)])
    database.create_collection("empty", collation={"locale": "fr"})
    database.command({"create": "adults", "viewOn": "people", "pipeline": [{"$match": {"kWh": {"$gt": 1}}}]})


def everything(database: MongoDatabase) -> dict[str, tuple[Any, bytes]]:
    """Of each collection and view its options and indexes, and its documents' very bytes in their order."""
    names = [name for name in database.list_collection_names() if not name.startswith("system.")]
    return {
        name: (
            loads(metadata_of(database, name), json_options=CANONICAL_JSON_OPTIONS),
            b"" if name == "adults" else b"".join(stored_bytes(database[name])),
        )
        for name in sorted(names)
    }


@pytest.mark.parametrize("name", ["backup.archive", "backup.archive.gz"])
def test_a_database_is_restored_byte_for_byte_with_indexes_and_options(
    mongo_database: MongoDatabase, tmp_path: Path, name: str
) -> None:
    fill(mongo_database)
    before = everything(mongo_database)
    written = write_archive(mongo_database, tmp_path / "kept" / name)
    assert written.sha256 == file_sha256(written.path)
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600
    assert {one.name: one.documents for one in written.collections} == {
        "adults": 0, "empty": 0, "last": 2, "people": 3, "sorted": 2, "strict": 1,
    }  # fmt: skip
    mongo_database["people"].delete_many({})
    mongo_database["people"].drop_indexes()
    mongo_database["empty"].drop()
    mongo_database["last"].insert_one({"_id": "new"})
    mongo_database["adults"].drop()
    mongo_database["adults"].insert_one({"a": "collection now"})
    mongo_database["strict"].drop()
    mongo_database.command({"create": "strict", "viewOn": "last", "pipeline": []})
    mongo_database["another"].insert_one({})
    restore_archive(mongo_database, written.path)
    assert everything(mongo_database) == before


def test_what_is_written_is_what_mongo_tools_document(mongo_database: MongoDatabase, tmp_path: Path) -> None:
    fill(mongo_database)
    path = write_archive(mongo_database, tmp_path / "backup.archive").path
    data = path.read_bytes()
    assert data[:4] == b"\x6d\xe2\x99\x81"
    found = documents_by_hand(data)
    for name in ("people", "last", "strict", "sorted", "empty"):
        stored = [bson.decode(one.raw) for one in raw_documents(mongo_database, name)]
        assert found[name] == stored
    people = b"".join(one.raw for one in raw_documents(mongo_database, "people"))
    crc = crc64_bit_by_bit(people)
    signed = crc - 2**64 if crc >= 2**63 else crc
    namespace = {"db": mongo_database.name, "collection": "people"}
    assert bson.encode({**namespace, "EOF": True, "CRC": Int64(signed)}) + END in data


def raw_documents(database: MongoDatabase, name: str) -> list[RawBSONDocument]:
    options = database.codec_options.with_options(document_class=RawBSONDocument)
    return list(database.get_collection(name, codec_options=options).find())  # type: ignore[arg-type]


def test_an_archive_of_mongodump_is_read(mongo_database: MongoDatabase, tmp_path: Path) -> None:
    assert crc64_bit_by_bit(b"123456789") == 0x995DC9BBDF1939FA  # the check value of the catalogue of CRCs
    documents = [bson.encode({"_id": number, "text": "x" * number}) for number in range(5)]
    path = tmp_path / "backup.archive"
    path.write_bytes(archive_by_hand(documents, crc64_bit_by_bit(b"".join(documents))))
    assert [one.documents for one in read_archive(path).collections] == [5]
    restore_archive(mongo_database, path)
    assert [one.raw for one in raw_documents(mongo_database, "c")] == documents
    path.write_bytes(archive_by_hand(documents, 1))
    with pytest.raises(ArchiveError, match="checksum of the collection c"):
        read_archive(path)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_goes_unnoticed(tmp_path: Path, data: st.DataObject) -> None:
    documents = [bson.encode({"_id": number, "text": "x" * 9}) for number in range(4)]
    whole = archive_by_hand(documents, crc64_bit_by_bit(b"".join(documents)))
    packed = data.draw(st.booleans(), "packed")
    stored = bytearray(gzip.compress(whole, mtime=0) if packed else whole)
    path = tmp_path / "backup.archive"
    if data.draw(st.booleans(), "cut off"):
        del stored[data.draw(st.integers(0, len(stored) - 1)) :]
    else:
        begin = 10 if packed else whole.index(documents[0])  # what stands before holds no documents
        place = data.draw(st.integers(begin, len(stored) - 1))
        stored[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(stored)
    try:
        found = [one.documents for one in read_archive(path).collections]
    except ArchiveError:
        return
    assert found == [4]  # a bit that nothing depends on, in a header


def test_a_restore_that_is_stopped_anywhere_is_done_again(
    mongo_database: MongoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("people", "state"):
        mongo_database[name].insert_one({"_id": 1})
    mongo_database["people"].create_index("name")
    mongo_database.command({"create": "adults", "viewOn": "people", "pipeline": []})
    before = everything(mongo_database)
    path = write_archive(mongo_database, tmp_path / "backup.archive").path
    step, stopped = 0, True
    while stopped:
        step += 1
        mongo_database["people"].drop()
        mongo_database["state"].update_one({}, {"$set": {"state": "restoring"}})
        mongo_database["more"].insert_one({"_id": 1})
        changed = everything(mongo_database)
        with monkeypatch.context() as patched:
            stop_at(patched, step)
            try:
                restore_archive(mongo_database, path, last="state")
            except KeyboardInterrupt:
                stopped = True
            else:
                stopped = False
        there = {name: one for name, one in everything(mongo_database).items() if not name.startswith(BESIDE)}
        if stopped and "people" not in there:
            assert there.items() <= changed.items()
        if there["state"] == before["state"]:
            assert there == before
        restore_archive(mongo_database, path, last="state")
        assert everything(mongo_database) == before
    assert step > 8


def stop_at(patched: pytest.MonkeyPatch, step: int) -> None:
    """Stop the process before its so-manieth change to the database."""
    changes = iter(range(1, 1_000))

    def stopping(original: Any) -> Any:
        def change(*words: Any, **more: Any) -> Any:
            if next(changes) == step:
                raise KeyboardInterrupt
            return original(*words, **more)

        return change

    for owner, name in (
        (Database, "command"), (Database, "drop_collection"), (Collection, "rename"), (Collection, "insert_many"),
    ):  # fmt: skip
        patched.setattr(owner, name, stopping(getattr(owner, name)))


def test_a_damaged_archive_changes_nothing(mongo_database: MongoDatabase, tmp_path: Path) -> None:
    fill(mongo_database)
    path = write_archive(mongo_database, tmp_path / "backup.archive").path
    path.write_bytes(path.read_bytes()[:-5])
    mongo_database["people"].drop()
    before = everything(mongo_database)
    with pytest.raises(ArchiveError, match="cut off"):
        restore_archive(mongo_database, path)
    there = everything(mongo_database)
    assert {name: one for name, one in there.items() if not name.startswith(BESIDE)} == before


def test_an_archive_that_cannot_be_written_leaves_no_file(
    mongo_database: MongoDatabase, tmp_path: Path
) -> None:
    mongo_database["people"].insert_one({})
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="cannot be written"):
        write_archive(mongo_database, tmp_path / "file" / "backup.archive")
    mongo_database.create_collection("measured", timeseries={"timeField": "at"})
    with pytest.raises(ArchiveError, match="time series"):
        write_archive(mongo_database, tmp_path / "backup.archive")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
