"""Connecting: what works, and what is said when it does not."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient

from octopus_pipeline.settings import Settings
from octopus_pipeline.store.embedded import mongod_binary, stop
from octopus_pipeline.store.mongo import MongoUnavailableError, UnsupportedServerError, connect, host_of

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "correct-horse"


def settings(**values: object) -> Settings:
    return Settings.model_validate({"mongo_connection_url": None, "mongo_timeout_seconds": 0.5, **values})


def failure(url: str) -> str:
    """The message of a connection that fails; nothing shown with it names the password or the options."""
    started = time.monotonic()
    with pytest.raises(MongoUnavailableError) as raised:
        connect(settings(mongo_connection_url=url))
    assert time.monotonic() - started < 5
    shown = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in shown
    assert "appName" not in shown
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    return str(raised.value)


def test_without_a_url_the_embedded_server_of_the_data_folder_is_used(tmp_path: Path) -> None:
    with connect(settings(octopus_data_dir=tmp_path, mongo_timeout_seconds=5)) as client:
        assert client.write_concern.document == {"j": True}
        assert (tmp_path / "mongodb" / "db").is_dir()
    stop(tmp_path)


def test_a_url_with_a_user_connects_and_times_are_aware(
    mongod_url: str, mongo_database: Any, credentials: str
) -> None:
    url = mongod_url.replace("mongodb://", f"mongodb://{credentials}@")
    with connect(settings(mongo_connection_url=url, mongo_timeout_seconds=5)) as client:
        assert client.codec_options.tz_aware


@pytest.fixture
def credentials(mongod_url: str) -> Iterator[str]:
    with MongoClient[dict[str, Any]](mongod_url) as client:
        client.admin.command("createUser", "ada", pwd=PASSWORD, roles=["readWriteAnyDatabase"])
        yield f"ada:{PASSWORD}"
        client.admin.command("dropUser", "ada")


@contextmanager
def mongod(folder: Path, *options: str, query: str = "") -> Iterator[str]:
    """A server of this test's own, started with `options`: its address once it answers, with `query`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [mongod_binary(), *options, "--dbpath", str(folder), "--port", str(port), "--nounixsocket"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"mongodb://127.0.0.1:{port}/{query}"
    with MongoClient[dict[str, Any]](url) as client:
        client.admin.command("ping")
    yield url
    server.terminate()
    server.wait()


@pytest.fixture
def guarded_url(tmp_path: Path) -> Iterator[str]:
    """A server that demands a user."""
    with mongod(tmp_path, "--auth") as url:
        yield url.removesuffix("/")


