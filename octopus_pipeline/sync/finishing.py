"""Where finished campaigns are merged and written: in threads of this process, or in processes of their own.

Threads keep up with EmailOctopus's own limit with ease. Where a higher one is set, merging in this process and reading
pages contend for the interpreter, and the API would wait for us; so it is done in processes beside it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

from octopus_pipeline.sync.campaign import CampaignResult, Stages, finish_campaign
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.interpreter import COLLECT_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from octopus_pipeline.emailoctopus.records import Summary
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.reports import ReportDownload

THREADS = 2
"""Campaigns merged and written at once by threads: with more they contend, with one the disk has it wait."""

WORTH_REQUESTS_A_SECOND = 50
"""From this limit on threads fall behind (measured: 10 a second leaves them idle, 100 makes a sync a tenth longer)."""

WORTH_PAGES = 400
"""Fewer pages than this are read before processes are up: starting them takes a second of the processor."""

LARGE_CAMPAIGN = 100_000
"""Campaigns of more recipients are finished by this process, one after the other: their memory is not to add up."""

_PROCESSES_END_PRIORITY = 10


class Finisher:
    """Merges and writes a sync's campaigns, some at a time."""

    def __init__(self, connections: Connections, stages: Stages, now: datetime) -> None:
        self._connections = connections
        self._stages = stages
        self._now = now
        self._free = threading.Semaphore(THREADS)
        self._one_large = threading.Lock()
        self._processes: ProcessPoolExecutor | None = None

    def expect(self, pages: int) -> None:
        """Be ready for the campaigns of so many pages; to be called once at most."""
        settings = self._connections.settings
        wanted = settings.octopus_writer_processes
        if (
            wanted
            and pages >= WORTH_PAGES
            and settings.emailoctopus_requests_per_second >= WORTH_REQUESTS_A_SECOND
            and not multiprocessing.current_process().daemon  # which may not have children
        ):
            self._processes = _processes(settings, wanted)
            if wanted > THREADS:
                self._free.release(wanted - THREADS)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a campaign may be finished; it is this one's turn as long as the block lasts."""
        with self._free:
            yield

    def finish(
        self, known: KnownCampaign, summary: Summary | None, downloads: Sequence[ReportDownload]
    ) -> CampaignResult:
        """Merge and write a campaign whose turn it is; see `finish_campaign`, whose errors it raises."""
        large = summary is not None and summary.sent > LARGE_CAMPAIGN
        with self._one_large if large else nullcontext():
            processes = self._processes
            if processes is not None and not large:
                try:
                    work = (known, summary, downloads, self._stages, self._now)
                    return processes.submit(_finish, *work).result()
                except BrokenProcessPool:  # one was killed, for want of memory perhaps; this may be repeated
                    self._processes = None
            return finish_campaign(
                self._connections, known, summary, downloads, stages=self._stages, now=self._now
            )

    def close(self) -> None:
        """End the processes, when all turns have ended."""
        if self._processes is not None:
            self._processes.shutdown()


def _processes(settings: Settings, number: int) -> ProcessPoolExecutor:
    # A fork server imports what they need once for all of them. It takes none of this process's threads along.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(number, context, initializer=_begin, initargs=(settings,))


_connections: Connections | None = None
"""What a process of ours, and no other, works with."""


def _begin(settings: Settings) -> None:
    global _connections  # the pool has no other place for what its processes keep
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the sync, which ends us when we are done
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    _connections = Connections(settings)
    Finalize(None, _connections.close, exitpriority=_PROCESSES_END_PRIORITY)


def _end_with_parent() -> None:
    """A killed sync cannot end its processes. They end as suddenly: the next sync is to find its lock free."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _finish(
    known: KnownCampaign,
    summary: Summary | None,
    downloads: Sequence[ReportDownload],
    stages: Stages,
    now: datetime,
) -> CampaignResult:
    if _connections is None:
        message = "this is no process of a sync's pool"
        raise RuntimeError(message)
    return finish_campaign(_connections, known, summary, downloads, stages=stages, now=now)
