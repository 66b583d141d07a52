"""Our matcher on generated or real counties: prepared, taught, matched, and its matches as links to be scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.parallel import share_out, worker_processes
from octopus_pipeline.matching.preparing import prepare_county

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from octopus_pipeline.matching.prepared import PreparedCounties

PROCESSES = 2
"""Counties prepared at once: as many as these machines have cores."""


def county_tables(parcels: pa.Table) -> dict[str, tuple[pa.Table, pa.Table]]:
    """County -> its residential and demographic records, cleaned, of generated parcels (`generate`)."""
    tables = {}
    for county in pc.unique(parcels["county"]).to_pylist():
        rows = parcels.filter(pc.equal(parcels["county"], county)).combine_chunks()
        place = {"parcel_id": rows["parcel_id"], "address": cleaning.texts(rows["address"])}
        city, code = cleaning.texts(rows["parcel_city"]), cleaning.zips(rows["parcel_zip"])
        owner, customer = cleaning.texts(rows["parcel_owner"]), cleaning.texts(rows["customer_name"])
        houses = _filled(
            RESIDENTIAL.schema, {**place, "parcel_city": city, "parcel_zip": code, "parcel_owner": owner}
        )
        people = _filled(
            DEMOGRAPHIC.schema, {**place, "service_city": city, "parcel_zip": code, "customer_name": customer}
        )
        tables[county] = houses, people.filter(people["customer_name"].is_valid())
    return tables


def prepare(tables: Mapping[str, tuple[pa.Table, pa.Table]], folder: Path) -> None:
    """Prepare counties, some at once."""
    largest_first = sorted(tables.items(), key=lambda item: -item[1][0].num_rows)
    work = [(county, *both, folder / f"{county}.arrow") for county, both in largest_first]
    with worker_processes(PROCESSES - 1) as pool:
        share_out(work, _prepare, lambda one: pool.submit(_prepare, one), PROCESSES - 1)


def _prepare(county: tuple[str, pa.Table, pa.Table, Path]) -> None:
    prepare_county(*county)


def participant_table(participants: pa.Table, *, names: bool = True) -> pa.Table:
    """Generated participants (`generate`) as the matcher takes them."""
    columns = {name: participants[name] for name in ("address", "city", "zip")}
    if names:
        columns |= {name: participants[name] for name in ("first_name", "last_name")}
    return _filled(PARTICIPANT_SCHEMA, columns)


def links(participants: pa.Table, counties: PreparedCounties) -> pa.Table:
    """participant_id (the row), parcel_id and score of every match, and of every candidate left to review."""
    found = find_households(participants, counties).residence
    return links_of([found])


def links_of(residences: Iterable[pa.Table]) -> pa.Table:
    """The same of match tables, in order."""
    found = pa.concat_tables(residences)
    parcel = pc.coalesce(found["parcel_id"], found["review_parcel_id"])
    table = pa.table(
        {
            "participant_id": pa.array(range(found.num_rows)),
            "parcel_id": parcel,
            "score": found["match_score"],
        }
    )
    return table.filter(parcel.is_valid())


def _filled(schema: pa.Schema, columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """A table of the schema in which columns that are not given are empty."""
    rows = len(next(iter(columns.values())))
    return pa.table([columns.get(each.name, pa.nulls(rows, each.type)) for each in schema], schema=schema)
