"""The assets of a county: `county_residential`, `county_demographic`, `county_index`, and what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, PERSONAL, column_schema
from octopus_pipeline.assets.partitions import COUNTY_PARTITIONS
from octopus_pipeline.counties.fields import DEMOGRAPHIC, KINDS, RESIDENTIAL
from octopus_pipeline.sync.county_index import county_table, index_path

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.counties import CountyIndex, CountyTable

TABLE_KEYS = {kind.name: dg.AssetKey(county_table(kind)) for kind in KINDS}
"""Kind's name -> the asset of its table."""

INDEX_KEY = dg.AssetKey("county_index")

_WHAT = {
    RESIDENTIAL: "Parcels of the county, as its auditor has them: one row a parcel.",
    DEMOGRAPHIC: "Households of the county: who is the customer of the energy companies at a parcel, and what energy "
    "costs them.",
}


def _spec(
    key: dg.AssetKey, description: str, kinds: set[str], columns: dg.TableSchema, **options: Any
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        description=description,
        group_name="counties",
        kinds=kinds,
        owners=OWNERS,
        tags=PERSONAL,
        partitions_def=COUNTY_PARTITIONS,
        skippable=True,
        metadata={"dagster/column_schema": columns},
        **options,
    )


COUNTY_SPECS = [
    *(
        _spec(
            TABLE_KEYS[kind.name],
            f"{_WHAT[kind]} Cleaned, no row dropped; read only when its collection in MongoDB changed.",
            {"python", "mongodb", "parquet"},
            column_schema(kind.schema),
        )
        for kind in KINDS
    ),
    _spec(
        INDEX_KEY,
        "The county's prepared form: what participants are matched with. Built only when a table or the code "
        "changed; a memory-mapped file on this machine.",
        {"python", "arrow"},
        dg.TableSchema(
            [
                dg.TableColumn("county", "string", "the partition"),
                dg.TableColumn("parcel_id", "string", "the county's id of the parcel, as in both tables"),
            ]
        ),
        deps=list(TABLE_KEYS.values()),
    ),
]


def table_metadata(table: CountyTable, location: str) -> dict[str, Any]:
    """Rows, what was odd in them, where they came from and where they are."""
    state = table.state
    return {
        "dagster/row_count": state.counts.rows,
        **state.counts.metadata(),
        "collection": state.collection or "none",
        "read": "to its end" if table.was_read else "unchanged since it was last read",
        "last_read_at": dg.MetadataValue.timestamp(state.read_at),
        "table": dg.MetadataValue.path(location),
    }


def index_metadata(index: CountyIndex, settings: Settings, county: str) -> dict[str, Any]:
    """What the matcher counted as it built the index, and where it is."""
    record = index.record
    return {
        **record.counts,
        "bytes": record.bytes,
        "built": "anew" if index.was_built else "unchanged since it was last built",
        "built_at": dg.MetadataValue.timestamp(record.built_at),
        "file": dg.MetadataValue.path(str(index_path(settings, county))),
    }
