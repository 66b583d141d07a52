"""How long matching takes beside Splink on the same data, what memory it needs, and how both grow to all of Ohio.

Both begin with raw text: what normalises it counts on both sides, and so does writing and reading our prepared
counties. Splink uses all cores, and so may we. Needs the optional packages of the group `bench`.
"""

from __future__ import annotations

import tempfile
import threading
import time
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.children import SPAWN, child, finish
from benchmarks.households.benchmark import generate
from benchmarks.households.ours import county_tables, participant_table, prepare
from benchmarks.households.peer import link
from benchmarks.households.peer_columns import parcel_columns, participant_columns
from benchmarks.measurement import Measurement, median, seconds_of
from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS
from octopus_pipeline.matching.address_line import read_address
from octopus_pipeline.matching.name_line import read_given, read_last
from octopus_pipeline.matching.parallel import find_households_in_processes
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.teaching import teach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

PARTICIPANTS, PARCELS, SEED = 130_000, 500_000, 101
MILLION = 1_000_000
OHIO_PARCELS = 5_900_000
DAILY = 200
_ROUNDS, _LONG_ROUNDS = 7, 3
_PROCESSES = 2
_MEBIBYTE = 2**20


def run() -> Iterator[Measurement]:
    """Times beside Splink's, cold and prepared; peak memory; all of Ohio."""
    with tempfile.TemporaryDirectory(prefix="octopus-benchmark-") as place:
        yield from _beside_splink(Path(place))
    with tempfile.TemporaryDirectory(prefix="octopus-benchmark-") as place:
        yield from _ohio(Path(place))


def _beside_splink(folder: Path) -> Iterator[Measurement]:
    benchmark = generate(PARTICIPANTS, PARCELS, SEED, names=True)
    tables = county_tables(benchmark.parcels)
    participants = participant_table(benchmark.participants)
    parcels = parcel_columns(benchmark.parcels)
    peaks: list[float] = []
    models: list[dict[str, Any]] = []

    def ours() -> float:
        receiver, sender = SPAWN.Pipe(duplex=False)
        with child(_cold, tables, participants, str(folder), sender, may_have_children=True) as process:
            seconds: float = receiver.recv()
            peaks.append(receiver.recv())
            finish(process)
        return seconds

    def theirs() -> float:
        _forget()
        started = time.perf_counter()
        linked = link(participant_columns(benchmark.participants), parcel_columns(benchmark.parcels))
        models.append(linked.model)
        return time.perf_counter() - started

    yield _in_turn(
        f"{PARTICIPANTS:,} x {PARCELS:,}, cold: time / Splink's", ours, theirs, _LONG_ROUNDS, 1 / 3
    )
    yield Measurement("... peak memory of all our processes", max(peaks), most=1536, unit=" MiB")
    for count, rounds, most in ((PARTICIPANTS, _ROUNDS, 1 / 3), (MILLION, _LONG_ROUNDS, 1 / 2)):
        rows = np.random.default_rng(SEED).integers(0, PARTICIPANTS, count) if count > PARTICIPANTS else None
        raw = benchmark.participants if rows is None else _repeated(benchmark.participants, rows)
        yield _prepared(folder, raw, parcels, models[0], rounds, most)
    counties = PreparedCounties(folder)
    few = participants.slice(0, DAILY)
    seconds = seconds_of(lambda: find_households_in_processes(few, PreparedCounties(folder), 1))
    yield Measurement(
        f"{DAILY} new participants, {len(counties.counties)} counties prepared", seconds, most=2, unit=" s"
    )


def _in_turn(
    what: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int, most: float
) -> Measurement:
    """Both in turn, so that what else the machine does befalls both: the ratio of the middle times."""
    both = [(ours(), theirs()) for _ in range(rounds)]
    mine, peers = (median(list(seconds)) for seconds in zip(*both, strict=True))
    return Measurement(what, mine / peers, most=most, how={"ours": mine, "splink": peers, "rounds": rounds})


