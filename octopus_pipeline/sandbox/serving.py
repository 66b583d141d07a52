"""Running the sandbox's server: on a loopback socket, in this process or on a thread of it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from octopus_pipeline.sandbox.control_client import SandboxControl
from octopus_pipeline.sandbox.rate_limit import TokenBucket
from octopus_pipeline.sandbox.server import DEFAULT_KEY, Sandbox, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.sandbox.account import Account

HOST = "127.0.0.1"
_WAITING_CONNECTIONS = 1024


@dataclass(frozen=True, slots=True)
class ServedSandbox:
    """A sandbox that is being served: where, the key it wants, its control, and the account itself."""

    url: str
    api_key: str = field(repr=False)
    control: SandboxControl
    account: Account = field(repr=False)


def listen(port: int = 0) -> socket.socket:
    """A socket that takes connections on loopback from now on; port 0 picks a free one.

    Raises:
        OSError: if the port is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen(_WAITING_CONNECTIONS)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of what listens."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def build_server(sandbox: Sandbox) -> uvicorn.Server:
    """A server for `sandbox` that writes no log: cut connections are its business, not news."""
    config = uvicorn.Config(
        create_app(sandbox), log_config=None, log_level="critical", access_log=False, lifespan="off"
    )
    return uvicorn.Server(config)


def stop_server(server: uvicorn.Server) -> None:
    """Make a server stop without waiting for what still hangs on it."""
    server.should_exit = True
    server.force_exit = True


@contextmanager
def serve_in_thread(
    account: Account,
    *,
    requests_per_second: float | None = 10.0,
    burst: int = 100,
    latency: float = 0.0,
    api_key: str = DEFAULT_KEY,
) -> Iterator[ServedSandbox]:
    """Serve an account on a thread of this process for as long as the context lasts.

    Args:
        account: What to serve; it changes when time is made to pass.
        requests_per_second: The rate limit; None switches it off.
        burst: How many requests may come at once.
        latency: Seconds that every answer takes.
        api_key: The key that is asked for.
    """
    bucket = TokenBucket(requests_per_second, burst)
    sandbox = Sandbox(account, api_key=api_key, bucket=bucket, latency=latency)
    listener = listen()
    url = url_of(listener)
    server = build_server(sandbox)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield ServedSandbox(url, api_key, SandboxControl(url), account)
    finally:
        stop_server(server)
        thread.join()
        listener.close()
