"""Invented counties for the people of a sandbox's account, loaded as the pipeline would have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.counties.records import clean_documents
from octopus_pipeline.matching.county_index import prepare_county
from octopus_pipeline.sandbox.counties import SampleCounty, generate_counties
from octopus_pipeline.sync.decided_parcels import COUNTY_DEMOGRAPHIC, COUNTY_RESIDENTIAL

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Account
    from octopus_pipeline.sandbox.county_records import Document
    from octopus_pipeline.sync.connections import Connections


def invented_counties(account: Account) -> dict[str, SampleCounty]:
    """Franklin, Richland and Morrow, in which some of the account's people live."""
    return {county.name: county for county in generate_counties(account, seed=3)}


def load(connections: Connections, county: SampleCounty) -> None:
    """Put a county's records into its tables and prepare it."""
    tables = {}
    for kind, table, documents in (
        (RESIDENTIAL, COUNTY_RESIDENTIAL, county.residential),
        (DEMOGRAPHIC, COUNTY_DEMOGRAPHIC, county.demographic),
    ):
        records = pa.Table.from_batches([clean_documents(kind, documents).records])
        with connections.tables.writer(table, county.name, kind.schema) as writer:
            writer.write(records)
        tables[table] = records
    folder = connections.settings.county_index_dir
    folder.mkdir(parents=True, exist_ok=True)
    prepare_county(
        county.name, tables[COUNTY_RESIDENTIAL], tables[COUNTY_DEMOGRAPHIC], folder / f"{county.name}.arrow"
    )


def parcel_of(county: SampleCounty, parcel_id: str) -> Document:
    """The residential document of a parcel."""
    return next(one for one in county.residential if one["parcel_id"] == parcel_id)


def without_parcel(county: SampleCounty, parcel_id: str) -> SampleCounty:
    """The county after a parcel was merged into another."""
    return SampleCounty(
        county.name,
        county.old_names,
        [one for one in county.residential if one["parcel_id"] != parcel_id],
        [one for one in county.demographic if one["parcel_id"] != parcel_id],
        county.homes,
    )
