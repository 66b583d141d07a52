"""Nobody works on people's data while somebody is erased."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING

from octopus_pipeline.sync.working import alone, at_work

if TYPE_CHECKING:
    from pathlib import Path


def hold(folder: Path, begun: threading.Event, end: threading.Event) -> None:
    with at_work(folder):
        begun.set()
        end.wait(30)


def never() -> None:
    raise AssertionError("there was nobody to wait for")


def test_erasing_waits_for_all_who_are_at_work_and_keeps_others_from_beginning(tmp_path: Path) -> None:
    events = [(threading.Event(), threading.Event()) for _ in range(3)]
    workers = [threading.Thread(target=hold, args=(tmp_path, *pair)) for pair in events]
    for worker, (begun, _) in zip(workers[:2], events, strict=False):
        worker.start()
        assert begun.wait(10)  # side by side

    def let_go() -> None:
        workers[2].start()
        for _, end in events:
            end.set()

    with alone(tmp_path, let_go):
        workers[0].join(10)
        workers[1].join(10)
        assert not events[2][0].wait(0.2)
    assert events[2][0].wait(10)
    workers[2].join(10)
    with alone(tmp_path, never):
        pass


def test_whoever_was_killed_at_work_is_not_waited_for(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begun, end = context.Event(), context.Event()
    worker = context.Process(target=hold, args=(tmp_path, begun, end))
    worker.start()
    assert begun.wait(30)
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(10)
    with alone(tmp_path, never):
        pass
