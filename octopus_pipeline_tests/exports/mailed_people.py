"""People who were mailed some campaigns, and the consolidated table of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from octopus_pipeline.exports.consolidated import Consolidated, write_consolidated
from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.filters import PeopleFilter
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.people.queries import Rows
from octopus_pipeline_tests.people.rows import HOME, batch_of, person_row

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    Document = dict[str, Any]
    Row = dict[str, Any]

OHIO = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 1, tzinfo=UTC)
EVERYBODY = PeopleFilter()

SENT = {
    "$spring": ("=Spring", datetime(2026, 1, 2, 3, 30, tzinfo=UTC)),
    "autumn": ("Fall, 2025", datetime(2025, 9, 29, 12, tzinfo=UTC)),
    "draft": (None, None),
}
"""The campaigns that are known, and when they were sent; `lost` is one that only people's entries have."""

RECORD = {
    "residence_match_quality": "review",
    "demographic_county": "Morrow",
    "demographic_parcel_id": "F17-000-00-099",
    "demographic_customer_name": "@SAMPLE, JANE",
    "demographic_annual_kwh_cost": 1705.356789,
    "demographic_total_energy_burden": 0.0612345,
    "demographic_estimated_income": 27900.0,
    "demographic_match_quality": "fuzzy",
    "demographic_match_method": "e-mail",
    "demographic_match_score": 0.971234,
}


def receive(people: Database[Document], campaign_id: str, *rows: Row) -> None:
    """As a campaign's run writes its people."""
    seen = list(people_seen(campaign_id, batch_of(*rows), NOW, NOW))
    merge_people(people[PEOPLE], seen)
    join_documents(people[PEOPLE], {row["contact"]["contact_id"]: row["contact_id"] for row in seen})


def write(
    people: Database[Document], path: Path, filters: PeopleFilter = EVERYBODY, rows: Rows = Rows.CAMPAIGNS
) -> Consolidated:
    return write_consolidated(people, path, filters, rows, OHIO)


def values(written: Consolidated) -> list[Row]:
    return list(pq.read_table(written.path).to_pylist())


def at(hours: int) -> datetime:
    return datetime(2026, 1, 10, tzinfo=UTC) + timedelta(hours=hours)


# What the rows must be, in plain Python, out of the documents.


def some_people(people: Database[Document]) -> None:
    fields = {"Address": "=1+1", "City": 'Saint "Élyria",\r\nOhio', "ZIP": 43001, "kWh": "-5"}
    home = HOME | RECORD | {"residence_match_quality": "exact"}
    receive(
        people,
        "$spring",
        person_row("a", "ann@example.com", match=home, fields=fields, opened=at(1)),
        person_row("b", "+bob@example.com", match=RECORD),
        person_row("c", None, cell="614-555-0101"),
    )
    receive(people, "autumn", person_row("a", "ann@example.com", clicked=at(30)))
    receive(people, "lost", person_row("a", "ann@example.com"), person_row("d", None))