def _repeated(participants: pa.Table, rows: np.ndarray) -> pa.Table:
    """Participants by row, each with a house number of its own: nobody is anybody's repetition."""
    taken = participants.take(pa.array(rows))
    numbers = np.random.default_rng(SEED).integers(1, 9999, len(rows))
    addresses = [
        f"{number}{'' if address[:1].isspace() else ' '}{address.lstrip('0123456789')}"
        if address and address[0].isdigit()
        else address
        for number, address in zip(numbers.tolist(), taken["address"].to_pylist(), strict=True)
    ]
    taken = taken.set_column(
        taken.schema.get_field_index("address"), "address", pa.array(addresses, pa.string())
    )
    ids = pa.array(np.arange(len(rows)))
    return taken.set_column(0, "participant_id", ids)


def _prepared(
    folder: Path, raw: pa.Table, parcels: pa.Table, model: dict[str, Any], rounds: int, most: float
) -> Measurement:
    participants = participant_table(raw)

    def theirs() -> float:
        _forget()
        return seconds_of(lambda: link(participant_columns(raw), parcels, model))

    return _in_turn(
        f"{raw.num_rows:,} participants, counties prepared: time / Splink's with its model kept",
        lambda: _seconds_prepared(participants, folder),
        theirs,
        rounds,
        most,
    )


def _seconds_prepared(participants: pa.Table, folder: Path) -> float:
    _forget()
    return seconds_of(
        lambda: find_households_in_processes(participants, PreparedCounties(folder), _PROCESSES)
    )


def _forget() -> None:
    """Have this process read addresses and names as if for the first time: neither side is to help the other."""
    for remembering in (read_address, read_last, read_given):
        remembering.cache_clear()


def _cold(
    tables: dict[str, tuple[pa.Table, pa.Table]], participants: pa.Table, folder: str, sender: Connection
) -> None:
    """Prepare, teach and match in a process of its own; sends seconds, and the peak memory of it and its children."""
    with _PeakMemory() as peak:
        started = time.perf_counter()
        prepare(tables, Path(folder))
        counties = PreparedCounties(Path(folder))
        teach(participants, counties)
        find_households_in_processes(participants, counties, _PROCESSES)
        sender.send(time.perf_counter() - started)
    sender.send(peak.mebibytes)


class _PeakMemory:
    """The greatest proportional set size of this process and its children while the block lasts, in MiB."""

    def __enter__(self) -> _PeakMemory:
        self.mebibytes = 0.0
        self._end = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._end.wait(0.1):
            self.mebibytes = max(self.mebibytes, _memory())


def _memory() -> float:
    total = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / _MEBIBYTE


def _ohio(folder: Path) -> Iterator[Measurement]:
    """88 counties: those of a region, and copies of them by the other counties' names.

    A city is then in a dozen counties, and every participant is looked for in all of them: more than in the real Ohio.
    """
    benchmark = generate(PARTICIPANTS, PARCELS, SEED, names=True)
    region = county_tables(benchmark.parcels)
    names = [*region, *(county for county in COUNTY_BY_FIPS.values() if county not in region)]
    ohio = dict(zip(names, cycle(region.values()), strict=False))
    parcels, done = sum(houses.num_rows for houses, _ in ohio.values()), len(ohio)
    started = time.perf_counter()
    prepare(ohio, folder)
    preparing = time.perf_counter() - started
    yield Measurement(
        f"preparing {parcels:,} parcels in {done} counties", preparing * OHIO_PARCELS / parcels, most=120, unit=" s",
        how={"seconds": preparing, "parcels": parcels},
    )  # fmt: skip
    receiver, sender = SPAWN.Pipe(duplex=False)
    participants = participant_table(benchmark.participants)
    with child(_match_ohio, participants, str(folder), sender, may_have_children=True) as process:
        seconds, peak = receiver.recv(), receiver.recv()
        finish(process)
    yield Measurement(
        f"{PARTICIPANTS:,} participants x {parcels:,} parcels, prepared", seconds, most=60, unit=" s"
    )
    yield Measurement("... peak memory of all our processes", peak, most=4096, unit=" MiB")


def _match_ohio(participants: pa.Table, folder: str, sender: Connection) -> None:
    with _PeakMemory() as peak:
        started = time.perf_counter()
        find_households_in_processes(participants, PreparedCounties(Path(folder)), _PROCESSES)
        sender.send(time.perf_counter() - started)
    sender.send(peak.mebibytes)
