"""Invented people, as many as a benchmark wants, written as complete documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, prepare_people_database
from octopus_pipeline.people.documents import person_document
from octopus_pipeline.people.totals import record_totals

if TYPE_CHECKING:
    from pymongo.database import Database

RECEIVED = 10
"""Campaigns a person; every second one was opened, and of one in 50 people the first one bounced."""

COUNTIES = list(COUNTY_BY_FIPS.values())
QUALITIES = ("review", "no_match")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 7
"""A person's campaigns begin so many after those of the one before."""

_AT_ONCE = 5_000


def fill_people(database: Database[dict[str, Any]], people: int, campaigns: int = RECEIVED) -> None:
    """Write so many people with `RECEIVED` of the campaigns each, and the campaigns with their totals."""
    prepare_people_database(database)
    for start in range(0, people, _AT_ONCE):
        documents = [_person(number, campaigns) for number in range(start, min(people, start + _AT_ONCE))]
        database[PEOPLE].insert_many(documents, ordered=False)
    database[CAMPAIGNS].insert_many(
        {"campaign_id": campaign_id(one), "name": f"Campaign {one}", "sent_at": NOW - timedelta(days=one)}
        for one in range(campaigns)
    )
    for one in range(min(campaigns, RECEIVED)):
        record_totals(database, campaign_id(one), {})


def _zip(number: int) -> str:
    return f"{43001 + number * 31 % 1_000}"


def campaign_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def _person(number: int, campaigns: int) -> dict[str, Any]:
    """Somebody invented; three of four have a residence, two of three a customer's record."""
    parcel = {
        "county": COUNTIES[number % len(COUNTIES)],
        "parcel_id": f"010-{number:06}-00",
        "quality": "exact",
        "score": 0.9988,
    }
    home = {
        **parcel, "address": f"{number} MAPLE LN", "parcel_city": "COLUMBUS", "parcel_zip": _zip(number),
        "year_built": 1987, "method": "address exact",
    }  # fmt: skip
    customer = {
        **parcel, "customer_name": "SAMPLE, JANE", "email": None, "mobile": None, "annual_kwh_cost": 1705.35,
        "total_energy_burden": 0.0612, "estimated_income": 27900.0, "method": "parcel",
    }  # fmt: skip
    fields = {
        "Address": f"{number} MAPLE LN", "AnnualSavings": "$511.61", "Cell": "6145550134", "City": "COLUMBUS",
        "DailyCost": "$4.67", "MonthlyCost": "$142.11", "MonthlySaving": "$42.63", "ZIP": "43215",
        "annualcost": "$1,705.35", "kWh": "12000",
    }  # fmt: skip
    address = f"person{number:08}@example.com"
    record = {
        "updated_at": NOW, "seen_at": None, "email_address": address, "phone_number": None,
        "status": "SUBSCRIBED", "zip": "43215", "fields": fields,
    }  # fmt: skip
    match = {
        "matched_at": NOW, "updated_at": NOW, "match_quality": "exact" if number % 4 else QUALITIES[number // 4 % 2],
        "match_reason": None, "residence_ref": home if number % 4 else None,
        "demographic_ref": customer if number % 3 else None,
    }  # fmt: skip
    contact = {"contact_id": f"contact-{number}", "record": record, "match": match}
    received = ((number * STEP + one) % campaigns for one in range(RECEIVED))
    entries = (
        _engagement(campaign, is_engaged=one % 2 == 0, is_bounced=one == 0 and number % 50 == 0)
        for one, campaign in enumerate(received)
    )
    return person_document([address], [contact], entries, NOW)


def _engagement(campaign: int, *, is_engaged: bool, is_bounced: bool) -> dict[str, Any]:
    time = NOW if is_engaged else None
    return {
        "campaign_id": campaign_id(campaign), "opened": is_engaged, "clicked": is_engaged and campaign % 5 == 0,
        "bounced": is_bounced, "complained": False, "unsubscribed": False, "engaged_at": time, "last_engaged_at": time,
    }  # fmt: skip
