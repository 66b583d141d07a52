"""Parcels that analysts decided for, looked up in the cleaned records of their counties."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.decisions import Parcel, ParcelRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from octopus_pipeline.matching.prepared import PreparedCounties
    from octopus_pipeline.store.tables import TableStore

COUNTY_RESIDENTIAL = "county_residential"
COUNTY_DEMOGRAPHIC = "county_demographic"
"""The tables of cleaned records, a partition a county."""

_RESIDENCE = {
    "address": "parcel_address",
    "parcel_city": "parcel_city",
    "parcel_zip": "parcel_zip",
    "year_built": "year_built",
}
_DEMOGRAPHIC = {
    name: name
    for name in (
        "customer_name",
        "email",
        "mobile",
        "annual_kwh_cost",
        "total_energy_burden",
        "estimated_income",
        "age_first_individual",
    )
}
"""Column of a county's table -> column of a match row."""

_Records = dict[str, dict[str, Any]]


class DecidedParcels:
    """Looks parcels up, all those of a county at once, and remembers them as long as the county stays as it is.

    Decisions are few and a county's table is read in a tenth of a second: once a process, not once a campaign.
    """

    def __init__(self, tables: TableStore, counties: PreparedCounties) -> None:
        self._tables = tables
        self._counties = counties
        self._known: dict[str, tuple[str, frozenset[str], dict[str, ParcelRecords]]] = {}
        self._lock = threading.Lock()

    def among(self, decided: Iterable[Parcel]) -> Callable[[Parcel], ParcelRecords | None]:
        """What looks up any one of some parcels, if its county is loaded; None if it is not there."""
        ids: dict[str, set[str]] = defaultdict(set)
        for parcel in decided:
            ids[parcel.county].add(parcel.parcel_id)

        def look_up(parcel: Parcel) -> ParcelRecords | None:
            with self._lock:
                wanted = frozenset(ids[parcel.county] | {parcel.parcel_id})
                return self._of_county(parcel.county, wanted).get(parcel.parcel_id)

        return look_up

    def _of_county(self, county: str, wanted: frozenset[str]) -> Mapping[str, ParcelRecords]:
        version = self._counties.version(county)
        known, looked_for, records = self._known.get(county, ("", frozenset(), {}))
        if known != version or not wanted <= looked_for:
            residences = self._read(COUNTY_RESIDENTIAL, county, wanted, _RESIDENCE)
            customers = self._read(COUNTY_DEMOGRAPHIC, county, wanted, _DEMOGRAPHIC)
            records = {
                parcel_id: ParcelRecords(residences.get(parcel_id, {}), customers.get(parcel_id))
                for parcel_id in residences.keys() | customers.keys()
            }
            self._known[county] = version, wanted, records
        return records

    def _read(self, table: str, county: str, wanted: frozenset[str], columns: Mapping[str, str]) -> _Records:
        """Each parcel's first row."""
        if not self._tables.exists(table, county):
            return {}
        found: _Records = {}
        ids = pa.array(sorted(wanted), pa.string())
        for batch in self._tables.batches(table, county, ["parcel_id", *columns]):
            rows = batch.filter(pc.is_in(batch.column("parcel_id"), ids))
            for row in rows.to_pylist():
                found.setdefault(row["parcel_id"], {ours: row[theirs] for theirs, ours in columns.items()})
        return found
