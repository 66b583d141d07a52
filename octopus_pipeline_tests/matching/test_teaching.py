"""What counties learn from participants: only from those who surely live there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from octopus_pipeline.counties.zip_counties import counties_of
from octopus_pipeline.matching.context import Area, Street
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA
from octopus_pipeline.matching.teaching import LEAST_SHARE, teach
from octopus_pipeline.matching.usual_weights import usual_weights
from octopus_pipeline_tests.matching.small_county import NUMBERS, STREETS, ordinary_parcels, prepared

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.matching.prepared import PreparedCounties

WHOLE, SHARED = ("Richland", "MANSFIELD", 44906), ("Franklin", "REYNOLDSBURG", 43068)


def people(city: str, zip_code: int, others: int) -> pa.Table:
    """One at each house of each street, and so many `others` for each at numbers that no house has."""
    numbers = [number + 5_000 * other for number in NUMBERS for other in range(others + 1)]
    rows = [
        {"address": f"{number} {street}", "city": city, "zip": str(zip_code)}
        for street in STREETS
        for number in numbers
    ]
    return pa.Table.from_pylist(rows, PARTICIPANT_SCHEMA)


def share_listed(counties: PreparedCounties, county: str) -> float:
    """How many participants on a known street have a parcel, as the county has learned it."""
    return float(np.exp(counties.county(county).own.prior[Street.AS_WRITTEN, Area.AGREE, 1]))


def usual_share_listed() -> float:
    """The same where nothing was learned."""
    return float(np.exp(usual_weights().prior[Street.AS_WRITTEN, Area.AGREE, 1]))


@pytest.mark.parametrize("others", [0, 1, 3])
def test_a_county_learns_how_many_of_its_participants_it_has(tmp_path: Path, others: int) -> None:
    county, city, zip_code = WHOLE
    counties = prepared(tmp_path, county, ordinary_parcels(city, zip_code), [])
    taught = teach(people(city, zip_code, others), counties, least=100)
    assert taught == {county: len(STREETS) * len(NUMBERS) * (others + 1)}
    weight_of_usual = 100 / (100 + taught[county])
    expected = weight_of_usual * usual_share_listed() + (1 - weight_of_usual) / (others + 1)
    assert share_listed(counties, county) == pytest.approx(expected, abs=0.03)


def test_people_of_a_zip_that_counties_share_teach_none_of_them(tmp_path: Path) -> None:
    county, city, zip_code = SHARED
    assert 0.5 < dict(counties_of(zip_code))[county] < LEAST_SHARE
    counties = prepared(tmp_path, county, ordinary_parcels(city, zip_code), [])
    assert teach(people(city, zip_code, others=0), counties, least=100) == {}
    assert share_listed(counties, county) == pytest.approx(usual_share_listed())
