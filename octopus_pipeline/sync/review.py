"""The people whose household was found but not surely enough: a list that an analyst decides about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.exports.safe_cells import defused_column
from octopus_pipeline.exports.whole_csv import CsvWriteError, whole_csv
from octopus_pipeline.matching.residences import Quality
from octopus_pipeline.sync.campaign import ENGAGEMENT
from octopus_pipeline.sync.decisions import DecisionError, decisions_of_file, read_decisions
from octopus_pipeline.sync.matches import RESIDENCE_MATCHES
from octopus_pipeline.sync.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections

REVIEW_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("email", "decision", "county", "parcel_id", "comment")),
        *((name, pa.string()) for name in ("parcel_address", "address", "city", "zip", "name")),
        ("match_score", pa.float64()),
        *((name, pa.string()) for name in ("reason", "campaigns")),
    ]
)
"""A file of decisions, its `decision` still empty: who, the best candidate, and what both say of their addresses."""

_PERSON = ["contact_id", "email_address", "first_name", "last_name", "address", "city", "zip"]
_MATCH = ["match_quality", "match_score", "reason", "review_county", "review_parcel_id", "review_address"]


@dataclass(frozen=True, slots=True)
class ToReview:
    """One person, the best candidate, and the campaigns that found it."""

    who: str
    row: dict[str, Any]
    campaigns: tuple[str, ...]


def rows_to_review(connections: Connections, campaigns: Iterable[KnownCampaign]) -> list[ToReview]:
    """The people left to review, each once, the likeliest first; without those decided about since."""
    decided = read_decisions(connections)
    found: dict[tuple[str, str, str], ToReview] = {}
    for known in campaigns:
        for row in _of_campaign(connections, str(known.key)):
            who = row["email_address"] or row["contact_id"]
            if who.lower() in decided or row["contact_id"].lower() in decided:
                continue
            key = (who.lower(), row["review_county"], row["review_parcel_id"])
            before = found.get(key)
            earlier = before.campaigns if before else ()
            found[key] = replace(before or ToReview(who, row, ()), campaigns=(*earlier, str(known.key)))
    return sorted(found.values(), key=lambda one: (-(one.row["match_score"] or 0.0), one.who))


def write_review(path: Path, people: Iterable[ToReview]) -> None:
    """Write the people as a CSV of `REVIEW_SCHEMA`, whole or not at all.

    Raises:
        DecisionError: if the file there holds decisions already.
        CsvWriteError: if it cannot be written.
    """
    if _holds_decisions(path):
        message = (
            f"{path} holds decisions, which a new export would lose. Take them into the file of decisions "
            "(OCTOPUS_DECISIONS_FILE), or export to another --output"
        )
        raise DecisionError(message)
    table = pa.Table.from_pylist([_line(one) for one in people], REVIEW_SCHEMA)
    safe = [
        defused_column(column.combine_chunks()) if pa.types.is_string(column.type) else column
        for column in table.columns
    ]
    try:
        with whole_csv(path, path.name, REVIEW_SCHEMA) as writer:
            writer.write(pa.Table.from_arrays(safe, schema=REVIEW_SCHEMA))
    except OSError as error:
        raise CsvWriteError(f"{path} cannot be written", error) from error


def _holds_decisions(path: Path) -> bool:
    try:
        return bool(decisions_of_file(path))
    except DecisionError:
        return True  # somebody has begun


def _of_campaign(connections: Connections, key: str) -> Iterator[dict[str, Any]]:
    tables = connections.tables
    if not (tables.exists(RESIDENCE_MATCHES, key) and tables.exists(ENGAGEMENT, key)):
        return
    ids = [tables.read(table, key, ["contact_id"])["contact_id"] for table in (ENGAGEMENT, RESIDENCE_MATCHES)]
    if not ids[0].equals(ids[1]):  # engagement was made anew since; the next matching lists them
        return
    people, matches = tables.batches(ENGAGEMENT, key, _PERSON), tables.batches(RESIDENCE_MATCHES, key, _MATCH)
    for contacts, found in side_by_side(people, matches):
        chosen = pc.equal(found.column("match_quality"), Quality.REVIEW)
        rows = zip(contacts.filter(chosen).to_pylist(), found.filter(chosen).to_pylist(), strict=True)
        yield from (person | match for person, match in rows)


def _line(one: ToReview) -> dict[str, Any]:
    row = one.row
    return {
        "email": one.who,
        "county": row["review_county"],
        "parcel_id": row["review_parcel_id"],
        "parcel_address": row["review_address"],
        "address": row["address"],
        "city": row["city"],
        "zip": row["zip"],
        "name": " ".join(filter(None, (row["first_name"], row["last_name"]))) or None,
        "match_score": row["match_score"] and round(row["match_score"], 4),
        "reason": row["reason"],
        "campaigns": ", ".join(one.campaigns),
    }
