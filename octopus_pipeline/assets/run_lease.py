"""Whether the process that works on a run still lives: Dagster's own launcher does not notice that it was killed.

Such a run would stay "started" for ever, and the sensors would wait for it. The kernel gives a killed process's locks
back, so a lock says it surely; process ids and start times would not.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST_TAG = "octopus/host"
"""Tag of a run: the machine whose process works on it."""


@contextmanager
def run_lease(instance: dg.DagsterInstance, run_id: str, folder: Path) -> Iterator[None]:
    """Say that this process works on the run while the block lasts; `folder` holds this machine's locks."""
    path = _lock_path(folder, run_id)
    with FileLock(path):
        instance.add_run_tags(run_id, {HOST_TAG: socket.gethostname()})  # locked by now: never taken for dead
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def end_if_orphaned(instance: dg.DagsterInstance, run: dg.DagsterRun, folder: Path) -> bool:
    """Mark the run as failed if the process of this machine that worked on it was killed; whether it was."""
    path = _lock_path(folder, run.run_id)
    is_ours = run.tags.get(HOST_TAG) == socket.gethostname()
    if run.status is not dg.DagsterRunStatus.STARTED or not is_ours or not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            path.unlink(missing_ok=True)
    except Timeout:
        return False
    instance.report_run_failed(run, "The process that worked on this run was killed.")
    return True


def _lock_path(folder: Path, run_id: str) -> Path:
    return folder / f"run-{run_id}.lock"
