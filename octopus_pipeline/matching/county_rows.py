"""A county's two tables as parcels, the addresses and names each of them goes by, and the customers who live there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.sorting import first_places

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARCEL_SCHEMA: Final = pa.schema(
    [
        pa.field("parcel_id", pa.string()),
        pa.field("parcel_address", pa.string()),
        pa.field("parcel_city", pa.string()),
        pa.field("parcel_zip", pa.int32()),
        pa.field("year_built", pa.int32()),
    ]
)
"""One row a parcel."""

CUSTOMER_FIELDS: Final = (
    "customer_name",
    "email",
    "mobile",
    "annual_kwh_cost",
    "total_energy_burden",
    "estimated_income",
    "age_first_individual",
)
"""What is kept of a demographic record."""

_ADDRESS_SCHEMA: Final = pa.schema(
    [
        pa.field("parcel", pa.int32()),
        *(pa.field(name, pa.string()) for name in ("address", "city")),
        pa.field("zip", pa.int32()),
        *(pa.field(name, pa.string()) for name in ("owner", "customer")),
    ]
)


@dataclass(frozen=True, slots=True)
class CountyRows:
    """A county's records, joined by parcel id.

    Attributes:
        parcels: PARCEL_SCHEMA, ascending by parcel_id.
        addresses: `parcel` (row of `parcels`), address, city, zip, owner, customer: each address that a parcel has in
            either table, with the owner and the customers of the parcel, these as one text: `JANE SAMPLE & JOHN DOE`.
        customers: `parcel` and CUSTOMER_FIELDS, one row a demographic record, ascending by parcel.
    """

    parcels: pa.Table
    addresses: pa.Table
    customers: pa.Table


def county_rows(residential: pa.Table, demographic: pa.Table) -> CountyRows:
    """Join a county's two cleaned tables, whatever the order of their rows; those without parcel id are left out."""
    houses = _sorted(residential.filter(pc.is_valid(residential["parcel_id"])))
    people = _sorted(demographic.filter(pc.is_valid(demographic["parcel_id"])))
    ids = pc.unique(pa.chunked_array([*houses["parcel_id"].chunks, *people["parcel_id"].chunks], pa.string()))
    ids = ids.take(pc.sort_indices(ids))
    house, person = _places_in(ids, houses["parcel_id"]), _places_in(ids, people["parcel_id"])
    count = len(ids)
    first_house, first_person = _first(house, count), _first(person, count)
    parcels = pa.table(
        [
            ids,
            pc.coalesce(houses["address"].take(first_house), people["address"].take(first_person)),
            pc.coalesce(houses["parcel_city"].take(first_house), people["service_city"].take(first_person)),
            pc.coalesce(houses["parcel_zip"].take(first_house), people["parcel_zip"].take(first_person)),
            houses["year_built"].take(first_house),
        ],
        schema=PARCEL_SCHEMA,
    )
    owner, customer = houses["parcel_owner"].take(first_house), _customers(people, person, first_person)
    listed = [
        pa.table(
            {
                "parcel": house,
                "address": houses["address"],
                "city": houses["parcel_city"],
                "zip": houses["parcel_zip"],
            }
        ),
        pa.table(
            {
                "parcel": person,
                "address": people["address"],
                "city": people["service_city"],
                "zip": people["parcel_zip"],
            }
        ),
    ]
    addresses = _distinct(pa.concat_tables(listed))
    rows = addresses["parcel"]
    addresses = addresses.append_column("owner", owner.take(rows)).append_column(
        "customer", customer.take(rows)
    )
    customers = pa.table({"parcel": person, **{name: people[name] for name in CUSTOMER_FIELDS}})
    return CountyRows(
        parcels, addresses.select(_ADDRESS_SCHEMA.names).cast(_ADDRESS_SCHEMA), customers.combine_chunks()
    )


def _sorted(records: pa.Table) -> pa.Table:
    """By parcel id, and where that is repeated by all else: the same, whatever the order was."""
    ids = records["parcel_id"].combine_chunks()
    if pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
        return records
    order = pc.sort_indices(records, sort_keys=[("parcel_id", "ascending")])
    if pc.count_distinct(ids).as_py() < len(ids):
        order = pc.sort_indices(records, sort_keys=[(name, "ascending") for name in records.schema.names])
    return records.take(order)


def _places_in(ids: pa.Array, column: pa.ChunkedArray) -> pa.Array:
    return pc.index_in(column, value_set=ids).combine_chunks().cast(pa.int32())


def _first(parcel: pa.Array, count: int) -> pa.Array:
    """Of each parcel the first row that has it; null where none has."""
    rows: NDArray[np.int64] = np.full(count, -1, np.int64)
    found, first = np.unique(parcel.to_numpy(), return_index=True)
    rows[found] = first
    return pa.array(rows, mask=rows < 0)


def _customers(people: pa.Table, person: pa.Array, first: pa.Array) -> pa.ChunkedArray:
    """Each parcel's customers, everyone named once; null where none is. `first`: of each parcel its first record."""
    names, parcel = people["customer_name"], person.to_numpy()
    several = np.bincount(parcel, minlength=len(first)) > 1
    named = pa.table({"parcel": person, "name": names})
    named = named.filter(pc.and_(pc.is_valid(names), pa.array(several[parcel])))
    # One thread keeps the names in their order.
    listed = named.group_by("parcel", use_threads=False).aggregate([("name", "distinct")])
    joined = pc.binary_join(listed["name_distinct"].combine_chunks(), " & ")
    place = pc.index_in(pa.array(np.arange(len(first), dtype=np.int32)), value_set=listed["parcel"])
    return pc.if_else(pa.array(several), joined.take(place), names.take(first))


def _distinct(listed: pa.Table) -> pa.Table:
    """The addresses that a parcel has, each once: a record without street or ZIP adds nothing to one that has them."""
    plain = pc.utf8_upper(pc.fill_null(listed["address"], "")).combine_chunks()
    frame = pa.table({"parcel": listed["parcel"], "address": plain})
    rows = _first_of_each(frame)
    numbers = np.bincount(frame["parcel"].to_numpy()[rows], minlength=1)
    empty = pc.equal(plain, "").to_numpy(zero_copy_only=False)[rows]
    kept = rows[~empty | (numbers[frame["parcel"].to_numpy()[rows]] == 1)]
    return listed.take(pa.array(np.sort(kept))).sort_by("parcel")


def _first_of_each(frame: pa.Table) -> NDArray[np.int64]:
    codes = frame["address"].combine_chunks().dictionary_encode().indices.to_numpy()
    return first_places(frame["parcel"].to_numpy().astype(np.int64) << 32 | codes)
