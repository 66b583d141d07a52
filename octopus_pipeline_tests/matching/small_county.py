"""A small invented county, prepared as the pipeline prepares one: streets whose every house is known by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.counties.fields import DEMOGRAPHIC_SCHEMA, RESIDENTIAL_SCHEMA
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.preparing import prepare_county

if TYPE_CHECKING:
    from pathlib import Path

STREETS = (
    "OAK ST",
    "ELM ST",
    "CEDAR AV",
    "WALNUT DR",
    "N CHESTNUT ST",
    "SYCAMORE LN",
    "DOGWOOD CT",
    "SR 314",
)
NUMBERS = range(100, 160, 4)


def ordinary_parcels(city: str = "MANSFIELD", zip_code: int = 44906) -> list[dict[str, Any]]:
    """A house at each number of each street."""
    return [
        {
            "parcel_id": f"{zip_code}-{street}-{number}",
            "address": f"{number} {street}",
            "parcel_city": city,
            "parcel_zip": zip_code,
            "parcel_owner": f"OWNER{place} PAT",
            "year_built": 1950 + place,
        }
        for place, street in enumerate(STREETS)
        for number in NUMBERS
    ]


def parcel(parcel_id: str, address: str, **more: Any) -> dict[str, Any]:
    """A house in Mansfield."""
    return {
        "parcel_id": parcel_id,
        "address": address,
        "parcel_city": "MANSFIELD",
        "parcel_zip": 44906,
        **more,
    }


def prepared(
    folder: Path, county: str, residential: list[dict[str, Any]], demographic: list[dict[str, Any]]
) -> PreparedCounties:
    """The counties of the folder, with this one added."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare_county(
        county,
        pa.Table.from_pylist(residential, RESIDENTIAL_SCHEMA),
        pa.Table.from_pylist(demographic, DEMOGRAPHIC_SCHEMA),
        folder / f"{county}.arrow",
    )
    return PreparedCounties(folder)
