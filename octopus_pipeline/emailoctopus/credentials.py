"""How the API key travels, and how it and people's addresses are kept out of everything that is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from octopus_pipeline.emailoctopus.errors import InvalidKeyError

if TYPE_CHECKING:
    from requests import PreparedRequest
    from urllib3 import ProxyManager

Version = Literal["v2", "v1.6"]
"""The API's versions."""

_ADDRESS = re.compile(r"[^\s@<>\"'(]+(?:@|%40)[^\s@<>\"')]+")
_SENDABLE_KEY = re.compile(r"[!-~]+")
_KEY_PARAMETER = re.compile(r"(?<=[?&])api_key=[^&#]*&?")
_LONGEST_WORDS = 300


class BearerKey(AuthBase):
    """API v2: the key in the `Authorization` header; as an `auth` it is safe from a stray `.netrc`."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


class QueryKeyAdapter(HTTPAdapter):
    """API v1.6: the key in the query string, added only where the request line is written.

    Whatever else knows the URL (requests' exceptions, urllib3's debug log, our messages) never sees it.
    """

    def __init__(self, api_key: str, connections: int) -> None:
        self._pools = _keyed_pools(api_key)
        super().__init__(pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the connections add the key."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **options: Any) -> ProxyManager:
        """Make the connections through a proxy add the key."""
        manager: ProxyManager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _keyed_pools(api_key: str) -> dict[str, type[HTTPConnectionPool]]:
    parameter = urlencode({"api_key": api_key})

    def keyed(url: str) -> str:
        return f"{url}{'&' if '?' in url else '?'}{parameter}"

    class KeyedHTTPConnection(HTTPConnection):
        def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
            super().putrequest(method, keyed(url), *args, **options)

    class KeyedHTTPSConnection(HTTPSConnection):
        def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
            super().putrequest(method, keyed(url), *args, **options)

    class KeyedHTTPConnectionPool(HTTPConnectionPool):
        ConnectionCls = KeyedHTTPConnection

    class KeyedHTTPSConnectionPool(HTTPSConnectionPool):
        ConnectionCls = KeyedHTTPSConnection

    return {"http": KeyedHTTPConnectionPool, "https": KeyedHTTPSConnectionPool}


def without_key(url: str) -> str:
    """The URL without its `api_key` parameter and otherwise unchanged, escape for escape."""
    return _KEY_PARAMETER.sub("", url).rstrip("?&")


def redacted(words: str, api_key: str) -> str:
    """The API's own words without the key and without anybody's address, and not too many of them."""
    for secret in {api_key, quote(api_key, safe="")}:
        words = words.replace(secret, "[key]")
    return _ADDRESS.sub("[address]", words)[:_LONGEST_WORDS]


def open_session(version: Version, api_key: str, connections: int) -> requests.Session:
    """A session that sends the key as `version` wants it and keeps up to `connections` connections alive.

    Raises:
        InvalidKeyError: the key holds characters that no key has, such as a typographic quote or a blank.
    """
    # Sent nevertheless, it would fail with an exception that shows the header, and so the key.
    if not _SENDABLE_KEY.fullmatch(api_key):
        raise InvalidKeyError("EmailOctopus", "the API key is empty or holds a blank or a special character")
    session = requests.Session()
    session.headers["Accept"] = "application/json"
    session.headers["User-Agent"] = "octopus-pipeline"
    if version == "v2":
        session.auth = BearerKey(api_key)
        adapter = HTTPAdapter(pool_maxsize=connections)
    else:
        adapter = QueryKeyAdapter(api_key, connections)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session
