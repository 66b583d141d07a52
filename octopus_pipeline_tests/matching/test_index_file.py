"""The file of a county's index, and the weights beside it: whole or not at all, damage told, replaced in use."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from octopus_pipeline.matching import index_file
from octopus_pipeline.matching.households import find_households
from octopus_pipeline.matching.index_file import IndexFileError, read_index, write_index
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.teaching import teach
from octopus_pipeline.matching.weights_file import weights_path
from octopus_pipeline_tests.matching.invented import (
    MANSFIELD,
    County,
    county,
    house_at,
    participants,
    residence,
)

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline_tests.matching.invented import Record


def _small(*streets: str) -> County:
    houses = [
        house_at(f"p{number}{street}", f"{number} {street}", "MANSFIELD", MANSFIELD)
        for number in range(9)
        for street in streets
    ]
    return County("Richland", houses)


def test_the_order_of_the_records_changes_no_byte(tmp_path: Path) -> None:
    one = county()
    for place in range(40):  # ids that are repeated, with other words, with nothing, and as they are
        changed: list[Record] = [
            {"address": "9 OTHER ST"},
            {"parcel_city": None, "parcel_zip": None},
            {},
            {"parcel_owner": "ROSE SAMPLE"},
        ]
        one.residential.append({**one.residential[place], **changed[place % 4]})
        one.demographic.append(
            {**one.demographic[place], "customer_name": None if place % 2 else "ROSE SAMPLE"}
        )
    one.prepare(tmp_path / "first")
    for seed in range(3):
        random.Random(seed).shuffle(one.residential)
        random.Random(seed + 9).shuffle(one.demographic)
        one.prepare(tmp_path / "again")
        files = [(tmp_path / folder / "Richland.arrow").read_bytes() for folder in ("first", "again")]
        assert files[0] == files[1]


def test_what_fails_while_it_is_written_leaves_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small("MARTEL RD").prepare(tmp_path)
    former = (tmp_path / "Richland.arrow").read_bytes()
    for error, raised in (
        (OSError(28, "No space left on device"), IndexFileError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ):
        with monkeypatch.context() as patched:

            def fail(_: int, error: BaseException = error) -> None:
                raise error

            patched.setattr(os, "fsync", fail)
            with pytest.raises(raised, match=r"(Free disk space|^$)"):
                _small("OAK ST").prepare(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["Richland.arrow"]
        assert (tmp_path / "Richland.arrow").read_bytes() == former


def test_an_open_index_outlives_its_replacement(tmp_path: Path) -> None:
    counties = PreparedCounties(tmp_path)
    asked = participants("5 Martel Rd", "5 Oak St")

    def parcels() -> object:
        return find_households(asked, counties).residence["parcel_id"].to_pylist()

    _small("MARTEL RD").prepare(tmp_path)
    former, version = counties.county("Richland"), counties.version("Richland")
    assert parcels() == ["p5MARTEL RD", None]
    _small("OAK ST").prepare(tmp_path)
    assert former.index.parcels["parcel_address"].to_pylist()[5] == "5 MARTEL RD"
    assert counties.version("Richland") != version
    assert parcels() == [None, "p5OAK ST"]
    (tmp_path / "Richland.arrow").unlink()
    assert (counties.counties, counties.version("Richland")) == ([], "")
    assert parcels() == [None, None]


def _with(path: Path, metadata: dict[bytes, bytes], table: pa.Table) -> None:
    schema = table.schema.with_metadata(metadata)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_table(table.cast(schema))


def test_an_index_that_cannot_be_read_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county().prepare(tmp_path)
    path = tmp_path / "Richland.arrow"
    whole = path.read_bytes()
    again = "materialize county_index of Richland"
    with pytest.raises(IndexFileError, match=f"^Marion has no index: {again.replace('Richland', 'Marion')}$"):
        PreparedCounties(tmp_path).county("Marion")
    damaged = [b"", b"ARROW1\0\0", b"junk" * 999, *(whole[: len(whole) * tenth // 10] for tenth in range(10))]
    flips = random.Random(3).sample(range(-20_000, 0), 60)  # where the form of the file is written down
    damaged += [
        whole[:place] + bytes([whole[place] ^ 16]) + whole[len(whole) + place + 1 :] for place in flips
    ]
    for content in damaged:
        path.write_bytes(content)
        with suppress(IndexFileError):
            read_index(path)
            assert len(content) == len(whole)
    for table in (pa.table({"other": [1]}), pa.table({}), pa.table({"parcel": pa.array([], pa.int32())})):
        _with(path, {b"version": index_file.VERSION.encode(), b"county": b"Richland"}, table)
        with pytest.raises(IndexFileError, match=f"is damaged: {again} again"):
            find_households(participants("5410 Martel Rd"), PreparedCounties(tmp_path))
    path.write_bytes(whole)
    monkeypatch.setattr(index_file, "VERSION", "another")
    with pytest.raises(IndexFileError, match=f"was made by another version: {again} again"):
        find_households(participants("5410 Martel Rd"), PreparedCounties(tmp_path))


def test_an_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    county().prepare(tmp_path)
    first, second = tmp_path / "Richland.arrow", tmp_path / "copy" / "Richland.arrow"
    write_index(read_index(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_weights_that_cannot_be_read_are_as_none(tmp_path: Path) -> None:
    county().prepare(tmp_path)
    counties = PreparedCounties(tmp_path)
    path = weights_path(counties.path("Richland"))
    teach(participants("5410 Martel Rd", "25 N Maple St", "600 Main St"), counties, least=1)
    whole, usual = path.read_bytes(), county()
    usual.prepare(tmp_path / "usual")
    expected = residence(tmp_path / "usual", "25 N Maple St")
    assert residence(tmp_path, "25 N Maple St") != expected
    for content in (b"", b"junk", whole[:100], whole[:-100], b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        assert residence(tmp_path, "25 N Maple St") == expected


def test_what_is_learned_again_is_no_new_version(tmp_path: Path) -> None:
    county().prepare(tmp_path)
    counties = PreparedCounties(tmp_path)
    people = participants("5410 Martel Rd", "25 N Maple St")
    teach(people, counties, least=1)
    version = counties.version("Richland")
    teach(people, counties, least=1)
    assert counties.version("Richland") == version
    teach(participants("5410 Martel Rd", "25 Maple St"), counties, least=1)
    assert counties.version("Richland") != version
