"""Raw records become the tables' rows; counts say what they were like; nothing in them is fatal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.counties.fields import (
    DEMOGRAPHIC,
    DEMOGRAPHIC_SCHEMA,
    KINDS,
    RESIDENTIAL,
    RESIDENTIAL_SCHEMA,
    RecordKind,
)
from octopus_pipeline.counties.records import clean_documents, clean_table
from octopus_pipeline.counties.tally import CountyCounts, CountyTally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAN = float("nan")

HOUSE = {
    "_id": "x",
    "parcel_id": "010-000123-00",
    "address": "1592 HILLCREST AV",
    "parcel_city": "COLUMBUS",
    "parcel_zip": 43206.0,
    "parcel_owner": "SAMPLE JANE",
    "age": 1987,
    "living_area_total": 1450.0,
    "story_height": 1.5,
    "bedrooms": 3,
    "bathrooms": -1,
    "half_baths": -1.0,
    "rooms": NAN,
    "garage_size": 400.0,
    "rcn": 182_000.0,
    "heat_type": "GAS",
    "air_conditioning": "NA",
    "construction_quality": "C+",
    "census_tract": 49.1,
    "some other field": [1, 2],
}
HOUSEHOLD = {
    "parcel_id": "010-000123-00",
    "address": "1592 HILLCREST AV",
    "service_city": "NA",
    "parcel_zip": -1,
    "customer_name": "SAMPLE, JOHN D",
    "email": "John.Sample@example.com",
    "mobile": 6145551234.0,
    "annual_kwh_cost": 1705.35,
    "annual_gas_cost": -1,
    "energy_burden_kwh": 0.05,
    "energy_burden_gas": -1.0,
    "total_energy_burden": 0.05,
    "estimated_income": 34_000.0,
    "income_level": 3.0,
    "md_householdsize": 2.0,
    "age in two-year increments - 1st individual": 46.0,
}

raw_values = st.sampled_from(
    (-1, -1.0, NAN, "NA", "", None, "43215", 43215, 43215.0, 1987, "1 MAIN ST", "x", True)
)


def rows(schema: pa.Schema, documents: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    kind = RESIDENTIAL if schema is RESIDENTIAL_SCHEMA else DEMOGRAPHIC
    records = clean_documents(kind, documents).records
    assert records.schema.equals(schema)
    return [{name: value for name, value in row.items() if value is not None} for row in records.to_pylist()]


def counts_of(documents: Sequence[Mapping[str, object]], *, batch: int = 3) -> CountyCounts:
    tally = CountyTally()
    for start in range(0, len(documents), batch):
        tally.add(clean_documents(RESIDENTIAL, documents[start : start + batch]))
    return tally.counts()


def test_documents_become_rows_of_the_declared_tables() -> None:
    assert rows(RESIDENTIAL_SCHEMA, [HOUSE]) == [
        {
            "parcel_id": "010-000123-00",
            "address": "1592 HILLCREST AV",
            "parcel_city": "COLUMBUS",
            "parcel_zip": 43206,
            "parcel_owner": "SAMPLE JANE",
            "year_built": 1987,
            "living_area_total": 1450.0,
            "story_height": 1.5,
            "bedrooms": 3.0,
            "garage_size": 400.0,
            "rcn": 182_000.0,
            "heat_type": "GAS",
            "construction_quality": "C+",
            "census_tract": "49.1",
        }
    ]
    assert rows(DEMOGRAPHIC_SCHEMA, [HOUSEHOLD]) == [
        {
            "parcel_id": "010-000123-00",
            "address": "1592 HILLCREST AV",
            "customer_name": "SAMPLE, JOHN D",
            "email": "john.sample@example.com",
            "mobile": "6145551234",
            "annual_kwh_cost": 1705.35,
            "energy_burden_kwh": 0.05,
            "total_energy_burden": 0.05,
            "estimated_income": 34_000.0,
            "income_level": 3.0,
            "household_size": 2.0,
            "age_first_individual": 46.0,
        }
    ]


def test_every_column_says_what_it_means() -> None:
    for kind in KINDS:
        assert all(field.metadata[b"description"].endswith(b".") for field in kind.schema)


def test_an_old_name_of_a_field_counts_where_the_usual_one_says_nothing() -> None:
    documents: list[dict[str, object]] = [
        {"zip_code": "43452"},
        {"parcel_zip": -1, "zip_code": 43452.0},
        {"parcel_zip": 43206, "zip_code": 43452},
        {},
    ]
    assert rows(RESIDENTIAL_SCHEMA, documents) == [
        {"parcel_zip": 43452},
        {"parcel_zip": 43452},
        {"parcel_zip": 43206},
        {},
    ]


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*HOUSE, "zip_code"]), raw_values | st.text(max_size=3)), max_size=8
    ),
    st.integers(1, 8),
)
def test_a_row_and_the_counts_do_not_depend_on_the_batches(
    documents: list[dict[str, Any]], batch: int
) -> None:
    alone = [row for document in documents for row in rows(RESIDENTIAL_SCHEMA, [document])]
    assert rows(RESIDENTIAL_SCHEMA, documents) == alone
    counts = counts_of(documents, batch=batch)
    assert counts == counts_of(documents, batch=99)
    assert counts.rows == len(documents)
    assert all(counts.missing[name] == sum(name not in row for row in alone) for name in counts.missing)


def test_a_table_of_texts_cleans_as_its_documents_do() -> None:
    texts = {name: "" if value is NAN else str(value) for name, value in HOUSE.items()}
    table = pa.Table.from_pylist([texts])
    assert clean_table(RESIDENTIAL, table).records.equals(clean_documents(RESIDENTIAL, [HOUSE]).records)


def test_the_counts_say_what_the_records_were_like() -> None:
    def house(parcel: object, address: object, zip_code: object = 43206) -> dict[str, object]:
        return {"parcel_id": parcel, "address": address, "parcel_zip": zip_code}

    counts = counts_of(
        [
            house("1", "12 MAIN ST"),
            house("1", "12 MAIN ST"),  # the same parcel again is no condominium
            house("2", "30 OAK AV UNIT 1"),
            house("3", "30 OAK AV UNIT 2"),
            house("4", "30  OAK AV"),
            house("5", "30 OAK AV", 43215),  # another town's
            house("NA", "14 MAIN ST"),
            house(None, "NA"),
            house("6", "MAIN ST"),
            house("7", "0 MAIN ST", "4321"),
            house("8", "-1", "OHIO"),
            house("9", "12 NO HIGH ST"),
            house("10", "12 NO MAIN ST"),  # north, not number
        ]
    )
    assert counts.rows == 13
    assert counts.without_parcel_id == 2
    assert counts.without_address == 2
    assert counts.without_house_number == 2
    assert counts.with_house_number == 9
    assert counts.zips == {4321: 1, 43206: 10, 43215: 1}
    assert counts.duplicate_parcel_ids == 1
    assert counts.sharing_address == 3
    assert counts.unreadable == {"parcel_zip": 1}
    assert counts.metadata()["rows without house number"] == 2
    assert CountyTally().counts() == CountyCounts()


@pytest.mark.parametrize("kind", KINDS)
def test_no_documents_are_an_empty_batch(kind: RecordKind) -> None:
    assert clean_documents(kind, []).records.num_rows == 0
