"""The twelve columns out of contact fields, as real accounts spell and type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_columns, field_text

if TYPE_CHECKING:
    from octopus_pipeline.emailoctopus.records import FieldValue


def columns_of(fields: dict[str, FieldValue] | None) -> dict[str, str | None]:
    arrays = field_columns([None if fields is None else orjson.dumps(fields).decode()])
    return {name: array[0].as_py() for name, array in zip(FIELD_TAGS, arrays, strict=True)}


def test_the_account_s_own_tags_fill_their_columns_verbatim() -> None:
    assert columns_of(
        {
            "FirstName": None,
            "LastName": "",
            "City": "MANSFIELD",
            "ZIP": 44906,
            "kWh": 11369.0,
            "Cell": "6145550134",
            "Address": "345 MAPLE LN ",
            "annualcost": "$1,705.35",
            "AnnualSavings": "$511.61",
            "MonthlyCost": "$142.11",
            "MonthlySaving": "$42.63",
            "DailyCost": 4.67,
        }
    ) == {
        "first_name": None,
        "last_name": None,
        "city": "MANSFIELD",
        "zip": "44906",
        "kwh": "11369",
        "cell": "6145550134",
        "address": "345 MAPLE LN ",
        "annual_cost": "$1,705.35",
        "annual_savings": "$511.61",
        "monthly_cost": "$142.11",
        "monthly_saving": "$42.63",
        "daily_cost": "4.67",
    }


def test_tags_match_in_any_casing_and_the_account_s_spelling_wins() -> None:
    assert columns_of({"CITY": "MARION", "Kwh": "12000", "AnnualCost": "$9.00"})["kwh"] == "12000"
    assert columns_of({"CITY": "MARION", "City": "GALION"})["city"] == "GALION"
    assert columns_of({"CITY": "MARION", "city": "GALION"})["city"] == "MARION"
    assert columns_of({"AnnualCost": "$9.00"})["annual_cost"] == "$9.00"


def test_no_fields_and_no_rows_make_empty_columns() -> None:
    assert set(columns_of(None).values()) == set(columns_of({}).values()) == {None}
    assert [len(array) for array in field_columns([])] == [0] * len(FIELD_TAGS)


def test_every_type_of_value_has_a_text() -> None:
    assert [field_text(value) for value in (12, 1.5, True, ["solar", "heat"], [], "0012")] == [
        "12",
        "1.5",
        "true",
        "solar, heat",
        None,
        "0012",
    ]
