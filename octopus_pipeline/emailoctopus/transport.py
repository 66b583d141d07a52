"""One request to EmailOctopus until it is answered: the limit, the retries, and what is never retried."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import requests
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential, wait_random_exponential

from octopus_pipeline.emailoctopus.errors import ProtocolError, UnavailableError, refusal
from octopus_pipeline.emailoctopus.retry_after import retry_after_seconds
from octopus_pipeline.emailoctopus.statistics import RequestCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from octopus_pipeline.emailoctopus.limiter import RateLimiter
    from octopus_pipeline.emailoctopus.reading import Json
    from octopus_pipeline.emailoctopus.statistics import RequestStatistics
    from octopus_pipeline.emailoctopus.wire import ApiError

_logger = logging.getLogger(__name__)

_LONGEST_PAUSE = 60.0
_LONGEST_HOLD = 120.0
"""EmailOctopus speaks of blocking for up to a minute; a header that asks for much more is not believed."""

_BACKOFF = wait_exponential(multiplier=0.5, max=_LONGEST_PAUSE / 2) + wait_random_exponential(
    multiplier=0.5, max=_LONGEST_PAUSE / 2
)
"""Half of each pause is certain and doubles, half is random, so that threads do not come back together."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt worth repeating: what happened, and for a 429 how long it asked us to wait."""

    words: str
    rate_limited: bool = False
    retry_after: float | None = None


class Transport:
    """Asks for URLs, from many threads at once.

    Args:
        session: carries the key and the pooled connections.
        limiter: asked before every attempt.
        statistics: counts every attempt.
        api_error: reads an error's body.
        redacted: makes the API's words fit to print.
        timeout_seconds: how long to wait for a connection, and for an answer's next bytes.
        max_attempts: attempts in all before giving up.
        connections: requests under way at once; further threads wait.
        sleep: how to wait between attempts, in seconds.
    """

    def __init__(
        self,
        session: requests.Session,
        limiter: RateLimiter,
        statistics: RequestStatistics,
        *,
        api_error: Callable[[object], ApiError | None],
        redacted: Callable[[str], str],
        timeout_seconds: float,
        max_attempts: int,
        connections: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._limiter = limiter
        self._statistics = statistics
        self._api_error = api_error
        self._redacted = redacted
        self._timeout_seconds = timeout_seconds
        self._max_attempts = max_attempts
        self._under_way = threading.BoundedSemaphore(connections)
        self._retrying = Retrying(
            sleep=sleep,
            stop=stop_after_attempt(max_attempts),
            wait=self._pause,
            retry=retry_if_result(_is_failure),
            before_sleep=self._note_retry,
            retry_error_callback=_outcome_of,
        )

    def get(self, url: str, name: str, *, rank: int = 0) -> Json:
        """The JSON object at `url`; `name` is what the resource is called in messages.

        Of requests that wait for the limit, those of the least rank go first.

        Raises:
            EmailOctopusError: refused, unavailable after all attempts, or no object.
        """
        outcome = self._retrying(self._attempt, url, name, rank=rank)
        if isinstance(outcome, _Failure):
            words = f"no usable answer in {self._max_attempts} attempts, the last: {outcome.words}"
            raise UnavailableError(name, words)
        if not isinstance(outcome, dict):
            raise ProtocolError(name, "the answer is no JSON object")
        return outcome

    def _attempt(self, url: str, name: str, *, rank: int) -> object:
        """Ask once: the decoded answer, or a failure worth repeating; a refusal is raised."""
        # The place in line comes first: a token taken must be sent at once, or its requests bunch up.
        with self._under_way:
            waited = self._limiter.acquire(rank=rank)
            response = self._send(url)
        if isinstance(response, _Failure):
            self._statistics.add(RequestCounts(requests=1, seconds_waited=waited))
            return response
        limited = response.status_code == requests.codes.too_many_requests
        self._statistics.add(
            RequestCounts(
                requests=1, rate_limited=int(limited), seconds_waited=waited, bytes=len(response.content)
            )
        )
        if limited:
            wait = retry_after_seconds(response.headers, time.time())
            return _Failure("HTTP 429, too many requests", rate_limited=True, retry_after=wait)
        return self._outcome(response, name)

    def _send(self, url: str) -> requests.Response | _Failure:
        try:
            return self._session.get(url, timeout=self._timeout_seconds, allow_redirects=False)
        except requests.RequestException as error:
            # Only our own words: the exception's may hold whatever the URL and the headers hold.
            return _Failure(self._words_for(error))

    def _outcome(self, response: requests.Response, name: str) -> object:
        status = response.status_code
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body = None
        if status < requests.codes.multiple_choices:
            return _Failure("an answer that is not JSON") if body is None else body
        error = self._api_error(body)
        words = f"HTTP {status}, {self._redacted(error.words) if error else 'without a reason'}"
        if status >= requests.codes.internal_server_error:
            return _Failure(words)
        raise refusal(name, status, words, self._redacted(error.code) if error and error.code else None)

    def _pause(self, state: RetryCallState) -> float:
        """Seconds to sleep before the next attempt; after a 429 the limiter waits instead, for everybody."""
        failure = _outcome_of(state)
        if not isinstance(failure, _Failure) or not failure.rate_limited:
            return _BACKOFF(state)
        unasked = min(2.0 ** (state.attempt_number - 1), _LONGEST_PAUSE)
        self._limiter.hold(min(failure.retry_after or unasked, _LONGEST_HOLD))
        return 0.0

    def _note_retry(self, state: RetryCallState) -> None:
        self._statistics.add(RequestCounts(retries=1))
        failure = _outcome_of(state)
        if isinstance(failure, _Failure):
            _logger.info(
                "%s: %s; attempt %d of %d follows",
                state.args[1],
                failure.words,
                state.attempt_number + 1,
                self._max_attempts,
            )

    def _words_for(self, error: requests.RequestException) -> str:
        match error:
            case requests.exceptions.ConnectTimeout():
                return f"no connection within {self._timeout_seconds:g} s"
            case requests.Timeout():
                return f"no answer within {self._timeout_seconds:g} s"
            case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
                return "an answer that was cut off"
            case requests.exceptions.SSLError():
                return "a failed TLS handshake or certificate"
            case requests.exceptions.ProxyError():
                return "a proxy that does not answer"
            case requests.ConnectionError():
                return "no connection, or one that broke"
            case _:
                return type(error).__name__


def _is_failure(outcome: object) -> bool:
    return isinstance(outcome, _Failure)


def _outcome_of(state: RetryCallState) -> object:
    return state.outcome.result() if state.outcome else None
