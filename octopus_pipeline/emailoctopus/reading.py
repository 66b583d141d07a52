"""Typed access to decoded JSON: a missing key or a wrong type is told by its path, never by its value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from octopus_pipeline.emailoctopus.records import FieldValue

Json = Mapping[str, Any]
"""A decoded JSON object."""

_Item = TypeVar("_Item")
_Enum = TypeVar("_Enum", bound="StrEnum")


class UnreadableError(Exception):
    """A body has not the expected shape: `path` says where, `problem` what."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path} {self.problem}"

    def within(self, parent: str) -> UnreadableError:
        """The same problem, seen from the object that holds this one under `parent`."""
        return UnreadableError(f"{parent}.{self.path}".rstrip("."), self.problem)


def text(source: Json, key: str) -> str:
    """The text at `key`, which must be there."""
    value = _present(source, key)
    if not isinstance(value, str):
        raise UnreadableError(key, "is not text")
    return value


def nullable_text(source: Json, key: str) -> str | None:
    """The text at `key`, which must be there but may be null."""
    return None if _present(source, key) is None else text(source, key)


def optional_text(source: Json, key: str) -> str | None:
    """The text at `key`; None if null or missing."""
    return None if source.get(key) is None else text(source, key)


def whole_number(source: Json, key: str) -> int:
    """The whole number at `key`, which must be there."""
    value = _present(source, key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnreadableError(key, "is not a whole number")
    return value


def optional_time(source: Json, key: str) -> datetime | None:
    """The time at `key` in UTC (a time without zone counts as UTC); None if null or missing."""
    if source.get(key) is None:
        return None
    try:
        time = datetime.fromisoformat(text(source, key))
    except ValueError:
        raise UnreadableError(key, "is not an ISO 8601 time") from None
    if time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def member(source: Json, key: str, enum: type[_Enum]) -> _Enum:
    """The enumeration's member at `key`, in whichever case it is spelt."""
    try:
        return enum(text(source, key).lower())
    except ValueError:
        raise UnreadableError(key, f"is none of {', '.join(enum)}") from None


def mapping(source: Json, key: str) -> Json:
    """The object at `key`, which must be there."""
    return as_mapping(_present(source, key), key)


def as_mapping(value: object, path: str) -> Json:
    """The value itself, if it is an object."""
    if not isinstance(value, Mapping):
        raise UnreadableError(path, "is not an object")
    return value


def array(source: Json, key: str) -> list[Any]:
    """The array at `key`, which must be there."""
    value = _present(source, key)
    if not isinstance(value, list):
        raise UnreadableError(key, "is not an array")
    return value


def texts(source: Json, key: str) -> tuple[str, ...]:
    """The array of texts at `key`; empty if null or missing."""
    values = [] if source.get(key) is None else array(source, key)
    if not all(isinstance(value, str) for value in values):
        raise UnreadableError(key, "holds something else than text")
    return tuple(values)


def items(source: Json, key: str, read: Callable[[Json], _Item]) -> list[_Item]:
    """The objects of the array at `key`, each read by `read`."""
    found: list[_Item] = []
    try:
        for value in array(source, key):
            found.append(read(value if type(value) is dict else as_mapping(value, "")))  # noqa: PERF401
    except UnreadableError as error:
        raise error.within(f"{key}[{len(found)}]") from None
    return found


def contact_fields(source: Json, key: str) -> Mapping[str, FieldValue]:
    """A contact's fields by tag; PHP writes an empty object as `[]`, so that and null are no fields."""
    if not source.get(key):
        return {}
    fields = mapping(source, key)
    for tag, value in fields.items():
        if not _is_field_value(value):
            raise UnreadableError(f"{key}.{tag}", "is neither text, a number nor a list of texts")
    return fields


def _is_field_value(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(choice, str) for choice in value)
    return value is None or isinstance(value, str | int | float)


def _present(source: Json, key: str) -> Any:
    if key not in source:
        raise UnreadableError(key, "is missing")
    return source[key]
