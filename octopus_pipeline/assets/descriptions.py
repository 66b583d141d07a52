"""What people read of an asset in the Dagster UI: columns, previews, rates. Never an address or a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

OWNERS = ["team:data"]
PERSONAL = {"personal_data": "true"}
"""Tag of assets that hold personal data."""


def column_schema(schema: pa.Schema) -> dg.TableSchema:
    """A table's columns with their types and descriptions."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=str(field.type),
                description=(field.metadata or {}).get(b"description", b"").decode(),
                constraints=dg.TableColumnConstraints(nullable=field.nullable),
            )
            for field in schema
        ]
    )


def masked(address: str | None) -> str:
    """An e-mail address that tells nobody whose it is: its first character and the end of its domain."""
    if not address:
        return ""
    return f"{address[0]}•••@•••.{address.rpartition('.')[2]}"


def preview(rows: Iterable[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Some rows of engagement as a Markdown table, addresses masked, nothing else personal."""
    lines = [f"| email_address | status | {' | '.join(FLAGS)} |", f"|{'---|' * (2 + len(FLAGS))}"]
    for row in rows:
        flags = " | ".join("yes" if row[flag] else "" for flag in FLAGS)
        lines.append(f"| {masked(row['email_address'])} | {row['status'] or ''} | {flags} |")
    return dg.MetadataValue.md("\n".join(lines))


def rate(part: int, whole: int) -> float:
    """A share in percent, 0 of nothing."""
    return round(100 * part / whole, 2) if whole else 0.0
