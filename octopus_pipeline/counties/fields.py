"""The fields of county records: our name and meaning of each, and what others call it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.counties import cleaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from octopus_pipeline.counties.cleaning import Column

_TEXT, _NUMBER, _INTEGER = pa.string(), pa.float64(), pa.int32()


@dataclass(frozen=True)
class RecordField:
    """A column of a county table.

    Attributes:
        name: the column.
        type: its Arrow type.
        clean: makes it out of a raw column.
        description: what it means, with the unit.
        document_name: the field of the documents in MongoDB; the column's name unless said otherwise.
        variants: other names that old collections have; a row's first name with a value counts.
    """

    name: str
    type: pa.DataType
    clean: Callable[[Column], pa.Array]
    description: str
    document_name: str = ""
    variants: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every name the field goes by, the most usual first."""
        usual = self.document_name or self.name
        return tuple(dict.fromkeys((usual, *self.variants, self.name)))


@dataclass(frozen=True)
class RecordKind:
    """One of the two tables a county has.

    Attributes:
        name: `residential` or `demographic`.
        fields: its columns, in order.
        needed: columns without which a file makes no sense.
    """

    name: str
    fields: tuple[RecordField, ...]
    needed: tuple[str, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """The table's columns, each with its description."""
        return pa.schema(
            [
                pa.field(field.name, field.type, metadata={"description": field.description})
                for field in self.fields
            ]
        )


def _text(name: str, description: str, *variants: str) -> RecordField:
    return RecordField(name, _TEXT, cleaning.texts, description, variants=variants)


def _number(name: str, description: str, document_name: str = "") -> RecordField:
    return RecordField(name, _NUMBER, cleaning.numbers, description, document_name)


_PARCEL_ID = RecordField(
    "parcel_id", _TEXT, cleaning.parcel_ids, "The county's id of the parcel: the key that both tables share."
)
_ADDRESS = _text("address", "Street address as the county writes it: 1592 HILLCREST AV.")
_PARCEL_ZIP = RecordField(
    "parcel_zip", _INTEGER, cleaning.zips, "ZIP code, five digits as a number.", variants=("zip_code",)
)

RESIDENTIAL = RecordKind(
    "residential",
    (
        _PARCEL_ID,
        _ADDRESS,
        _text("parcel_city", "City, township or village."),
        _PARCEL_ZIP,
        _text("parcel_owner", "Owner, as the county writes the name."),
        RecordField("year_built", _INTEGER, cleaning.years, "Year the house was built.", "age"),
        _number("living_area_total", "Living area, square feet."),
        _number("story_height", "Storeys."),
        _number("bedrooms", "Bedrooms."),
        _number("bathrooms", "Full bathrooms."),
        _number("half_baths", "Half bathrooms."),
        _number("rooms", "Rooms."),
        _number("garage_size", "Garage, in the county's unit."),
        _number("rcn", "Replacement cost new, dollars."),
        _text("heat_type", "Heating, as the county names it."),
        _text("air_conditioning", "Air conditioning, as the county names it."),
        _text("construction_quality", "Grade of construction, as the county names it."),
        _text("census_tract", "Census tract."),
    ),
    needed=("parcel_id", "address"),
)
"""Houses: one row a parcel, as the county's auditor has it."""

DEMOGRAPHIC = RecordKind(
    "demographic",
    (
        _PARCEL_ID,
        _ADDRESS,
        _text("service_city", "City of the energy service."),
        _PARCEL_ZIP,
        _text("customer_name", "Customer: JANE SAMPLE, JOHN Q SAMPLE or SAMPLE, JOHN D."),
        RecordField("email", _TEXT, cleaning.emails, "E-mail address, lower case."),
        RecordField("mobile", _TEXT, cleaning.phones, "Telephone number, ten digits."),
        _number("annual_kwh_cost", "Electricity, dollars a year."),
        _number("annual_gas_cost", "Gas, dollars a year."),
        _number("energy_burden_kwh", "Electricity's share of the income, as the county's source has it."),
        _number("energy_burden_gas", "Gas's share of the income, as the county's source has it."),
        _number("total_energy_burden", "Energy's share of the income, as the county's source has it."),
        _number("estimated_income", "Estimated household income, dollars a year."),
        _number("income_level", "Income bracket, as the county's source numbers it."),
        _number("household_size", "People in the household.", "md_householdsize"),
        _number(
            "age_first_individual",
            "Age of the first individual, in steps of two years.",
            "age in two-year increments - 1st individual",
        ),
    ),
    needed=("parcel_id",),
)
"""Households: who is the customer of the energy companies at a parcel, and what energy costs them."""

KINDS = (RESIDENTIAL, DEMOGRAPHIC)
RESIDENTIAL_SCHEMA = RESIDENTIAL.schema
DEMOGRAPHIC_SCHEMA = DEMOGRAPHIC.schema
