"""`octopus dev`: the Dagster UI and daemon over the project, with what they need running beside them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.orchestration.instance import use_dagster_home
from octopus_pipeline.store.mongo import connect

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

_SECONDS_TO_END = 15


class PortTakenError(PipelineError):
    """The UI's port is not free."""


def run_dagster(settings: Settings, *, host: str, port: int) -> int:
    """Run `dagster dev` until it is interrupted, and give its exit code.

    A connection to MongoDB is held all the while, so that an embedded server lives as long as the UI.
    """
    _require_free(host, port)
    use_dagster_home(settings)
    with connect(settings):
        child = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", host, "-p", str(port)],
            env={**os.environ, **environment_of(settings)},
            # A shell that starts us in the background has us ignore SIGINT, which Dagster would inherit and
            # then not stop for anything.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                _end(child)


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        message = f"the UI cannot listen on {host}:{port}: {error.strerror}. Choose another --port"
        raise PortTakenError(message) from None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let the child end: the terminal has interrupted it as well, another sender may have not."""
    try:
        child.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that makes a child process work with these settings, folders absolute."""
    environment = {"OCTOPUS_DATA_DIR": str(settings.data_dir)}
    if settings.emailoctopus_api_key is not None:
        environment["EMAILOCTOPUS_API_KEY"] = settings.emailoctopus_api_key.get_secret_value()
        environment["EMAILOCTOPUS_BASE_URL"] = settings.api_base_url
    return environment
