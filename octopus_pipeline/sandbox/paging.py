"""Pages of rows and the opaque cursors between them.

A cursor names the place after a row by the row's order (milliseconds, id), so that rows which arrive between
two requests neither shift nor repeat a page.
"""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = TypeVar("Row")
Order = tuple[int, str]


class Distortion(StrEnum):
    """How a fault can falsify paging."""

    REPEATED_PAGE = "repeated_page"
    REPEATED_CURSOR = "repeated_cursor"
    SHORT_REPORT = "short_report"


class Mark(StrEnum):
    """What a falsified cursor remembers: its page was served before, or is to be served for ever."""

    AGAIN = "again"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place `skip` rows after the first row of this order or beyond."""

    milliseconds: int
    id: str
    skip: int
    mark: Mark | None = None


START = Cursor(0, "", 0)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and where the next ones are; `next` is None on the last page."""

    rows: Sequence[Row]
    next: Cursor | None


def take_page(
    rows: Sequence[Row],
    order: Callable[[Row], Order],
    cursor: Cursor,
    limit: int,
    distortion: Distortion | None = None,
) -> Page[Row]:
    """The `limit` rows at `cursor` of rows sorted by `order`."""
    start = min(bisect_left(rows, (cursor.milliseconds, cursor.id), key=order) + cursor.skip, len(rows))
    end = min(start + limit, len(rows))
    taken = rows[start:end]
    if cursor.mark is Mark.LOOP:
        return Page(taken, cursor)
    if distortion is Distortion.REPEATED_CURSOR:
        return Page(taken, replace(_cursor_at(rows, order, start), mark=Mark.LOOP))
    if distortion is Distortion.REPEATED_PAGE and cursor.mark is None:
        return Page(taken, replace(_cursor_at(rows, order, start), mark=Mark.AGAIN))
    if distortion is Distortion.SHORT_REPORT:
        return Page(taken[: len(taken) // 2], None)
    return Page(taken, _cursor_at(rows, order, end) if end < len(rows) else None)


def _cursor_at(rows: Sequence[Row], order: Callable[[Row], Order], index: int) -> Cursor:
    if index == 0:
        return START
    milliseconds, row_id = order(rows[index - 1])
    return Cursor(milliseconds, row_id, index - bisect_left(rows, (milliseconds, row_id), key=order))


def url_safe_text(cursor: Cursor) -> str:
    """API v2's spelling: base64url without padding."""
    return urlsafe_b64encode(_json(cursor)).rstrip(b"=").decode()


def cursor_of_url_safe(text: str) -> Cursor:
    """The cursor that `url_safe_text` spelt.

    Raises:
        ValueError: if it did not.
    """
    return _parsed(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def padded_text(cursor: Cursor) -> str:
    """API v1.6's spelling: base64 that always ends in `==`, so that it must be encoded in a URL, once."""
    content = _json(cursor)
    return b64encode(content + b" " * ((1 - len(content)) % 3)).decode()


def cursor_of_padded(text: str) -> Cursor:
    """The cursor that `padded_text` spelt.

    Raises:
        ValueError: if it did not, as when it was URL-encoded twice.
    """
    return _parsed(b64decode(text, validate=True))


def _json(cursor: Cursor) -> bytes:
    parts = [cursor.milliseconds, cursor.id, cursor.skip]
    return orjson.dumps([*parts, cursor.mark] if cursor.mark else parts)


def _parsed(content: bytes) -> Cursor:
    match orjson.loads(content):
        case [int(milliseconds), str(row_id), int(skip)]:
            return Cursor(milliseconds, row_id, skip)
        case [int(milliseconds), str(row_id), int(skip), str(mark)]:
            return Cursor(milliseconds, row_id, skip, Mark(mark))
        case _:
            message = "no cursor"
            raise ValueError(message)
