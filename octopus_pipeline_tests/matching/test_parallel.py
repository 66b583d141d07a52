"""Matching with several processes: the same answers, in the same order, and the same errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from octopus_pipeline.matching import parallel
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.index_file import IndexFileError
from octopus_pipeline.matching.parallel import find_households_in_processes, share_out, worker_processes
from octopus_pipeline_tests.matching.small_county import NUMBERS, STREETS, ordinary_parcels, prepared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def _in_small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "WORTH_PARTICIPANTS", 1)
    monkeypatch.setattr(parallel, "BATCH", 13)
    monkeypatch.setattr(parallel, "LATE", 3)


def people() -> pa.Table:
    """One at each number of each street, some of which are not there."""
    rows = [
        {"address": f"{number + 2 * (number % 3)} {street}", "city": "MANSFIELD", "zip": "44906"}
        for street in (*STREETS, "NOWHERE ST")
        for number in NUMBERS
    ]
    return pa.Table.from_pylist(rows, schema=PARTICIPANT_SCHEMA)


@pytest.mark.usefixtures("_in_small_slices")
@pytest.mark.parametrize("processes", [2, 3])
def test_the_number_of_processes_changes_nothing(tmp_path: Path, processes: int) -> None:
    counties = prepared(tmp_path, "Richland", ordinary_parcels(), [])
    alone = find_households(people(), counties)
    together = find_households_in_processes(people(), counties, processes)
    assert together.residence.equals(alone.residence)
    assert together.demographic.equals(alone.demographic)
    assert len(alone.residence["parcel_id"].drop_null()) > len(STREETS)


@pytest.mark.usefixtures("_in_small_slices")
def test_an_index_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    counties = prepared(tmp_path, "Richland", ordinary_parcels(), [])
    counties.path("Morrow").write_bytes(b"no index")
    with pytest.raises(IndexFileError, match="Morrow"):
        find_households_in_processes(people(), counties, 2)


def _fail(task: int) -> int:
    message = f"task {task}"
    raise ValueError(message)


def test_what_fails_in_another_process_fails_here() -> None:
    with worker_processes(1) as pool, pytest.raises(ValueError, match="task"):
        share_out([*range(4)], _fail, lambda task: pool.submit(_fail, task), 1)
