"""Who lives behind each participant's address: the parcel, and the household's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.comparable import NONE, households, places
from octopus_pipeline.matching.demographics import DemographicMethod, find_demographics
from octopus_pipeline.matching.names import normalize_first_last
from octopus_pipeline.matching.residences import Method, Quality, Reason, find_residences
from octopus_pipeline.matching.sorting import stable_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from octopus_pipeline.matching.demographics import Demographics
    from octopus_pipeline.matching.prepared import PreparedCounties, PreparedCounty
    from octopus_pipeline.matching.residences import Residences

PARTICIPANT_SCHEMA: Final = pa.schema(
    [
        pa.field(name, pa.string())
        for name in ("address", "city", "zip", "first_name", "last_name", "email", "phone")
    ]
)
"""What is known of a participant, as the contact has it."""

_TEXT, _NUMBER = pa.string(), pa.float64()

RESIDENCE_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, _TEXT) for name in ("county", "parcel_id", "parcel_address", "parcel_city")),
        pa.field("parcel_zip", pa.int32()),
        pa.field("year_built", pa.int32()),
        pa.field("match_quality", _TEXT, nullable=False),
        pa.field("match_method", _TEXT),
        pa.field("match_score", _NUMBER),
        pa.field("reason", _TEXT),
        *(pa.field(name, _TEXT) for name in ("review_county", "review_parcel_id", "review_address")),
    ]
)
"""One row a participant: the parcel, if it is matched; the best candidate, if somebody is to have a look."""

DEMOGRAPHIC_MATCH_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, _TEXT) for name in ("county", "parcel_id", "customer_name", "email", "mobile")),
        *(
            pa.field(name, _NUMBER)
            for name in ("annual_kwh_cost", "total_energy_burden", "estimated_income", "age_first_individual")
        ),
        pa.field("match_quality", _TEXT, nullable=False),
        pa.field("match_method", _TEXT),
        pa.field("match_score", _NUMBER),
        pa.field("reason", _TEXT),
        pa.field("agrees", pa.bool_()),
    ]
)
"""One row a participant: the household's record; `agrees` is false where e-mail, telephone or name are another's."""

BATCH: Final = 75_000
"""Participants matched at once: what bounds memory."""


@dataclass(frozen=True, slots=True)
class HouseholdMatches:
    """Matches of participants, one row each, in their order: RESIDENCE_SCHEMA, DEMOGRAPHIC_MATCH_SCHEMA."""

    residence: pa.Table
    demographic: pa.Table


def find_households(participants: pa.Table, counties: PreparedCounties) -> HouseholdMatches:
    """Match participants (`PARTICIPANT_SCHEMA`) with the prepared counties.

    Each row's answer depends on the row and the counties alone, not on the other rows.

    Raises:
        IndexFileError: if a county's index cannot be read.
    """
    prepared = {name: counties.county(name) for name in counties.counties}
    found = [
        _matched(participants.slice(start, BATCH), prepared)
        for start in range(0, max(participants.num_rows, 1), BATCH)
    ]
    return HouseholdMatches(*(pa.concat_tables(tables) for tables in zip(*found, strict=True)))


def _matched(participants: pa.Table, counties: Mapping[str, PreparedCounty]) -> tuple[pa.Table, pa.Table]:
    addresses = normalize_addresses(participants["address"], participants["city"], participants["zip"])
    ours = places(addresses)
    names = households(normalize_first_last(participants["first_name"], participants["last_name"]))
    verbatim = participants["address"].combine_chunks()
    residences = find_residences(ours, names, addresses["po_box"].to_numpy(), verbatim, counties)
    found = find_demographics(participants["email"], participants["phone"], ours, names, residences, counties)
    return _residence_table(residences, counties), _demographic_table(found, counties)


def _residence_table(found: Residences, counties: Mapping[str, PreparedCounty]) -> pa.Table:
    parcels = [prepared.index.parcels for prepared in counties.values()]
    rows = np.full(len(found.score), NONE, np.int64)
    for place, prepared in enumerate(counties.values()):
        mine = found.county == place
        rows[mine] = prepared.index.gazetteer.parcel[found.row[mine]]
    county, by_county = _county_names(found.county, counties), _ByCounty.of(found.county, len(counties))
    taken = [_picked(field, parcels, by_county, rows) for field in list(RESIDENCE_SCHEMA)[1:6]]
    quality = Quality.texts(found.quality)
    matched = pc.is_in(quality, value_set=pa.array([Quality.EXACT, Quality.FUZZY]))
    review = pc.equal(quality, Quality.REVIEW)

    def where(mask: pa.Array, column: pa.Array) -> pa.Array:
        return pc.if_else(mask, column, None)

    columns = [where(matched, column) for column in (county, *taken)]
    columns += [
        quality,
        Method.texts(found.method),
        pa.array(found.score, from_pandas=True),
        Reason.texts(found.reason),
    ]
    columns += [where(review, column) for column in (county, taken[0], taken[1])]
    return pa.table(columns, schema=RESIDENCE_SCHEMA)


def _demographic_table(found: Demographics, counties: Mapping[str, PreparedCounty]) -> pa.Table:
    customers = [prepared.index.customers for prepared in counties.values()]
    by_county = _ByCounty.of(found.county, len(counties))
    parcel = _picked(pa.field("parcel", pa.int32()), customers, by_county, found.row)
    parcel_rows = pc.fill_null(parcel, NONE).to_numpy(zero_copy_only=False)
    ids = _picked(
        RESIDENCE_SCHEMA.field("parcel_id"),
        [p.index.parcels for p in counties.values()],
        by_county,
        parcel_rows,
    )
    columns = [_county_names(found.county, counties), ids]
    columns += [
        _picked(field, customers, by_county, found.row) for field in list(DEMOGRAPHIC_MATCH_SCHEMA)[2:9]
    ]
    columns += [
        Quality.texts(found.quality),
        DemographicMethod.texts(found.method),
        pa.array(found.score, from_pandas=True),
    ]
    columns += [Reason.texts(found.reason), pa.array(found.agrees == 1, mask=found.agrees == NONE)]
    return pa.table(columns, schema=DEMOGRAPHIC_MATCH_SCHEMA)


def _county_names(county: NDArray[np.int32], counties: Mapping[str, PreparedCounty]) -> pa.Array:
    return pa.array(list(counties), _TEXT).take(pa.array(county, mask=county == NONE))


@dataclass(frozen=True, slots=True)
class _ByCounty:
    """Participants in the order of their counties.

    Attributes:
        order: their places in that order, those without a county first.
        ends: where those without a county end in it, and those of each county.
        back: of each participant the place in that order.
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    back: pa.Array

    @classmethod
    def of(cls, county: NDArray[np.int32], counties: int) -> _ByCounty:
        order = stable_order(county)
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        ends = np.searchsorted(county[order], np.arange(NONE, counties), side="right")
        return cls(order, ends, pa.array(back))


def _picked(
    field: pa.Field, tables: list[pa.Table], by_county: _ByCounty, rows: NDArray[np.int64]
) -> pa.Array:
    """A column of the rows that lie in the tables of several counties; null for those without a county."""
    ends = by_county.ends
    taken = [pa.nulls(int(ends[0]), field.type)]
    for table, start, end in zip(tables, ends[:-1], ends[1:], strict=True):
        if start < end:
            column = table[field.name].take(pa.array(rows[by_county.order[start:end]]))
            taken.append(column.combine_chunks().cast(field.type))
    return pa.concat_arrays(taken).take(by_county.back)
