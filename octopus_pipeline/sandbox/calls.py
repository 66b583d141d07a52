"""A call to the API, the same for both versions: what was asked, and the reading of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from octopus_pipeline.sandbox.refusals import Reason, Refusal
from octopus_pipeline.sandbox.truth import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octopus_pipeline.sandbox.directory import Directory
    from octopus_pipeline.sandbox.paging import Distortion


class Call(NamedTuple):
    """One call. `ids` are the parts of the path, `origin` the scheme and host that were asked."""

    directory: Directory
    origin: str
    path: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    distortion: Distortion | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the API, the name of its kind in statistics, and what answers it with JSON."""

    path: str
    kind: str
    answer: Callable[[Call], object]


def page_limit(call: Call) -> int:
    """The page size asked for.

    Raises:
        Refusal: if it is not between 1 and 100.
    """
    text = call.query.get("limit", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= PAGE_SIZE):
        raise Refusal(Reason.INVALID_PARAMETER, "limit", f"This value should be between 1 and {PAGE_SIZE}.")
    return int(text)


def time_parameter(call: Call, name: str) -> datetime | None:
    """An ISO 8601 time among the parameters, UTC unless it says otherwise; None if it is not there.

    Raises:
        Refusal: if it is no time.
    """
    text = call.query.get(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(Reason.INVALID_PARAMETER, name, "This value is not a valid datetime.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def address(call: Call, **parameters: object) -> str:
    """The path of this call with its own parameters, some of them changed."""
    return f"{call.path}?{urlencode({**call.query, **parameters})}"


def iso(time: datetime | None) -> str | None:
    """A time as EmailOctopus writes it."""
    return time.isoformat() if time else None
