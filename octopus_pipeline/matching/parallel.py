"""Matching many participants with several processes; the answers are the same as with one."""

from __future__ import annotations

import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from octopus_pipeline.matching.households import HouseholdMatches, find_households
from octopus_pipeline.matching.prepared import PreparedCounties

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import BaseContext
    from pathlib import Path

WORTH_PARTICIPANTS: Final = 50_000
"""Fewer are matched before a second process is up."""

SLICE: Final = 65_536
"""Participants that a process matches at once: what bounds its memory."""


def find_households_in_processes(
    participants: pa.Table, counties: PreparedCounties, processes: int
) -> HouseholdMatches:
    """The same as `find_households`, of many participants with so many processes, of which this is one.

    Raises:
        IndexFileError: if a county's index cannot be read.
    """
    if processes == 1 or participants.num_rows < WORTH_PARTICIPANTS:
        return find_households(participants, counties)
    starts = range(0, participants.num_rows, SLICE)
    open_still, found = iter(starts), dict[int, HouseholdMatches]()  # iterating a range is safe for threads

    def work(find: Callable[[pa.Table], HouseholdMatches]) -> None:
        for start in open_still:
            found[start] = find(participants.slice(start, SLICE))

    others = processes - 1
    with (
        ProcessPoolExecutor(others, _context(), initializer=_begin, initargs=(counties.folder,)) as pool,
        ThreadPoolExecutor(others) as threads,
    ):
        waiting = [
            threads.submit(work, lambda some: pool.submit(_find, some).result()) for _ in range(others)
        ]
        work(partial(find_households, counties=counties))
        for one in waiting:
            one.result()
    return HouseholdMatches(
        pa.concat_tables([found[start].residence for start in starts]),
        pa.concat_tables([found[start].demographic for start in starts]),
    )


def _context() -> BaseContext:
    # A fork server imports what they need once for all of them.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([__name__])
    return context


COLLECT_AFTER: Final = 50_000
"""Parts of addresses are many objects and no cycles: looking for these every 700 objects takes a tenth of the time."""

_counties: PreparedCounties | None = None
"""What a process of the pool, and no other, works with."""


def _begin(folder: Path) -> None:
    global _counties  # the pool has no other place for what its processes keep
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    _counties = PreparedCounties(folder)


def _find(participants: pa.Table) -> HouseholdMatches:
    if _counties is None:
        message = "this is no process of a pool"
        raise RuntimeError(message)
    return find_households(participants, _counties)