def test_a_server_that_wants_tls_is_reached_with_its_authority_and_not_without(tmp_path: Path) -> None:
    authority, database = trustme.CA(), tmp_path / "db"
    database.mkdir()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
    certificate.write_to_path(str(tmp_path / "server.pem"))
    options = ("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(tmp_path / "server.pem"))
    trusted = f"?tls=true&tlsCAFile={tmp_path / 'ca.pem'}"
    with mongod(database, *options, query=trusted) as url:
        with connect(settings(mongo_connection_url=url, mongo_timeout_seconds=5)) as client:
            assert client.server_info()["ok"] == 1
        assert "TLS failed" in failure(url.replace(trusted, "?tls=true"))


def test_a_server_that_wants_a_user_and_gets_none_is_explained(guarded_url: str) -> None:
    assert "not allowed" in failure(guarded_url)


def test_a_wrong_password_is_explained_without_it(mongod_url: str) -> None:
    host = mongod_url.removeprefix("mongodb://")
    message = failure(f"mongodb://ada:{PASSWORD}@{host}/?appName=x")
    assert message == (
        f"MongoDB at {host} cannot be used: authentication failed. "
        "Check user, password and authSource in MONGO_CONNECTION_URL."
    )


@pytest.mark.parametrize(
    ("hosts", "what"),
    [
        ("127.0.0.1:1", "connection refused"),
        ("no-such-host.invalid:27018", "(DNS)"),
        ("127.0.0.1:1,no-such-host.invalid:2", "(DNS)"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named(hosts: str, what: str) -> None:
    message = failure(f"mongodb://ada:{PASSWORD}@{hosts}/?appName=x")
    assert f"MongoDB at {hosts.replace(',', ', ')} cannot be used" in message
    assert what in message
    assert "MONGO_CONNECTION_URL" in message


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("tls=true", "TLS failed"),
        ("tls=true&tlsCAFile=/none", "TLS failed"),
        ("replicaSet=rs0", "replica set"),
    ],
)
def test_an_option_that_does_not_fit_the_server_is_explained(
    mongod_url: str, options: str, what: str
) -> None:
    assert what in failure(f"{mongod_url}/?{options}")


@pytest.mark.parametrize(
    "credentials", [f"ada:x@{PASSWORD}", f"ada:x/{PASSWORD}", f"ada:1/@{PASSWORD}", f"ada:{PASSWORD}%"]
)
def test_a_password_that_is_not_encoded_is_not_shown(credentials: str) -> None:
    assert "percent-encoded" in failure(f"mongodb://{credentials}@db.example.com/")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def answer_all(listener: socket.socket, answer: Callable[[socket.socket], None]) -> str:
    """Let `answer` deal with every connection; returns the address."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return "{}:{}".format(*listener.getsockname())


def test_a_server_that_does_not_speak_is_given_up_in_time(listener: socket.socket) -> None:
    assert "no answer in time" in failure("mongodb://{}:{}".format(*listener.getsockname()))


def test_a_server_that_hangs_up_is_explained(listener: socket.socket) -> None:
    assert "closed the connection" in failure(f"mongodb://{answer_all(listener, socket.socket.close)}")


@pytest.mark.parametrize(("wire_version", "version"), [(13, "5.0.31"), (9, "4.4.29"), (6, "3.6.23")])
def test_a_server_older_than_6_is_refused(listener: socket.socket, wire_version: int, version: str) -> None:
    """An old server is no longer to be had: this one speaks just enough of the protocol to be asked."""
    facts = {
        "ok": 1,
        "isWritablePrimary": True,
        "ismaster": True,
        "minWireVersion": 0,
        "maxWireVersion": wire_version,
        "versionArray": [int(part) for part in version.split(".")] + [0],
        "cursor": {"id": 0, "ns": "", "firstBatch": []},
    }

    def answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as requests:
            while header := requests.read(16):
                length, request, _, code = (
                    int.from_bytes(header[i : i + 4], "little", signed=True) for i in range(0, 16, 4)
                )
                requests.read(length - 16)
                body = bson.encode(facts)
                # OP_QUERY is answered by OP_REPLY, OP_MSG by OP_MSG.
                body = bytes(16) + (1).to_bytes(4, "little") + body if code == 2004 else bytes(5) + body
                reply = (len(body) + 16, 0, request, 1 if code == 2004 else 2013)
                connection.sendall(b"".join(part.to_bytes(4, "little") for part in reply) + body)

    url = f"mongodb://{answer_all(listener, answer)}"
    with pytest.raises(UnsupportedServerError, match=r"needs 6\.0 or newer"):
        connect(settings(mongo_connection_url=url))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mongodb://localhost", "localhost:27017"),
        (
            "mongodb://ada:secret@db1.example.com:2,db2.example.com/db?tls=true",
            "db1.example.com:2, db2.example.com:27017",
        ),
        ("mongodb+srv://ada:secret@cluster0.example.com/?retryWrites=true", "cluster0.example.com"),
        ("mongodb://[::1]:27017/", "[::1]:27017"),
        ("mongodb://ada:12/34@db.example.com/", "the server of MONGO_CONNECTION_URL"),
    ],
)
def test_a_connection_string_is_shown_as_its_hosts(url: str, shown: str) -> None:
    assert host_of(url) == shown


ANYTHING = st.text() | st.text(alphabet="1a:@/?#,")


@given(user=ANYTHING, password=ANYTHING, query=ANYTHING)
def test_nothing_but_the_hosts_is_ever_shown(user: str, password: str, query: str) -> None:
    shown = host_of(f"mongodb://{user}:{password}@db.example.com:27018/x?{query}")
    assert shown in {"db.example.com:27018", "the server of MONGO_CONNECTION_URL"}


def test_field_names_with_dots_and_dollars_survive_a_set(mongo_database: Any) -> None:
    fields = {"a.b": 1, "$c": 2, "d.$e": {"f.g": 3}}
    mongo_database.contacts.update_one({"contact_id": "1"}, {"$set": {"fields": fields}}, upsert=True)
    mongo_database.contacts.update_one({"contact_id": "1"}, {"$set": {"fields": fields}}, upsert=True)
    assert mongo_database.contacts.find_one({}, {"_id": 0, "fields": 1}) == {"fields": fields}
