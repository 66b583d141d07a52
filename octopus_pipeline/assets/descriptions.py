"""What people read of an asset in the Dagster UI: columns, previews, rates. Never an address or a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

OWNERS = ["team:data"]
PERSONAL = {"personal_data": "true"}
"""Tag of assets that hold personal data."""

_TYPES = {"string": "text", "bool": "yes/no", "int64": "integer"}


def column_schema(schema: pa.Schema) -> dg.TableSchema:
    """A table's columns with their types and descriptions."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=_TYPES.get(str(field.type), "time, UTC"),
                description=(field.metadata or {}).get(b"description", b"").decode(),
                constraints=dg.TableColumnConstraints(nullable=field.nullable),
            )
            for field in schema
        ]
    )


def masked(value: object) -> str:
    """A value fit for everybody's eyes: of a text its first character, other things as they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return re.sub(r"\w", "*", value[1:]).join([value[:1], ""])
    return str(value)


def preview(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> dg.MarkdownMetadataValue:
    """A Markdown table of some rows with every text masked."""
    names = list(columns)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_cell(row[name]) for name in names)} |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def rate(part: int, whole: int) -> float:
    """A share in percent, 0 of nothing."""
    return round(100 * part / whole, 2) if whole else 0.0


def _cell(value: object) -> str:
    return masked(value).replace("|", "\\|").replace("\n", " ")
