"""The keeper of an embedded mongod: its parent, which stops it once no process uses it any more.

Started by `octopus_pipeline.store.embedded`, by this file's path and without site-packages: it needs the
standard library only, so that what stays behind a command costs a few megabytes.

The files in the server's folder (`data/mongodb`) that the two modules agree on:

- `users.lock`: every process that uses the server holds a shared lock; the kernel drops it however the
  process ends. The keeper wants it exclusively: getting it means that nobody is left.
- `keeper.lock`: locked as long as the keeper lives, handed over by the process that starts it.
- `server.json`: `{"port", "server_pid", "keeper_pid"}`, there once the server accepts connections. It speaks
  of the living keeper only if `keeper.lock` is held.
- `db/`: mongod's own files, with `complete` among them once it has started for the first time.
- `mongod.log`: what keeper and mongod said since the last start.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

USERS_LOCK = "users.lock"
KEEPER_LOCK = "keeper.lock"
STATE_FILE = "server.json"
LOG_FILE = "mongod.log"
DATABASE_DIR = "db"
COMPLETE_MARKER = "complete"

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 30.0
"""How long mongod may take to write its last checkpoint before it is killed; its journal then recovers."""

_POLL_SECONDS = 0.02
_PORT_RELEASE_SECONDS = 1.0
_ADDRESS_IN_USE = 48  # mongod's exit code
_START_ATTEMPTS = 3
_READY = b"Waiting for connections"  # mongod's log; a listening port might be another server's
_MONGOD_OPTIONS = (
    *("--bind_ip", LOOPBACK, "--nounixsocket", "--quiet"),
    *("--wiredTigerCacheSizeGB", "0.25"),
    # A journal of 10 MB a file, instead of 300 MB laid out in advance; writing is no slower.
    *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=10MB)"),
    # Slow operations would be logged with their documents: personal data.
    *("--slowOpSampleRate", "0"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
)


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively if no other process holds it; returns whether it is locked now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def end_orphan(database_dir: Path) -> None:
    """End the mongod that runs on `database_dir` without its keeper, if there is one.

    mongod locks `mongod.lock` while it lives and writes its process id there, so that neither a stale file
    nor a recycled process id can be mistaken for it.
    """
    try:
        lock = os.open(database_dir / "mongod.lock", os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + STOP_SECONDS
            signalled = False
            while time.monotonic() < deadline:
                if try_lock(lock):
                    return
                process_id = os.pread(lock, 32, 0).strip()
                if process_id and not signalled:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(process_id), signal_number)
                    signalled = True
                time.sleep(_POLL_SECONDS)
    finally:
        os.close(lock)


def _free_port(preferred: int) -> int:
    """`preferred` (0: none) if it is free, else any free port.

    The last connections of a server that has just ended may keep its port for a moment more.
    """
    deadline = time.monotonic() + _PORT_RELEASE_SECONDS
    while preferred and time.monotonic() < deadline:
        if _bound_port(preferred):
            return preferred
        time.sleep(_POLL_SECONDS)
    return _bound_port(0)


def _bound_port(port: int) -> int:
    """The port that could be bound for `port` (0: any), or 0 if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _start_server(folder: Path, mongod: str, preferred_port: int) -> tuple[subprocess.Popen[bytes], int]:
    """Start mongod and wait until it accepts connections; exits with mongod's code if it cannot start."""
    database_dir, log = folder / DATABASE_DIR, folder / LOG_FILE
    complete = database_dir / COMPLETE_MARKER
    port, code = preferred_port, 0
    for _ in range(_START_ATTEMPTS):
        port = _free_port(port)
        database_dir.mkdir(mode=0o700, exist_ok=True)
        command = [mongod, "--dbpath", str(database_dir), "--port", str(port), *_MONGOD_OPTIONS]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while server.poll() is None:
            if _READY in log.read_bytes():
                complete.touch()
                return server, port
            time.sleep(_POLL_SECONDS)
        code = server.returncode
        if code == _ADDRESS_IN_USE:
            port = 0
        elif complete.exists():
            break
        else:
            _set_aside(database_dir)
    sys.exit(code)


def _set_aside(database_dir: Path) -> None:
    """Make room for a fresh database: this one was cut off in its first start, before it held anything."""
    aside = database_dir.with_name(f"{database_dir.name}.unfinished")
    shutil.rmtree(aside, ignore_errors=True)
    database_dir.rename(aside)


def _stop_when_unused(server: subprocess.Popen[bytes], users_lock: int, grace_seconds: float) -> None:
    """Wait until no process uses the server, and for `grace_seconds` none comes; then stop it.

    The lock stays held until this process ends, so that a newcomer waits for the end of the shutdown.
    """
    while True:
        fcntl.flock(users_lock, fcntl.LOCK_EX)
        fcntl.flock(users_lock, fcntl.LOCK_UN)
        time.sleep(grace_seconds)
        if try_lock(users_lock):
            break
    server.terminate()
    time.sleep(STOP_SECONDS)
    server.kill()


def _write_state(folder: Path, server_pid: int, port: int) -> None:
    state = {"port": port, "server_pid": server_pid, "keeper_pid": os.getpid()}
    part = folder / f"{STATE_FILE}.part"
    part.write_text(json.dumps(state))
    part.replace(folder / STATE_FILE)


def keep(folder: Path, mongod: str, preferred_port: int, grace_seconds: float) -> None:
    """Run `mongod` on `folder` until nobody uses it, until SIGTERM, or until it ends by itself."""
    end_orphan(folder / DATABASE_DIR)
    server, port = _start_server(folder, mongod, preferred_port)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    users_lock = os.open(folder / USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    threading.Thread(target=_stop_when_unused, args=(server, users_lock, grace_seconds), daemon=True).start()
    _write_state(folder, server.pid, port)
    server.wait()


def main(arguments: list[str]) -> None:
    """Run as `embedded_keeper.py FOLDER MONGOD PREFERRED_PORT GRACE_SECONDS`, in the background."""
    folder, mongod, preferred_port, grace_seconds = arguments
    if os.fork() == 0:  # the starter returns at once and never has this process as its zombie
        keep(Path(folder), mongod, int(preferred_port), float(grace_seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
