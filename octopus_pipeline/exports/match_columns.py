"""The household columns of CSVs: the residence's parcel, or where none was found that of the demographic record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.exports.safe_cells import defused_column
from octopus_pipeline.matching.source_columns import DEMOGRAPHIC_PREFIX, RESIDENCE_PREFIX, source_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

_RESIDENCE = (
    "county",
    "parcel_id",
    "parcel_address",
    "parcel_city",
    "parcel_zip",
    "match_quality",
    "match_method",
    "match_score",
    "reason",
    "year_built",
)
_DEMOGRAPHIC = (
    "county",
    "parcel_id",
    "customer_name",
    "match_quality",
    "match_method",
    "match_score",
    "annual_kwh_cost",
    "total_energy_burden",
    "estimated_income",
    "age_first_individual",
)

MATCH_SOURCE_COLUMNS = source_columns(_RESIDENCE, _DEMOGRAPHIC)
"""The columns of a row's two matches that CSVs are made of, named after the match they are of."""

MATCH_CSV_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("county", "parcel_id", "parcel_address", "parcel_city")),
        ("parcel_zip", pa.string()),
        *((name, pa.string()) for name in ("match_quality", "match_method")),
        ("match_score", pa.float64()),
        ("customer_name", pa.string()),
        *((name, pa.float64()) for name in ("annual_kwh_cost", "total_energy_burden", "estimated_income")),
        ("year_built", pa.int32()),
    ]
)
"""The columns that a campaign's CSV has after those of the partners."""

_DECIMALS = 4


def is_matched(batch: pa.RecordBatch, prefix: str) -> pa.Array:
    """Whether each row has the match that the prefix names."""
    return pc.is_valid(batch.column(f"{prefix}parcel_id"))


def match_cells(batch: pa.RecordBatch) -> Sequence[pa.Array]:
    """The cells of `MATCH_CSV_SCHEMA` a row of `MATCH_SOURCE_COLUMNS`; empty if the rows were never matched."""
    if f"{RESIDENCE_PREFIX}parcel_id" not in batch.schema.names:
        return [pa.nulls(batch.num_rows, field.type) for field in MATCH_CSV_SCHEMA]
    residence = is_matched(batch, RESIDENCE_PREFIX)
    of_record = pc.and_not(is_matched(batch, DEMOGRAPHIC_PREFIX), residence)

    def shown(name: str) -> pa.Array:
        ours, other = batch.column(RESIDENCE_PREFIX + name), batch.column(DEMOGRAPHIC_PREFIX + name)
        return pc.if_else(of_record, other, ours)

    def of_residence(name: str) -> pa.Array:
        return batch.column(RESIDENCE_PREFIX + name)

    def number(name: str) -> pa.Array:
        return pc.round(batch.column(DEMOGRAPHIC_PREFIX + name), _DECIMALS)

    zips = pc.utf8_lpad(of_residence("parcel_zip").cast(pa.string()), 5, "0")
    return [
        defused_column(shown("county")),
        defused_column(shown("parcel_id")),
        defused_column(of_residence("parcel_address")),
        defused_column(of_residence("parcel_city")),
        zips,
        shown("match_quality"),
        shown("match_method"),
        pc.round(shown("match_score"), _DECIMALS),
        defused_column(batch.column(f"{DEMOGRAPHIC_PREFIX}customer_name")),
        number("annual_kwh_cost"),
        number("total_energy_burden"),
        number("estimated_income"),
        of_residence("year_built"),
    ]
