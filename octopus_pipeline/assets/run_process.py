"""Which process works on a run: Dagster's own launcher does not notice that one was killed.

Such a run would stay "started" for ever, and the sensors would wait for it.
"""

from __future__ import annotations

import socket

import dagster as dg
import psutil

PROCESS_TAG = "octopus/process"
"""Tag of a run: host, process id, and when that process started, in seconds since 1970."""


def claim_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Say that this process works on the run."""
    instance.add_run_tags(run_id, {PROCESS_TAG: _mark(psutil.Process())})


def end_if_orphaned(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Mark the run as failed if the process that worked on it is gone from this machine; whether it is."""
    host, _, process = run.tags.get(PROCESS_TAG, "").partition(" ")
    if run.status is not dg.DagsterRunStatus.STARTED or host != socket.gethostname():
        return False
    try:
        if _mark(psutil.Process(int(process.split()[0]))) == run.tags[PROCESS_TAG]:
            return False
    except psutil.NoSuchProcess:
        pass
    instance.report_run_failed(run, "The process that worked on this run was killed.")
    return True


def _mark(process: psutil.Process) -> str:
    return f"{socket.gethostname()} {process.pid} {process.create_time():.0f}"
