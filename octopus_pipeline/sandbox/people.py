"""Invented people: names, e-mail addresses and the contact fields of an Ohio household.

Addresses follow the habits of real participants: mostly upper case, with the spellings of roads that county
records write differently. Telephone numbers are 555 ones, e-mail addresses at example domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from octopus_pipeline.sandbox.account import Fields

FIRST_NAMES = (
    "ada", "benjamin", "carla", "dwayne", "edith", "frank", "gloria", "harold", "ines", "jerome", "kayla",
    "leroy", "maria", "nathan", "olive", "pedro", "quinn", "rosa", "samuel", "tanya", "ulysses", "vera",
    "walter", "xenia", "yolanda", "zachary",
)  # fmt: skip
LAST_NAMES = (
    "sample", "example", "maple", "otter", "brook", "carver", "dalton", "ellery", "fairfax", "granger",
    "hollis", "ingram", "jarvis", "kettle", "lowell", "marsh", "norwood", "o'brien", "pruitt", "quarry",
    "rhodes", "sutter", "tolliver", "upton", "vance", "whitcomb", "yarrow", "zimmer",
)  # fmt: skip
EMAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")

PLACES = (
    ("MANSFIELD", ("44902", "44903", "44906", "44907"), "419"),
    ("COLUMBUS", ("43204", "43206", "43211", "43223"), "614"),
    ("MARION", ("43302",), "740"),
    ("MOUNT GILEAD", ("43338",), "419"),
    ("CARDINGTON", ("43315",), "419"),
    ("GALION", ("44833",), "419"),
    ("SHELBY", ("44875",), "419"),
    ("CADIZ", ("43907",), "740"),
    ("PORT CLINTON", ("43452",), "419"),
    ("ATHENS", ("45701",), "740"),
    ("GROVE CITY", ("43123",), "614"),
)
"""City, its ZIP codes and its telephone area code."""

_STREETS = (
    "Maple", "Martel", "Hillcrest", "Cadiz-New Athens", "Cherry", "Park Avenue West", "Lexington Springmill",
    "Marion-Williamsport", "Prospect", "Glessner", "Diamond", "Sullivant", "Mount Zion", "Wood", "Delaware",
)  # fmt: skip
_SUFFIXES = ("Rd", "Ave", "St", "Ln", "Dr", "Ct", "Blvd", "Pike", "Street", "Avenue")
_NUMBERED = ("1st St", "2nd Ave", "3rd St", "4th Ave", "5th St", "11th Ave")
_MAIN_STREETS = ("N Main St", "S Main St", "E Center St", "West High Street", "N. Broad St")
_ROUTES = (
    "OH-314",
    "State Route 314",
    "SR 61",
    "US-40",
    "US Hwy 40",
    "US Route 42",
    "County Road 59",
    "CR 28",
)
_UNITS = (" Apt 4", " #4", " Unit B", " Lot 17", ", Apt 2C")

MONEY_TAGS = ("annualcost", "AnnualSavings", "MonthlyCost", "MonthlySaving", "DailyCost")
"""The account's money fields, with the odd casing it gave them."""


@dataclass(slots=True)
class Person:
    """One invented person: an e-mail address and the fields every contact of theirs starts with."""

    email_address: str
    fields: Fields


def invent_person(rng: Random, number: int) -> Person:
    """The `number`-th person of an account; the number keeps e-mail addresses apart."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    email = f"{first}.{last}{number}@{EMAIL_DOMAINS[number % len(EMAIL_DOMAINS)]}"
    return Person(email, _fields(rng))


def _fields(rng: Random) -> Fields:
    city, zips, area_code = rng.choice(PLACES)
    zip_code = rng.choice(zips)
    kwh = rng.randrange(2_400, 30_000)
    return {
        "FirstName": None,
        "LastName": None,
        "Address": invent_address(rng),
        "City": city if rng.random() < 0.9 else city.title(),
        "ZIP": zip_code if rng.random() < 0.8 else int(zip_code),
        "Cell": f"{area_code}555{rng.randrange(10_000):04d}" if rng.random() < 0.35 else "",
        "kWh": kwh if rng.random() < 0.7 else str(kwh),
        **money_fields(kwh * rng.uniform(0.12, 0.17)),
    }


def money_fields(annual_cost: float) -> dict[str, str]:
    """The five money fields of a household that pays `annual_cost` dollars a year, as text."""
    saving = annual_cost * 0.3
    amounts = (annual_cost, saving, annual_cost / 12, saving / 12, annual_cost / 365)
    return {tag: f"${amount:,.2f}" for tag, amount in zip(MONEY_TAGS, amounts, strict=True)}


def invent_address(rng: Random) -> str:
    """A street address, mostly in upper case."""
    number = rng.randrange(10, 9_900)
    habit = rng.random()
    if habit < 0.08:
        street = rng.choice(_ROUTES)
    elif habit < 0.14:
        street = rng.choice(_NUMBERED)
    elif habit < 0.26:
        street = rng.choice(_MAIN_STREETS)
    else:
        street = f"{rng.choice(_STREETS)} {rng.choice(_SUFFIXES)}"
    unit = rng.choice(_UNITS) if rng.random() < 0.12 else ""
    address = f"{number} {street}{unit}"
    return address.upper() if rng.random() < 0.8 else address
