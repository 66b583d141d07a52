"""Invented counties for the people of a sandbox's account, prepared as the pipeline would have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.counties.records import clean_documents
from octopus_pipeline.matching.preparing import prepare_county
from octopus_pipeline.sandbox.counties import SampleCounty, generate_counties

if TYPE_CHECKING:
    from octopus_pipeline.matching.prepared import PreparedCounties
    from octopus_pipeline.sandbox.account import Account
    from octopus_pipeline.sandbox.county_records import Document
    from octopus_pipeline.sync.connections import Connections


def invented_counties(account: Account) -> dict[str, SampleCounty]:
    """Franklin, Richland and Morrow, in which some of the account's people live."""
    return {county.name: county for county in generate_counties(account, seed=3)}


def load(connections: Connections, county: SampleCounty) -> None:
    """Prepare a county for the connections' campaigns."""
    prepare(connections.counties, county)


def prepare(counties: PreparedCounties, county: SampleCounty) -> None:
    """Prepare a county from its documents."""
    residential, demographic = (
        pa.Table.from_batches([clean_documents(kind, documents).records])
        for kind, documents in ((RESIDENTIAL, county.residential), (DEMOGRAPHIC, county.demographic))
    )
    path = counties.path(county.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    prepare_county(county.name, residential, demographic, path)


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
