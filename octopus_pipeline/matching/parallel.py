"""Matching many participants with several processes; the answers are the same as with one."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar

import pyarrow as pa

from octopus_pipeline.matching.households import BATCH, HouseholdMatches, find_households
from octopus_pipeline.matching.prepared import PreparedCounties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

WORTH_PARTICIPANTS: Final = 50_000
"""Fewer are matched before a second process is up."""

LATE: Final = 4_000
"""About as many participants does this process match before another one is up."""


def find_households_in_processes(
    participants: pa.Table, counties: PreparedCounties, processes: int
) -> HouseholdMatches:
    """The same as `find_households`, of many participants with so many processes, of which this is one.

    Raises:
        IndexFileError: if a county's index cannot be read.
    """
    if processes == 1 or participants.num_rows < WORTH_PARTICIPANTS:
        return find_households(participants, counties)
    slices = _slices(participants, processes)
    with worker_processes(processes - 1, partial(_begin, counties.folder)) as pool, _collecting_seldom():
        found = share_out(
            slices,
            here=partial(find_households, counties=counties),
            there=lambda part: pool.submit(_find, _written(part)),
            others=processes - 1,
        )
    return HouseholdMatches(
        pa.concat_tables([one.residence for one in found]),
        pa.concat_tables([one.demographic for one in found]),
    )


def _slices(participants: pa.Table, processes: int) -> list[pa.Table]:
    """Participants in parts that keep all processes busy to the end: the first ones, for the others, are smaller."""
    work = participants.num_rows + LATE * (processes - 1)
    count = max(processes, -(-work // BATCH))
    size = -(-work // count)
    sizes = [size - LATE] * (processes - 1) + [size] * (count - processes + 1)
    return [
        participants.slice(start, size)
        for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False)
    ]


def share_out(
    tasks: Sequence[_Task],
    here: Callable[[_Task], _Result],
    there: Callable[[_Task], Future[_Result]],
    others: int,
) -> list[_Result]:
    """The results of tasks, in their order: this process works on them, and so many others do.

    `here`, `there`: how a task is done by this process, and given to another. Who is done with one takes the next.
    """
    open_still, results = iter(range(len(tasks))), dict[int, _Result]()  # safe for threads

    def work(do: Callable[[_Task], _Result]) -> None:
        try:
            for number in open_still:
                results[number] = do(tasks[number])
        except BaseException:
            deque(open_still, maxlen=0)  # nobody need go on
            raise

    with ThreadPoolExecutor(others) as threads:
        waiting = [threads.submit(work, lambda task: there(task).result()) for _ in range(others)]
        work(here)
        for one in waiting:
            one.result()
    return [results[number] for number in range(len(tasks))]


def worker_processes(number: int, begin: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    """Processes that have imported the matcher; each does `begin` first."""
    # A fork server imports what they need once for all of them.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(number, context, initializer=begin)


COLLECT_AFTER: Final = 50_000
"""Parts of addresses are many objects and no cycles: looking for these every 700 objects takes a tenth of the time."""


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


_counties: PreparedCounties | None = None
"""What a process of the pool, and no other, works with."""


def _begin(folder: Path) -> None:
    global _counties  # the pool has no other place for what its processes keep
    _counties = PreparedCounties(folder)


def _written(part: pa.Table) -> pa.Buffer:
    """A part of a table to be sent: pickled, it would take the whole of it along."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)
    return sink.getvalue()


def _find(written: pa.Buffer) -> HouseholdMatches:
    if _counties is None:
        message = "this is no process of a pool"
        raise RuntimeError(message)
    with _collecting_seldom():
        return find_households(pa.ipc.open_stream(written).read_all(), _counties)
