"""Tables are written whole or not at all, locally and at a URL."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from octopus_pipeline.store.small_tables import KEPT_BYTES
from octopus_pipeline.store.table_writer import ROW_GROUP_ROWS, TableSchemaError
from octopus_pipeline.store.tables import DamagedTableError, TableNotFoundError, TableStore

SCHEMA = pa.schema([pa.field("contact_id", pa.string(), nullable=False), pa.field("opens", pa.int64())])

CRASHING_WRITER = """
import os, signal, sys
import pyarrow as pa
from octopus_pipeline.store.tables import TableStore

batch = pa.record_batch({"opens": pa.array([1], pa.int64())})
with TableStore(sys.argv[1]).writer("reports/opened", "spring", batch.schema) as writer:
    writer.write(batch)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    return TableStore(str(tmp_path) if request.param == "local" else f"memory://{uuid.uuid4()}")


def rows(*ids: str) -> pa.RecordBatch:
    columns = [pa.array(ids, pa.string()), pa.array(range(len(ids)), pa.int64())]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def write(store: TableStore, table: str, partition: str | None, *ids: str) -> None:
    with store.writer(table, partition, SCHEMA) as writer:
        writer.write(rows(*ids))


def test_a_table_is_read_as_it_was_written(store: TableStore) -> None:
    with store.writer("reports/opened", "spring", SCHEMA) as writer:
        writer.write(rows("a", "b"))
        writer.write(pa.Table.from_batches([rows("c")]))
    assert store.read("reports/opened", "spring")["contact_id"].to_pylist() == ["a", "b", "c"]
    assert store.read("reports/opened", "spring").schema.equals(SCHEMA)
    assert store.rows("reports/opened", "spring") == 3
    batches = list(store.batches("reports/opened", "spring", ["contact_id"], batch_rows=2, schema=SCHEMA))
    assert [batch.to_pydict() for batch in batches] == [{"contact_id": ["a", "b"]}, {"contact_id": ["c"]}]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    store = TableStore(str(tmp_path))
    write(store, "reports/opened", "spring", *(f"contact-{number}" for number in range(1000)))
    path = tmp_path / "reports" / "opened" / "spring.parquet"
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:4] + bytes(2000) + whole[2004:]):
        path.write_bytes(damaged)
        for read in (store.read, store.rows, lambda *of: list(store.batches(*of))):
            if read == store.rows and len(damaged) == len(whole):
                continue  # how many rows there are is told at the end of the file
            with pytest.raises(DamagedTableError, match=re.escape(str(path))):
                read("reports/opened", "spring")


def test_what_others_write_is_seen_though_tables_stay_in_memory(store: TableStore) -> None:
    other = TableStore(store.location("reports", None).removesuffix("/reports.parquet"))
    for ids in ("a", "b", "cd", ""):
        write(other, "reports/opened", "spring", *ids)
        for _ in range(2):
            assert store.read("reports/opened", "spring")["contact_id"].to_pylist() == list(ids)
            found = [row for batch in store.batches("reports/opened", "spring") for row in batch.to_pylist()]
            assert [row["contact_id"] for row in found] == list(ids)
    other.delete("reports/opened", "spring")
    with pytest.raises(TableNotFoundError):
        store.read("reports/opened", "spring")


def test_memory_holds_no_more_than_its_share_of_small_tables(tmp_path: Path) -> None:
    store = TableStore(str(tmp_path))
    wide = "x" * 2**20
    for partition, megabytes in (("large", 20), *((f"small-{n}", 12) for n in range(8))):
        with store.writer("t", partition, SCHEMA) as writer:
            for n in range(megabytes):
                writer.write(rows(f"{n}{wide}"))
    assert store.rows("t", "large") == 20
    assert pa.total_allocated_bytes() <= 1.5 * KEPT_BYTES
    for partition in store.partitions("t"):
        assert sum(batch.num_rows for batch in store.batches("t", partition)) in {12, 20}
    assert pa.total_allocated_bytes() <= 1.5 * KEPT_BYTES


def test_prepared_tables_take_no_more_memory_and_are_seen_when_published(tmp_path: Path) -> None:
    store, wide, prepared = TableStore(str(tmp_path)), "x" * 2**20, []
    for n in range(10):
        with store.preparer("t", f"p{n}", SCHEMA) as writer:
            for row in range(12):
                writer.write(rows(f"{row}{wide}"))
        prepared.append(writer.prepared)
    assert store.partitions("t") == []
    assert pa.total_allocated_bytes() <= 1.5 * KEPT_BYTES
    for one in prepared[1:]:
        store.publish(one)
    store.discard(prepared[0])
    assert [store.read("t", name).num_rows for name in store.partitions("t")] == [12] * 9
    assert len(list((tmp_path / "t").iterdir())) == 9


