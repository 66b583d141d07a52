"""ZIP code -> counties, with the share of the ZIP code's addresses that each has.

The table `data/oh_county_zip.csv` comes out of the Census Bureau's TIGER/Line 2025 (public domain), by
`scripts/zip_counties.py`. Counting county records instead would repeat their errors: that once sent whole ZIP
codes to the wrong county.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from octopus_pipeline.counties.cleaning import Column

LEAST_SHARE = 0.02
"""A county with less of a ZIP code than this is left out: 0.2 % of Ohio's address ranges are."""

OHIO_ZIPS = (43_000, 45_999)
"""ZIP codes of Ohio; the others in the table, thirty ranges, are slips in the source or another state's."""

_RESOURCE = "oh_county_zip.csv"
_COLUMNS = {"zip": pa.int32(), "county_fips": pa.int32(), "county": pa.string(), "ranges": pa.int64()}


def counties_of(zip_code: int | None) -> tuple[tuple[str, float], ...]:
    """The counties of a ZIP code with their weights, the heaviest first; empty for an unknown ZIP code.

    A weight is the share of the ZIP code's address ranges, from `LEAST_SHARE` to 1; their sum may be a little below 1.
    """
    return _by_zip().get(zip_code, ()) if zip_code is not None else ()


def zips_of(county: str) -> tuple[int, ...]:
    """The ZIP codes that have the county among their counties, ascending."""
    return tuple(
        sorted(code for code, found in _by_zip().items() if any(county == name for name, _ in found))
    )


def outside(county: str, rows: Mapping[int, int]) -> dict[int, int]:
    """Those of a county's `rows` by ZIP code whose ZIP code is other counties' alone, or another state's.

    ZIP codes of Ohio that the table does not know, post-office boxes', may be the county's and are left out.
    """
    lowest, highest = OHIO_ZIPS
    own = set(zips_of(county))
    return {
        code: count
        for code, count in rows.items()
        if code not in own and (code in _by_zip() or not lowest <= code <= highest)
    }


def candidate_counties(zip_codes: Column) -> pa.Table:
    """The counties of each of many ZIP codes (integers, nulls allowed), the heaviest first.

    Returns:
        One row a (place in `zip_codes`, county): `row` int64, from 0 and ascending, `county` string, `weight` double.
        Places with a null or an unknown ZIP code have no row.
    """
    codes, counties = _lists()
    found = zip_codes.combine_chunks() if isinstance(zip_codes, pa.ChunkedArray) else zip_codes
    lists = counties.take(pc.index_in(found.cast(codes.type), value_set=codes))
    pairs = pc.list_flatten(lists)
    return pa.table(
        {
            "row": pc.list_parent_indices(lists),
            "county": pc.struct_field(pairs, "county"),
            "weight": pc.struct_field(pairs, "weight"),
        }
    )


def shares(table: pa.Table) -> pa.Table:
    """Address ranges a (ZIP code, county) -> `zip`, `county`, `weight`; by ZIP code, the heaviest county first."""
    lowest, highest = OHIO_ZIPS
    known = table.filter(
        pc.and_(pc.greater_equal(table["zip"], lowest), pc.less_equal(table["zip"], highest))
    )
    ranges = known["ranges"].to_numpy()
    _, codes = np.unique(known["zip"].to_numpy(), return_inverse=True)
    weight = pa.array(ranges / np.bincount(codes, ranges)[codes])
    weighed = pa.table({"zip": known["zip"], "county": known["county"], "weight": weight})
    kept = weighed.filter(pc.greater_equal(weighed["weight"], LEAST_SHARE))
    order = [("zip", "ascending"), ("weight", "descending"), ("county", "ascending")]
    # Not Table's own grouping and sorting: each process that matches would first load all that reads datasets.
    return kept.take(pc.sort_indices(kept, sort_keys=order))


def read_ranges(source: Path | IO[bytes]) -> pa.Table:
    """The table that `write_ranges` wrote: `zip`, `county_fips`, `county`, `ranges`."""
    return csv.read_csv(source, convert_options=csv.ConvertOptions(column_types=_COLUMNS))


def write_ranges(ranges: Mapping[tuple[str, str], int], path: Path) -> None:
    """Write address ranges a (ZIP code, county FIPS code) of Ohio as CSV, sorted, so that versions can be compared."""
    rows = sorted((int(code), int(fips), count) for (code, fips), count in ranges.items())
    lines = [f"{code:05d},{fips},{COUNTY_BY_FIPS[fips]},{count}\n" for code, fips, count in rows]
    path.write_text("".join([",".join(_COLUMNS) + "\n", *lines]), encoding="utf-8", newline="\n")


@cache
def _shares() -> pa.Table:
    with resources.files("octopus_pipeline.counties").joinpath("data", _RESOURCE).open("rb") as file:
        return shares(read_ranges(file))


@cache
def _by_zip() -> dict[int, tuple[tuple[str, float], ...]]:
    found: dict[int, list[tuple[str, float]]] = {}
    for row in _shares().to_pylist():
        found.setdefault(row["zip"], []).append((row["county"], row["weight"]))
    return {code: tuple(pairs) for code, pairs in found.items()}


@cache
def _lists() -> tuple[pa.Array, pa.Array]:
    """The known ZIP codes, and for each a list of (county, weight)."""
    found = _by_zip()
    kind = pa.list_(pa.struct([("county", pa.string()), ("weight", pa.float64())]))
    return pa.array(list(found), pa.int32()), pa.array([list(pairs) for pairs in found.values()], kind)
