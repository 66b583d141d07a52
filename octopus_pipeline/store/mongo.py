"""Connecting to MongoDB: the server of `MONGO_CONNECTION_URL`, else the embedded one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

OLDEST_SERVER = (6, 0)
"""Sorting lists within documents needs MongoDB 5.2, the next version with long support is 6.0."""

LENIENT: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    unicode_decode_error_handler="replace", datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
"""For data of others, which may hold what the driver would refuse: text not of UTF-8, dates beyond the year 9999."""

_UNREADABLE = "the server of MONGO_CONNECTION_URL"
_HOST = re.compile(r"(?:[\w.%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_AUTHENTICATION_FAILED = {18, 8000}
_UNAUTHORIZED = 13


class MongoUnavailableError(PipelineError):
    """MongoDB cannot be used: the message names the host, what happened and what to check; no password."""


class UnsupportedServerError(MongoUnavailableError):
    """The server answers, but is older than this project can use."""


def connect(settings: Settings) -> MongoClient[dict[str, Any]]:
    """A client that has reached its server within `settings.mongo_timeout_seconds`; the caller closes it.

    Clients are for one process: a forked child connects anew. Times are read as aware UTC datetimes.

    Raises:
        MongoUnavailableError: the server does not answer, refuses the user, or cannot be started.
        UnsupportedServerError: the server is older than MongoDB 6.0.
    """
    url = _connection_url(settings)
    timeout_ms = int(settings.mongo_timeout_seconds * 1000)
    client: MongoClient[dict[str, Any]] | None = None
    try:
        client = MongoClient(
            url,
            tz_aware=True,
            appname="octopus-pipeline",
            serverSelectionTimeoutMS=timeout_ms,
            connectTimeoutMS=timeout_ms,
        )
        with pymongo.timeout(settings.mongo_timeout_seconds):
            version = client.server_info()["versionArray"]
            # Unlike a ping, this needs a valid user wherever the server has users.
            client[settings.mongo_database].command(
                "listCollections", nameOnly=True, authorizedCollections=True
            )
    except (PyMongoError, OSError, ValueError) as error:
        failure: MongoUnavailableError = _explained(error, url, client)
    else:
        if tuple(version[:2]) >= OLDEST_SERVER:
            return client
        failure = _too_old(url, ".".join(map(str, version[:3])))
    if client is not None:
        client.close()
    # Raised outside the handler: the driver's error, which may quote the URL, is not in its context.
    raise failure


def lost(error: Exception, client: MongoClient[dict[str, Any]]) -> MongoUnavailableError:
    """The error to raise when the server that `client` had reached fails to answer with `error`."""
    hosts = ", ".join(f"{host}:{port}" for host, port in client.topology_description.server_descriptions())
    what, check = _diagnosis(error, client)
    return MongoUnavailableError(f"MongoDB at {hosts} was lost: {what}. {check}")


def host_of(url: str) -> str:
    """The host or hosts with ports of a connection string, for display: no user, password or options.

    Where the string is not well formed, so that a part of the password might be taken for the host, it is
    "the server of MONGO_CONNECTION_URL".
    """
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    credentials, _, hosts = authority.rpartition("@")
    well_formed = "@" not in credentials + rest.removeprefix(authority)
    names = hosts.split(",")
    if not well_formed or not all(_HOST.fullmatch(name) for name in names):
        return _UNREADABLE
    default_port = "" if scheme == "mongodb+srv" else ":27017"
    return ", ".join(name if re.search(r":\d+$", name) else name + default_port for name in names)


def _connection_url(settings: Settings) -> str:
    if settings.mongo_connection_url is not None:
        return settings.mongo_connection_url.get_secret_value()
    # Imported where it is used: it needs POSIX locks, which Windows has not; its users set a URL.
    from octopus_pipeline.store import embedded

    try:
        server = embedded.start_or_join(settings.data_dir)
    except embedded.EmbeddedServerError as error:
        raise MongoUnavailableError(str(error)) from None
    # What is acknowledged survives even a killed server; it costs a tenth of the throughput.
    return f"{server.url}/?journal=true"


def _too_old(url: str, version: str) -> UnsupportedServerError:
    oldest = ".".join(map(str, OLDEST_SERVER))
    return UnsupportedServerError(
        f"MongoDB at {host_of(url)} is version {version}; this project needs {oldest} or newer."
    )


def _explained(
    error: Exception, url: str, client: MongoClient[dict[str, Any]] | None
) -> MongoUnavailableError:
    if isinstance(error, ConfigurationError) and "wire version" in str(error):
        return _too_old(url, "4.x or older")
    malformed = isinstance(error, InvalidURI | ValueError) or host_of(url) == _UNREADABLE
    what, check = _MALFORMED if malformed else _diagnosis(error, client)
    return MongoUnavailableError(f"MongoDB at {host_of(url)} cannot be used: {what}. {check}")


def _diagnosis(error: Exception, client: MongoClient[dict[str, Any]] | None) -> tuple[str, str]:
    """What happened in words, and what to check."""
    if isinstance(error, OperationFailure):
        if error.code in _AUTHENTICATION_FAILED:
            return "authentication failed", "Check user, password and authSource in MONGO_CONNECTION_URL."
        if error.code == _UNAUTHORIZED:
            return (
                "the user, or a connection without one, is not allowed to read the database",
                "Check the user in MONGO_CONNECTION_URL, its roles, and MONGO_DATABASE.",
            )
        return f"the server answered with error {error.code}", "Check the server's log."
    words = " ".join([str(error), *_server_errors(client)])
    for pattern, what, check in _SYMPTOMS:
        if re.search(pattern, words):
            return what, check
    if isinstance(error, ConfigurationError):
        return "an option of the connection string is wrong", "Check MONGO_CONNECTION_URL."
    return "no answer", "Check MONGO_CONNECTION_URL, the network, and that the server runs."


def _server_errors(client: MongoClient[dict[str, Any]] | None) -> list[str]:
    """Why each server of the deployment could not be reached, as the driver puts it."""
    if client is None:
        return []
    servers = client.topology_description.server_descriptions().values()
    return [str(server.error) for server in servers if server.error is not None]


_MALFORMED = (
    "the connection string is malformed",
    "Check MONGO_CONNECTION_URL; special characters in user and password must be percent-encoded.",
)
_SYMPTOMS = (
    (
        r"Name or service not known|nodename nor servname|name resolution|DNS query|resolution lifetime",
        "the host name is not known (DNS)",
        "Check the host in MONGO_CONNECTION_URL and the network.",
    ),
    (
        r"SSL handshake failed|\[SSL|certificate verify failed|No such file",
        "TLS failed",
        "Check tls and tlsCAFile in MONGO_CONNECTION_URL, the certificate and its host name.",
    ),
    (
        r"Connection refused",
        "connection refused",
        "Check host and port in MONGO_CONNECTION_URL, and that the server runs.",
    ),
    (
        r"replica set|not primary|stepped down|shutdown|recovering",
        "its replica set has no member that takes writes, or another name",
        "Check replicaSet in MONGO_CONNECTION_URL and that the set has a primary.",
    ),
    (
        r"connection closed|reset by peer",
        "the server closed the connection",
        "Check whether it wants TLS (tls=true in MONGO_CONNECTION_URL) and lets this address in.",
    ),
    (
        r"timed out|No servers found yet",
        "no answer in time",
        "Check host and port in MONGO_CONNECTION_URL, the firewall or access list, MONGO_TIMEOUT_SECONDS.",
    ),
)
"""(pattern in the driver's words, what happened, what to check), the most telling first."""
