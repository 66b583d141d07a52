"""What a prepared county knows of one parcel, by its id: for parcels that somebody names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from octopus_pipeline.matching.county_rows import CUSTOMER_FIELDS, PARCEL_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from octopus_pipeline.matching.prepared import PreparedCounties


@dataclass(frozen=True, slots=True, order=True)
class Parcel:
    """A parcel of a county; its id is unique in that county only."""

    county: str
    parcel_id: str

    def __str__(self) -> str:
        return f"{self.county}/{self.parcel_id}"


@dataclass(frozen=True, slots=True)
class ParcelRecords:
    """What is known of a parcel: the columns of a residence row, and of a demographic row if there is a record."""

    residence: Mapping[str, Any]
    demographic: Mapping[str, Any] | None


def parcel_records(counties: PreparedCounties, parcel: Parcel) -> ParcelRecords | None:
    """The records of a parcel of a prepared county, the first demographic one; None if the county has no such parcel.

    Raises:
        IndexFileError: if the county has no index, or a damaged one.
    """
    index = counties.county(parcel.county).index
    row = _row(index.parcels["parcel_id"], parcel.parcel_id)
    if row is None:
        return None
    of_parcels = index.customers["parcel"].to_numpy()
    first = int(np.searchsorted(of_parcels, row))
    has_record = first < len(of_parcels) and of_parcels[first] == row
    return ParcelRecords(
        index.parcels.slice(row, 1).select(PARCEL_SCHEMA.names[1:]).to_pylist()[0],
        index.customers.slice(first, 1).select(CUSTOMER_FIELDS).to_pylist()[0] if has_record else None,
    )


def _row(ascending: pa.ChunkedArray, wanted: str) -> int | None:
    """Where a value is in an ascending column."""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if ascending[middle].as_py() < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(ascending) and ascending[low].as_py() == wanted else None
