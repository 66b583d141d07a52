"""The participants of a generated account who could live in a county, and what a county knows of a household."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octopus_pipeline.sandbox.county_spelling import PlainAddress, plain_address
from octopus_pipeline.sandbox.people import FIRST_NAMES, LAST_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from octopus_pipeline.sandbox.account import Account, Fields


@dataclass(frozen=True, slots=True)
class Resident:
    """A participant with an address of the usual form; `zip` and `city` fit together."""

    email_address: str
    first: str
    last: str
    address: PlainAddress
    city: str
    zip: int
    phone: str
    annual_cost: float


def residents(account: Account, places: Iterable[tuple[str, tuple[str, ...]]]) -> list[Resident]:
    """The account's people in (city, ZIP codes), by e-mail address; those who share an address are left out.

    Whoever is on two lists is one person: their e-mail addresses differ in capitals only.
    """
    zips_of_city = dict(places)
    found: dict[str, Resident] = {}
    for contact in account.contacts.values():
        email = contact.email_address.lower()
        resident = _resident(email, contact.fields)
        if resident is not None and f"{resident.zip:05d}" in zips_of_city.get(resident.city, ()):
            found.setdefault(email, resident)
    at_address = Counter((one.address.number, one.address.core, one.zip) for one in found.values())
    alone = [one for one in found.values() if at_address[one.address.number, one.address.core, one.zip] == 1]
    return sorted(alone, key=lambda one: one.email_address)


def _resident(email: str, fields: Fields) -> Resident | None:
    address, city, code, cost = (fields.get(tag) for tag in ("Address", "City", "ZIP", "annualcost"))
    plain = plain_address(address) if isinstance(address, str) else None
    if plain is None or not isinstance(city, str) or not str(code).isdigit() or not cost:
        return None
    first, _, rest = email.partition("@")[0].partition(".")
    phone = str(fields.get("Cell") or "")
    return Resident(
        email_address=email,
        first=first.upper(),
        last=rest.rstrip("0123456789").upper(),
        address=plain,
        city=city.upper(),
        zip=int(str(code)),
        phone=phone if phone.isdigit() else "",
        annual_cost=float(str(cost).strip("$").replace(",", "")),
    )


def invent_name(rng: Random) -> tuple[str, str]:
    """First and last name of somebody who is no participant, in upper case."""
    return rng.choice(FIRST_NAMES).upper(), rng.choice(LAST_NAMES).upper()
