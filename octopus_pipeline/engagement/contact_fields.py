"""The twelve named columns out of a contact's fields, whatever casing and types the account gave them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from octopus_pipeline.emailoctopus.records import FieldValue

FIELD_TAGS = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "city": "City",
    "zip": "ZIP",
    "kwh": "kWh",
    "cell": "Cell",
    "address": "Address",
    "annual_cost": "annualcost",
    "annual_savings": "AnnualSavings",
    "monthly_cost": "MonthlyCost",
    "monthly_saving": "MonthlySaving",
    "daily_cost": "DailyCost",
}
"""Column -> the tag of the contact field, as the account spells it; any casing is accepted."""


@lru_cache(maxsize=256)
def _tags_present(tags: tuple[str, ...]) -> tuple[str | None, ...]:
    """The tag in `tags` for each column: the account's spelling, else the first that differs in case only."""
    by_folded = {tag.casefold(): tag for tag in reversed(tags)}
    return tuple(tag if tag in tags else by_folded.get(tag.casefold()) for tag in FIELD_TAGS.values())


def field_text(value: FieldValue) -> str | None:
    """A field's value as a cell's text: whole numbers without a fraction, lists joined, empty as None."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    return str(value)


def field_columns(fields: Sequence[str | None]) -> list[pa.Array]:
    """JSON objects of contact fields -> one text array a column of `FIELD_TAGS`, in its order."""
    rows = [_NO_TEXTS if text is None else _texts(text) for text in fields]
    columns = zip(*rows, strict=True) if rows else [()] * len(FIELD_TAGS)
    return [pa.array(column, pa.string()) for column in columns]


def field_texts(fields: Mapping[str, FieldValue]) -> tuple[str | None, ...]:
    """The texts of a contact's fields by tag, in the order of `FIELD_TAGS`."""
    # A list first: it is quicker than a tuple out of a generator.
    return tuple([None if tag is None else field_text(fields[tag]) for tag in _tags_present(tuple(fields))])


_NO_TEXTS = (None,) * len(FIELD_TAGS)


# The same contacts are in one campaign after the other.
@lru_cache(maxsize=20_000)
def _texts(fields: str) -> tuple[str | None, ...]:
    """The texts of one contact's fields, in the order of `FIELD_TAGS`."""
    return field_texts(orjson.loads(fields))
