"""The sandbox as a child process: it answers once started, and never outlives who started it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests

from octopus_pipeline.sandbox.account import load_account
from octopus_pipeline.sandbox.control_client import SandboxError
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.sandbox.serving import listen

if TYPE_CHECKING:
    from _pytest.capture import CaptureFixture

SAMPLE = Path(__file__).parents[2] / "data" / "sample"

PARENT = """
import time
from octopus_pipeline.sandbox.process import start_sandbox
sandbox = start_sandbox(campaigns=1, rows=10)
print(sandbox.pid, flush=True)
time.sleep(600)
"""


def test_it_serves_a_saved_account_until_it_is_stopped(capfd: CaptureFixture[str]) -> None:
    with start_sandbox(SAMPLE, api_key="eo_secret", requests_per_second=50, burst=7) as sandbox:
        child = psutil.Process(sandbox.pid)
        assert "eo_secret" not in " ".join(child.cmdline())
        brief = sandbox.control.account()
        assert [each["id"] for each in brief["campaigns"]] == [
            each.id
            for each in sorted(
                load_account(SAMPLE).campaigns.values(), key=lambda each: (each.created_at, each.id)
            )
        ]
        headers = {"Authorization": "Bearer eo_secret"}
        answer = requests.get(f"{sandbox.url}/campaigns", headers=headers, timeout=10)
        assert (answer.status_code, answer.headers["X-RateLimiting-Remaining"]) == (200, "6")
        sandbox.control.set_faults([FaultRule(FaultKind.CUT)])
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{sandbox.url}/campaigns", headers=headers, timeout=10)
    assert not child.is_running(), "gone, and no zombie is left"
    sandbox.stop()
    assert capfd.readouterr() == ("", "")


def test_it_generates_the_account_that_is_asked_for_and_can_move_it_to_the_present() -> None:
    with start_sandbox(seed=3, campaigns=2, rows=30, lists=1, up_to_date=True) as sandbox:
        brief = sandbox.control.account()
        assert [each["summary"]["sent"] for each in brief["campaigns"]].count(0) == 0
        assert sum(each["summary"]["sent"] for each in brief["campaigns"]) == 30
        assert abs(datetime.now(UTC) - datetime.fromisoformat(brief["now"])) < timedelta(minutes=1)


def test_it_dies_with_its_parent_even_if_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()
    parent.kill()
    parent.communicate()
    psutil.wait_procs([child], timeout=10)
    # An orphan is reaped by whatever is the system's first process; where that sleeps, it stays a zombie.
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_it_says_why_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="holds no account"):
        start_sandbox(tmp_path)
    taken = listen()
    with taken, pytest.raises(SandboxError, match="cannot listen on port"):
        start_sandbox(campaigns=1, rows=10, port=taken.getsockname()[1])
