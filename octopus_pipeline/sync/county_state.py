"""What was read of each county, and what failed: its document in `sync_state` (`_id` is `county:` and its key)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from octopus_pipeline.counties.tally import CountyCounts
from octopus_pipeline.sync.database import SYNC_STATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.database import Database


@dataclass(frozen=True, slots=True)
class TableState:
    """One of a county's two tables as it was last read.

    Attributes:
        collection: the collection it came from; None if there was none, and the table is empty.
        fingerprint: that collection's before it was read; None if there was none.
        version: of the table's content.
        counts: of the table.
        rows_before: rows of the version before this one; None for the first.
        read_at: when the collection was last read.
    """

    collection: str | None
    fingerprint: str | None
    version: str
    counts: CountyCounts
    rows_before: int | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class CountyState:
    """What is known of a county's last syncs.

    Attributes:
        county: its key.
        tables: kind's name -> its table; kinds that were never read are absent.
        failures: how many attempts in a row failed.
        failed_at, error: when the last one did, and the kind of error.
        failed_fingerprints: kind's name -> the collection's fingerprint that the last failed attempt saw.
    """

    county: str
    tables: Mapping[str, TableState] = field(default_factory=dict)
    failures: int = 0
    failed_at: datetime | None = None
    error: str | None = None
    failed_fingerprints: Mapping[str, str] = field(default_factory=dict)


def county_states(database: Database[dict[str, Any]]) -> dict[str, CountyState]:
    """The state of every county that was ever tried, by its key."""
    states = map(_state, database[SYNC_STATE].find({"kind": "county"}))
    return {state.county: state for state in states}


def record_read(database: Database[dict[str, Any]], county: str, kind: str, table: TableState) -> None:
    """Remember that one of the county's collections was read whole, and its table is in place."""
    counts = asdict(table.counts)
    counts["zips"] = {str(code): rows for code, rows in table.counts.zips.items()}
    document = {**{name: getattr(table, name) for name in TableState.__slots__}, "counts": counts}
    database[SYNC_STATE].update_one(
        {"_id": f"county:{county}"}, {"$set": {"kind": "county", f"tables.{kind}": document}}, upsert=True
    )


def record_county_synced(database: Database[dict[str, Any]], county: str) -> None:
    """Remember that nothing of the county's sync failed."""
    database[SYNC_STATE].update_one(
        {"_id": f"county:{county}", "failures": {"$gt": 0}},
        {"$set": {"failures": 0}, "$unset": {"failed_at": "", "error": "", "failed_fingerprints": ""}},
    )


def record_county_failed(
    database: Database[dict[str, Any]], county: str, error: str, at: datetime, fingerprints: Mapping[str, str]
) -> None:
    """Remember that the county's sync failed while its collections had these fingerprints, by kind."""
    failure = {"kind": "county", "failed_at": at, "error": error, "failed_fingerprints": dict(fingerprints)}
    database[SYNC_STATE].update_one(
        {"_id": f"county:{county}"}, {"$set": failure, "$inc": {"failures": 1}}, upsert=True
    )


def _state(document: Mapping[str, Any]) -> CountyState:
    return CountyState(
        county=document["_id"].removeprefix("county:"),
        tables={kind: _table(table) for kind, table in document.get("tables", {}).items()},
        failures=document.get("failures", 0),
        failed_at=document.get("failed_at"),
        error=document.get("error"),
        failed_fingerprints=document.get("failed_fingerprints", {}),
    )


def _table(document: Mapping[str, Any]) -> TableState:
    counts = dict(document["counts"])
    counts["zips"] = {int(code): rows for code, rows in counts["zips"].items()}
    return TableState(**{**document, "counts": CountyCounts(**counts)})
