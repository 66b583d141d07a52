"""The sandbox as a child process of a test, a benchmark or a demo."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from octopus_pipeline.sandbox.control_client import SandboxControl, SandboxError
from octopus_pipeline.sandbox.server import DEFAULT_KEY

if TYPE_CHECKING:
    from pathlib import Path

KEY_VARIABLE = "SANDBOX_API_KEY"
"""The environment variable that hands the key to the child: command lines are public."""

_SECONDS_TO_STOP = 5


@dataclass(slots=True)
class SandboxProcess:
    """A sandbox in a child process, which ends with `stop`, with the context, or with its parent."""

    url: str
    api_key: str
    control: SandboxControl
    _child: subprocess.Popen[str]
    _errors: IO[str]

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def stop(self) -> None:
        """End the child and wait until it is gone; a second time does nothing."""
        if self._child.stdin:
            self._child.stdin.close()
        try:
            self._child.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_sandbox(
    account: Path | None = None,
    *,
    seed: int = 1,
    campaigns: int = 10,
    rows: int = 3_000,
    lists: int = 3,
    largest_share: float | None = None,
    up_to_date: bool = False,
    requests_per_second: float = 10,
    burst: int = 100,
    latency: float = 0.0,
    port: int = 0,
    api_key: str = DEFAULT_KEY,
) -> SandboxProcess:
    """Start a sandbox on loopback and return once it answers.

    Args:
        account: Folder of a saved account; without one, an account is generated.
        seed: What the generated account is made from; likewise `campaigns`, `rows`, `lists`, `largest_share`.
        campaigns: Its number of campaigns.
        rows: Its number of (campaign, contact) rows.
        lists: Its number of contact lists.
        largest_share: Its largest campaign's share of the rows.
        up_to_date: Whether to move the account's times so that its clock shows the present.
        requests_per_second: The rate limit; 0 switches it off.
        burst: How many requests may come at once.
        latency: Seconds that every answer takes.
        port: Where to listen; 0 picks a free port.
        api_key: The key that is asked for.

    Raises:
        SandboxError: if it does not start, with what it said.
    """
    given = {
        "account": account,
        "seed": seed,
        "campaigns": campaigns,
        "rows": rows,
        "lists": lists,
        "largest-share": largest_share,
        "requests-per-second": requests_per_second,
        "burst": burst,
        "latency": latency,
        "port": port,
    }
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    if up_to_date:
        options.append("--up-to-date")
    errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # it lives as long as the child
    child = subprocess.Popen(
        [sys.executable, "-m", "octopus_pipeline.sandbox", "serve", "--until-input-ends", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        # Ctrl-C in the parent's terminal is the parent's to answer: it may need the sandbox to finish.
        start_new_session=True,
        env={**os.environ, KEY_VARIABLE: api_key},
    )
    url = child.stdout.readline().strip() if child.stdout else ""
    process = SandboxProcess(url, api_key, SandboxControl(url), child, errors)
    if not url:
        child.wait()
        errors.seek(0)
        said = errors.read().strip()
        process.stop()
        raise SandboxError(f"the sandbox did not start: {said or 'it said nothing'}")
    return process
