"""What can go wrong between us and EmailOctopus: few types, each saying what to do.

No message holds the API key or anybody's address; whoever raises one passes words that are already redacted.
"""

from __future__ import annotations

from typing import ClassVar

from octopus_pipeline.errors import PipelineError


class EmailOctopusError(PipelineError):
    """Something asked of EmailOctopus failed.

    Attributes:
        resource: what was asked for, such as "report opened of campaign 1234".
        words: what happened, in the API's words where it said any.
        code: the API's own code (`CAMPAIGN_NOT_SENT`, `not-found`), where it gave one.
    """

    advice: ClassVar[str] = ""

    def __init__(self, resource: str, words: str, code: str | None = None) -> None:
        super().__init__(resource, words, code)
        self.resource = resource
        self.words = words
        self.code = code

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"{self.resource}: {self.words.rstrip('. ')}{code}. {self.advice}".rstrip()


class MissingKeyError(EmailOctopusError):
    """No API key is set."""

    advice = "Set EMAILOCTOPUS_API_KEY in .env, or use the sandbox."


class InvalidKeyError(EmailOctopusError):
    """EmailOctopus does not know the key."""

    advice = (
        "Check EMAILOCTOPUS_API_KEY in .env; a legacy key (one that does not start with eo_) "
        "works only with EMAILOCTOPUS_API_VERSION=v1.6."
    )


class AccessDeniedError(EmailOctopusError):
    """The key is good but may not read this; API v2 also says so of an unsent campaign's reports."""

    advice = "Check that the key belongs to this account and that the campaign is sent."


class NotFoundError(EmailOctopusError):
    """The API does not know this campaign or list: it was deleted, or never was in this account."""

    advice = "It was deleted, or belongs to another account."


class RequestRefusedError(EmailOctopusError):
    """EmailOctopus refused the request for another reason; `code` says which."""

    advice = "Asking again would not help; see the reason, and EMAILOCTOPUS_BASE_URL if it is set."


class UnavailableError(EmailOctopusError):
    """No usable answer came, however often it was asked."""

    advice = "Try again later; what was read of it so far is not complete."


class ProtocolError(EmailOctopusError):
    """The answer is not what the API promises, so reading on would mean guessing."""

    advice = "What was read of it so far is not complete; the API may have changed."


_KINDS_BY_CODE: dict[str, type[EmailOctopusError]] = {
    "unauthorized": InvalidKeyError,
    "API_KEY_INVALID": InvalidKeyError,
    "access-denied": AccessDeniedError,
    "UNAUTHORISED": AccessDeniedError,
    "not-found": NotFoundError,
    "CAMPAIGN_NOT_FOUND": NotFoundError,
    "LIST_NOT_FOUND": NotFoundError,
}
_KINDS_BY_STATUS: dict[int, type[EmailOctopusError]] = {401: InvalidKeyError, 403: AccessDeniedError}


def refusal(resource: str, status: int, words: str, code: str | None) -> EmailOctopusError:
    """The error that a refusal stands for.

    The API's own code decides where there is one: v1.6 does not document its HTTP statuses. A bare 404 is no
    vanished campaign: it may well come from a proxy or a wrong EMAILOCTOPUS_BASE_URL.
    """
    kind = _KINDS_BY_CODE.get(code) if code else _KINDS_BY_STATUS.get(status)
    return (kind or RequestRefusedError)(resource, words, code)
