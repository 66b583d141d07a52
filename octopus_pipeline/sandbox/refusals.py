"""Why the API refuses a request, before either version puts it into its own words."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with a request."""

    INVALID_PARAMETER = "invalid parameter"
    WRONG_KEY = "wrong key"
    NOT_SENT = "campaign not sent"
    FEATURE_DISABLED = "feature disabled"
    NOT_FOUND = "not found"
    METHOD_NOT_ALLOWED = "method not allowed"
    RATE_LIMITED = "rate limited"
    INTERNAL_ERROR = "internal error"


class Refusal(Exception):  # noqa: N818  # it is an answer, not a failure of the sandbox
    """The API's refusal.

    Attributes:
        reason: What is wrong.
        subject: What was asked for (`campaign`, `list`, `contact`, `endpoint`), or the wrong parameter.
        detail: The parameter's trouble in words.
    """

    def __init__(self, reason: Reason, subject: str = "", detail: str = "") -> None:
        super().__init__(f"{reason}: {subject}")
        self.reason = reason
        self.subject = subject
        self.detail = detail