def test_partitions_and_whole_tables_stand_side_by_side(store: TableStore) -> None:
    write(store, "contacts", "list-2", "a")
    write(store, "contacts", "list-1", "b")
    write(store, "contacts", None, "c")
    assert store.partitions("contacts") == ["list-1", "list-2"]
    assert store.read("contacts", None)["contact_id"].to_pylist() == ["c"]
    assert store.partitions("never_written") == []


def test_a_missing_table_is_named(store: TableStore) -> None:
    write(store, "engagement", "spring", "a")
    store.delete("engagement", "spring")
    store.delete("engagement", "spring")
    assert not store.exists("engagement", "spring")
    for read in (store.read, store.rows, lambda *table: next(store.batches(*table))):
        with pytest.raises(TableNotFoundError, match="engagement, partition spring"):
            read("engagement", "spring")


def test_a_failed_writer_leaves_the_former_table_and_nothing_else(store: TableStore, tmp_path: Path) -> None:
    def fail_midway() -> None:
        with store.writer("engagement", "spring", SCHEMA) as writer:
            writer.write(rows("b"))
            assert store.read("engagement", "spring")["contact_id"].to_pylist() == ["a"]
            raise RuntimeError

    write(store, "engagement", "spring", "a")
    with pytest.raises(RuntimeError):
        fail_midway()
    assert store.read("engagement", "spring")["contact_id"].to_pylist() == ["a"]
    assert store.partitions("engagement") == ["spring"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_killed_writer_leaves_no_table_and_its_leftover_is_swept_a_day_later(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", CRASHING_WRITER, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    store = TableStore(str(tmp_path))
    assert store.partitions("reports/opened") == []
    assert not store.exists("reports/opened", "spring")

    (leftover,) = (tmp_path / "reports/opened").iterdir()
    write(store, "reports/opened", "spring", "a")
    assert leftover.exists(), "its writer might live"
    started = int(leftover.name.split(".")[-2].split("-")[0])
    old = leftover.rename(str(leftover).replace(str(started), str(started - 2 * 24 * 3600)))
    write(TableStore(str(tmp_path)), "reports/opened", "summer", "a")
    assert not old.exists()
    assert sorted(path.name for path in (tmp_path / "reports/opened").iterdir()) == [
        "spring.parquet",
        "summer.parquet",
    ]


def test_rows_that_differ_from_the_declared_schema_are_refused(store: TableStore) -> None:
    nobody = pa.RecordBatch.from_arrays([pa.array([None], pa.string()), pa.array([1])], schema=SCHEMA)
    with store.writer("engagement", "spring", SCHEMA) as writer:
        with pytest.raises(TableSchemaError, match=r"engagement, partition spring: .*opens"):
            writer.write(rows("a").select(["contact_id"]))
        with pytest.raises(TableSchemaError, match="contact_id must not be empty"):
            writer.write(nobody)
    assert store.rows("engagement", "spring") == 0


def test_a_stored_table_of_another_schema_is_refused(store: TableStore) -> None:
    write(store, "engagement", "spring", "a")
    newer = SCHEMA.append(pa.field("clicks", pa.int64()))
    with pytest.raises(TableSchemaError, match="clicks"):
        list(store.batches("engagement", "spring", schema=newer))


def test_small_batches_are_gathered_and_large_ones_cut_into_row_groups(tmp_path: Path) -> None:
    store = TableStore(str(tmp_path))
    with store.writer("sent", None, SCHEMA) as writer:
        for _ in range(ROW_GROUP_ROWS // 100):
            writer.write(rows(*["a"] * 100))
        writer.write(rows(*["b"] * (ROW_GROUP_ROWS * 2)))
    groups = pq.read_metadata(store.location("sent", None))
    assert [groups.row_group(index).num_rows for index in range(groups.num_row_groups)] == [
        ROW_GROUP_ROWS
    ] * 3


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", ".hidden", "back\\slash", "C:"])
def test_a_partition_cannot_leave_its_folder(store: TableStore, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        store.exists("engagement", name)
