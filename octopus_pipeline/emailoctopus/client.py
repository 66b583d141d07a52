"""The EmailOctopus account as typed records, the same for API v2 and v1.6."""

from __future__ import annotations

import hashlib
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from octopus_pipeline.emailoctopus.credentials import open_session, redacted, without_key
from octopus_pipeline.emailoctopus.errors import MissingKeyError, ProtocolError
from octopus_pipeline.emailoctopus.limiter import RateLimiter
from octopus_pipeline.emailoctopus.reading import UnreadableError
from octopus_pipeline.emailoctopus.statistics import RequestStatistics
from octopus_pipeline.emailoctopus.transport import Transport
from octopus_pipeline.emailoctopus.wire_v1 import WireV1
from octopus_pipeline.emailoctopus.wire_v2 import WireV2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Self

    from requests import Session

    from octopus_pipeline.emailoctopus.credentials import Version
    from octopus_pipeline.emailoctopus.reading import Json
    from octopus_pipeline.emailoctopus.records import (
        Campaign,
        Contact,
        ContactList,
        ContactStatus,
        LinkClicks,
        Report,
        ReportRow,
        Summary,
    )
    from octopus_pipeline.emailoctopus.wire import Resource, Wire
    from octopus_pipeline.settings import Settings

_Records = TypeVar("_Records")

_WIRES: dict[Version, Wire] = {"v2": WireV2(), "v1.6": WireV1()}


class EmailOctopus:
    """An EmailOctopus account. One client serves many threads; listings stream, a page in memory at a time.

    Every method may raise an `EmailOctopusError`; a listing that raises has not been read to its end.

    Args:
        api_key: the account's key.
        version: the API version to speak; legacy keys know v1.6 only.
        base_url: where the API lives, such as `https://api.emailoctopus.com`.
        limiter: the account's rate limit.
        timeout_seconds: how long to wait for a connection, and for an answer's next bytes.
        max_attempts: attempts a request in all.
        connections: requests under way at once; further threads wait.
        sleep: how to wait between attempts, in seconds.

    Attributes:
        statistics: what was asked so far and how long the limit made us wait.
    """

    def __init__(
        self,
        *,
        api_key: str,
        version: Version = "v2",
        base_url: str,
        limiter: RateLimiter,
        timeout_seconds: float = 30,
        max_attempts: int = 8,
        connections: int = 16,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.statistics = RequestStatistics()
        self._wire = _WIRES[version]
        self._base_url = base_url.rstrip("/")
        self._session = open_session(version, api_key, connections)
        _read_environment_once(self._session, self._base_url)
        self._transport = Transport(
            self._session,
            limiter,
            self.statistics,
            api_error=self._wire.api_error,
            redacted=partial(redacted, api_key=api_key),
            timeout_seconds=timeout_seconds,
            max_attempts=max_attempts,
            connections=connections,
            sleep=sleep,
        )

    def campaigns(self) -> Iterator[Campaign]:
        """Every campaign of the account, drafts too."""
        for page in self._pages(self._wire.campaigns()):
            yield from page

    def campaign(self, campaign_id: str) -> Campaign:
        """One campaign."""
        return self._one(self._wire.campaign(campaign_id))

    def summary(self, campaign_id: str) -> Summary:
        """A campaign's totals."""
        return self._one(self._wire.summary(campaign_id))

    def links(self, campaign_id: str) -> list[LinkClicks]:
        """A campaign's links and their clicks."""
        return [link for page in self._pages(self._wire.links(campaign_id)) for link in page]

    def report(self, campaign_id: str, report: Report, *, rank: int = 0) -> Iterator[list[ReportRow]]:
        """A per-contact report, page by page, as the API gives it: a contact may have several rows.

        Args:
            campaign_id: the campaign.
            report: which of its reports.
            rank: where requests wait for the limit, those of a greater rank wait for these.
        """
        return self._pages(self._wire.report(campaign_id, report), rank=rank)

    def lists(self) -> Iterator[ContactList]:
        """Every contact list of the account."""
        for page in self._pages(self._wire.lists()):
            yield from page

    def contacts(
        self, list_id: str, *, status: ContactStatus, updated_since: datetime | None = None
    ) -> Iterator[list[Contact]]:
        """A list's contacts of one status, page by page.

        Args:
            list_id: the list.
            status: the one status wanted.
            updated_since: leave out contacts last updated before this moment.

        v1.6 cannot filter: there, each call reads the whole list and leaves out the rest on this side.
        """
        return self._pages(self._wire.contacts(list_id, status, updated_since))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, resource: Resource[_Records]) -> _Records:
        body = self._transport.get(f"{self._base_url}{resource.path}", resource.name)
        return _read(resource.name, resource.read, body)

    def _pages(self, resource: Resource[list[_Records]], *, rank: int = 0) -> Iterator[list[_Records]]:
        """The non-empty pages of a listing."""
        url: str | None = f"{self._base_url}{resource.path}"
        asked: set[str] = set()
        while url is not None:
            if url in asked:
                raise ProtocolError(resource.name, f"page {len(asked)} leads back to an earlier page")
            asked.add(url)
            body = self._transport.get(url, resource.name, rank=rank)
            if page := _read(resource.name, resource.read, body):
                yield page
            following = _read(resource.name, self._wire.next_page, body)
            url = None if following is None else self._followed(following, url, resource.name)

    def _followed(self, following: str, url: str, name: str) -> str:
        """The next page's URL as given, less the key; refused on another server, which would get the key."""
        target = urljoin(url, without_key(following))
        if urlsplit(target)[:2] != urlsplit(self._base_url)[:2]:
            raise ProtocolError(name, "the next page is said to be on another server")
        return target


def open_client(settings: Settings) -> EmailOctopus:
    """The client for the account in the settings; all clients of one key and server share one rate limit.

    Raises:
        MissingKeyError: no key is set.
    """
    if settings.emailoctopus_api_key is None:
        raise MissingKeyError("EmailOctopus", "no API key is set")
    api_key = settings.emailoctopus_api_key.get_secret_value()
    account = hashlib.sha256(f"{api_key}@{urlsplit(settings.api_base_url).netloc}".encode()).hexdigest()[:16]
    return EmailOctopus(
        api_key=api_key,
        version=settings.emailoctopus_api_version,
        base_url=settings.api_base_url,
        limiter=RateLimiter(
            settings.data_dir / "limiter" / f"{account}.state",
            requests_per_second=settings.emailoctopus_requests_per_second,
            burst=settings.emailoctopus_burst,
        ),
        timeout_seconds=settings.emailoctopus_timeout_seconds,
        max_attempts=settings.emailoctopus_max_attempts,
        connections=settings.emailoctopus_connections,
    )


def _read_environment_once(session: Session, base_url: str) -> None:
    """Take the environment's proxies and certificates now: requests would look them up at each request (0.6 ms)."""
    found = session.merge_environment_settings(base_url, {}, None, None, None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False


def _read(name: str, read: Callable[[Json], _Records], body: Json) -> _Records:
    try:
        return read(body)
    except UnreadableError as error:
        problem = str(error)
    raise ProtocolError(name, f"unexpected answer: {problem}")
