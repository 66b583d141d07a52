"""What a county's records look like, in counts: for the metadata of its tables and for judging files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from octopus_pipeline.counties.records import CleanedBatch

_STARTS_WITH_NUMBER = r"^\W*0*[1-9]"
_UNIT = r"\s*(?:,|#|\b(?:UNIT|APT|APARTMENT|STE|SUITE|LOT|BLDG)\b|\bNO\.?\s*\d).*$"  # but not 12 NO HIGH ST


@dataclass(frozen=True, slots=True)
class CountyCounts:
    """Counts of one of a county's two tables.

    Attributes:
        rows: all rows.
        missing: column -> rows without a value (unreadable ones included), for every column.
        unreadable: column -> rows whose value could not be read; columns without such rows are absent.
        duplicate_parcel_ids: rows whose parcel id an earlier row has.
        without_house_number: rows that have an address which does not start with a house number.
        sharing_address: parcels at an address (but for the unit) that other parcels have too: condominiums.
        zips: ZIP code -> rows, ascending.
    """

    rows: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    duplicate_parcel_ids: int = 0
    without_house_number: int = 0
    sharing_address: int = 0
    zips: dict[int, int] = field(default_factory=dict)

    @property
    def without_parcel_id(self) -> int:
        """Rows without a parcel id."""
        return self.missing.get("parcel_id", 0)

    @property
    def without_address(self) -> int:
        """Rows without an address."""
        return self.missing.get("address", 0)

    @property
    def with_house_number(self) -> int:
        """Rows whose address starts with a house number."""
        return self.rows - self.without_address - self.without_house_number

    def metadata(self) -> dict[str, int]:
        """The counts by readable names: what an asset shows."""
        return {
            "rows": self.rows,
            "rows without parcel id": self.without_parcel_id,
            "rows without address": self.without_address,
            "rows without house number": self.without_house_number,
            "rows with a repeated parcel id": self.duplicate_parcel_ids,
            "parcels that share their address": self.sharing_address,
            **{f"unreadable {column}": rows for column, rows in sorted(self.unreadable.items())},
        }


class CountyTally:
    """Counts batches as they pass; keeps parcel ids and addresses (some 50 bytes a row) until `counts`."""

    def __init__(self) -> None:
        self._rows = 0
        self._missing: dict[str, int] = {}
        self._unreadable: dict[str, int] = {}
        self._without_house_number = 0
        self._zips: Counter[int] = Counter()
        self._places: list[pa.Table] = []

    def add(self, batch: CleanedBatch) -> None:
        """Count the rows of a batch."""
        records = batch.records
        self._rows += records.num_rows
        for name in records.schema.names:
            nulls = records.column(name).null_count
            self._missing[name] = self._missing.get(name, 0) + nulls
        for name, mask in batch.unreadable.items():
            self._unreadable[name] = self._unreadable.get(name, 0) + (pc.sum(mask).as_py() or 0)
        address = records.column("address")
        numbered = pc.sum(pc.match_substring_regex(address, _STARTS_WITH_NUMBER)).as_py() or 0
        self._without_house_number += records.num_rows - address.null_count - numbered
        for code in pc.value_counts(records.column("parcel_zip").drop_null()).to_pylist():
            self._zips[code["values"]] += code["counts"]
        place = pc.replace_substring_regex(pc.utf8_upper(address), _UNIT, "")
        place = pc.replace_substring_regex(place, r"\s+", " ")
        columns = [records.column("parcel_id"), place, records.column("parcel_zip")]
        self._places.append(pa.table(columns, names=["parcel_id", "place", "zip"]))

    def counts(self) -> CountyCounts:
        """The counts of all batches so far."""
        if not self._places:
            return CountyCounts()
        places = pa.concat_tables(self._places)
        with_id = places.filter(pc.is_valid(places["parcel_id"]))
        distinct_ids = pc.count_distinct(with_id["parcel_id"]).as_py()
        parcels = with_id.filter(pc.is_valid(with_id["place"])).group_by(["parcel_id", "place", "zip"])
        at_place = parcels.aggregate([]).group_by(["place", "zip"]).aggregate([([], "count_all")])
        crowds = at_place["count_all"].filter(pc.greater(at_place["count_all"], 1))
        return CountyCounts(
            rows=self._rows,
            missing=dict(self._missing),
            unreadable=dict(self._unreadable),
            duplicate_parcel_ids=with_id.num_rows - distinct_ids,
            without_house_number=self._without_house_number,
            sharing_address=pc.sum(crowds).as_py() or 0,
            zips=dict(sorted(self._zips.items())),
        )
