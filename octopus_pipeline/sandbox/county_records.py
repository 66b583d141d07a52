"""Documents of invented houses and households, with the types and gaps that real county collections have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

Document = dict[str, Any]
"""A record as it is in MongoDB."""

NAN = float("nan")
_INITIALS = "ABDEJLMRQ"


def house(
    rng: Random, parcel: str, address: object, city: str, code: int, owner: tuple[str, str]
) -> Document:
    """A residential record; the owner is (first name, last name)."""
    bedrooms = rng.randrange(1, 6)
    return {
        "parcel_id": parcel,
        "address": address,
        "parcel_city": rng.choices((city, f"{city} TWP", "NA", NAN), (82, 8, 5, 5))[0],
        "parcel_zip": _written_zip(rng, code),
        "parcel_owner": f"{owner[1]} {owner[0]}",
        "age": rng.choice((rng.randrange(1_880, 2_024), rng.randrange(1_940, 2_000), -1)),
        "living_area_total": rng.choice((float(rng.randrange(600, 3_600)), -1)),
        "story_height": rng.choice((1.0, 1.5, 2.0, -1.0)),
        "bedrooms": float(bedrooms),
        "bathrooms": float(max(1, bedrooms - 1)),
        "half_baths": rng.choice((0.0, 1.0, -1)),
        "rooms": float(bedrooms + 3),
        "garage_size": rng.choice((240.0, 400.0, -1)),
        "rcn": float(rng.randrange(40_000, 400_000)),
        "heat_type": rng.choice(("GAS", "ELECTRIC", "OIL", "NA")),
        "air_conditioning": rng.choice(("CENTRAL", "NONE", "NA")),
        "construction_quality": rng.choice(("C", "C+", "B", "D", "NA")),
        "census_tract": rng.choice((f"{rng.randrange(1, 99)}.{rng.randrange(10, 99)}", "NA")),
    }


def household(
    rng: Random, lives_in: Document, name: tuple[str, str], email: str, phone: str, annual_cost: float
) -> Document:
    """A demographic record of a house's customer; an empty e-mail address or phone is written as missing."""
    income = rng.choice((float(rng.randrange(9_000, 60_000)), -1))
    gas = rng.choice((round(rng.uniform(200, 1_500), 2), -1))

    def burden(cost: float) -> float:
        return round(cost / income, 4) if income > 0 and cost > 0 else -1

    return {
        "parcel_id": lives_in["parcel_id"],
        "address": lives_in["address"],
        "service_city": lives_in["parcel_city"],
        "parcel_zip": lives_in["parcel_zip"],
        "customer_name": _customer_name(rng, *name),
        "email": rng.choice((email, email.upper())) if email else rng.choice((-1, NAN, "NA")),
        "mobile": _written_phone(rng, phone),
        "annual_kwh_cost": annual_cost,
        "annual_gas_cost": gas,
        "energy_burden_kwh": burden(annual_cost),
        "energy_burden_gas": burden(gas),
        "total_energy_burden": burden(annual_cost + max(gas, 0)),
        "estimated_income": income,
        "income_level": rng.choice((1.0, 2.0, 3.0, -1.0)),
        "md_householdsize": rng.choice((1.0, 2.0, 3.0, 5.0, -1.0)),
        "age in two-year increments - 1st individual": rng.choice((34.0, 46.0, 58.0, 72.0, -1.0)),
    }


def _customer_name(rng: Random, first: str, last: str) -> str:
    """A customer's name in one of the three shapes that energy companies have."""
    shapes = (
        f"{first} {last}",
        f"{first} {rng.choice(_INITIALS)} {last}",
        f"{last}, {first} {rng.choice(_INITIALS)}",
    )
    return rng.choice(shapes)


def _written_phone(rng: Random, phone: str) -> object:
    """A telephone number as county records have it; one of the ways to say nothing where there is none."""
    return rng.choice((phone, float(phone))) if phone else rng.choice((-1, NAN, "NA"))


def _written_zip(rng: Random, code: int) -> object:
    """A ZIP code as county records have it: a number, a float, rarely text, ZIP+4 or nothing."""
    share = rng.random()
    if share < 0.04:
        return rng.choice((-1, NAN))
    if share < 0.08:
        return rng.choice((str(code), f"{code}-{rng.randrange(10_000):04d}"))
    return code if share < 0.6 else float(code)
