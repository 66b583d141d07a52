"""A tiny HTTP server for what the sandbox cannot show: it gives the answers it was handed, in turn."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Answer:
    """One answer.

    `cut` hangs up after half of the body, `silent` without a word; `together` lets nobody have the answer
    before so many ask for it at once.
    """

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False
    together: threading.Barrier | None = None


@dataclass
class ScriptedServer:
    """Where it listens and what it was asked: the request lines' targets, headers, and connections."""

    url: str
    answers: list[Answer]
    targets: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)


@contextmanager
def serve(*answers: Answer) -> Iterator[ScriptedServer]:
    """Serve the answers in turn; the last one is given again and again."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_GET(self) -> None:
            script.targets.append(self.path)
            script.headers.append(dict(self.headers))
            script.connections.add(self.client_address)
            answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if answer.together:
                answer.together.wait(timeout=10)
            if answer.silent:
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if answer.cut else content)
            self.close_connection |= answer.cut

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script = ScriptedServer(f"http://127.0.0.1:{server.server_address[1]}", list(answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
