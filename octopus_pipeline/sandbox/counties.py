"""County records to go with a generated account: some of its people live there, and everything odd is in them.

Streets, people and numbers are invented; the counties have the names of Ohio's, as the participants' ZIP codes do.
What real records have in them: repeated parcel ids, condominiums, parcels without number, address or id, every way
to say nothing, three shapes of customers' names, neighbours and streets' twins, a customer who has moved, and
a county whose collections have the old names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from octopus_pipeline.sandbox.county_people import Resident, invent_name, residents
from octopus_pipeline.sandbox.county_records import NAN, Document, house, household
from octopus_pipeline.sandbox.county_spelling import Habits, PlainAddress, county_address, plain_address
from octopus_pipeline.sandbox.people import PLACES, invent_address

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Account

PARCELS = 300
_MOST_RESIDENTS = 180
_AT_HOME = 0.88
_TWINS = ("RD", "AV", "ST", "LN", "DR", "CT")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a participant truly lives.

    `parcel_id` is the parcel at their address. `customer_parcel_id` is the one whose demographic record is theirs: the
    same, None where no record is, or for someone who moved another parcel of the same county.
    """

    email_address: str
    county: str
    parcel_id: str
    customer_parcel_id: str | None


@dataclass(slots=True)
class SampleCounty:
    """An invented county.

    Attributes:
        name: its key.
        old_names: whether its collections and ZIP field have their old names.
        residential, demographic: its documents.
        homes: the participants who live there; whoever is not named must be matched to nothing.
    """

    name: str
    old_names: bool
    residential: list[Document] = field(default_factory=list)
    demographic: list[Document] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)

    @property
    def collections(self) -> dict[str, list[Document]]:
        """Name of the MongoDB collection -> its documents."""
        stem = self.name if self.old_names else f"{self.name}County"
        return {f"{stem}Residential": self.residential, f"{stem}Demographic": self.demographic}


@dataclass(frozen=True, slots=True)
class _Plan:
    name: str
    cities: tuple[str, ...]
    habits: Habits
    parcel_id: str
    old_names: bool = False


_PLANS = (
    _Plan(
        "Franklin",
        ("COLUMBUS", "GROVE CITY"),
        Habits("ST RT {}", "U S {}", "CR {}", spells_ordinals=True, unit="UNIT"),
        "010-{:06d}-00",
    ),
    _Plan(
        "Richland",
        ("MANSFIELD", "SHELBY"),
        Habits("SR {}", "US {}", "COUNTY ROAD {}", spells_ordinals=False, unit="#"),
        "270912{:06d}",
    ),
    _Plan(
        "Morrow",
        ("MOUNT GILEAD", "CARDINGTON"),
        Habits("STATE ROUTE {}", "US RT {}", "CO RD {}", spells_ordinals=True, unit="APT"),
        "B12-001-00-{:03d}-00",
        old_names=True,
    ),
)


def generate_counties(account: Account, *, seed: int) -> list[SampleCounty]:
    """Three counties of some `PARCELS` parcels each for the people of an account; the same seed gives the same ones.

    Nobody else's address in the account is at a parcel by accident: `homes` is all the truth.
    """
    rng = Random(seed)  # noqa: S311  # invented people need no cryptography
    return [_County(plan, account, rng).build() for plan in _PLANS]


class _County:
    """A county in the making."""

    def __init__(self, plan: _Plan, account: Account, rng: Random) -> None:
        self._plan = plan
        self._rng = rng
        self._made = SampleCounty(plan.name, plan.old_names)
        self._places = [(city, zips) for city, zips, _ in PLACES if city in plan.cities]
        self._people = residents(account, self._places)
        self._taken = {
            (plain.number, plain.core)
            for contact in account.contacts.values()
            if (plain := plain_address(str(contact.fields.get("Address") or "")))
        }
        self._next_parcel = 1

    def build(self) -> SampleCounty:
        rng = self._rng
        chosen = rng.sample(self._people, min(_MOST_RESIDENTS, int(len(self._people) * _AT_HOME)))
        for number, resident in enumerate(chosen):
            self._settle(resident, moved=number % 40 == 7)
        while len(self._made.residential) < PARCELS - 8:
            self._add_stranger()
        self._add_condominium()
        self._add_odd_parcels()
        rng.shuffle(self._made.residential)
        rng.shuffle(self._made.demographic)
        if self._plan.old_names:
            for document in (*self._made.residential, *self._made.demographic):
                document["zip_code"] = document.pop("parcel_zip")
        return self._made

    def _settle(self, resident: Resident, *, moved: bool) -> None:
        """Give a resident a parcel, mostly a customer's record, and often neighbours who could be taken for them."""
        rng, address = self._rng, resident.address
        in_building = bool(address.unit) and rng.random() < 0.5
        written = county_address(address, self._plan.habits, rng, with_unit=in_building)
        owner = (resident.first, resident.last) if rng.random() < 0.65 else invent_name(rng)
        parcel = self._add_house(written, resident.city, resident.zip, owner)
        if in_building:
            for unit in ("A", "B", "3"):
                if unit != address.unit:
                    beside = PlainAddress(address.number, address.street, unit)
                    other = county_address(beside, self._plan.habits, rng, with_unit=True)
                    self._add_house(other, resident.city, resident.zip, invent_name(rng))
        elif rng.random() < 0.25:
            self._add_neighbour(written, resident)
        customer_parcel = parcel if rng.random() < 0.8 else None
        if moved:
            old = rng.choice(self._places)
            customer_parcel = self._add_house(self._free_address(), old[0], int(old[1][0]), invent_name(rng))
        if customer_parcel:
            self._add_customer_of(resident, customer_parcel, has_email=moved or rng.random() < 0.55)
        self._made.homes.append(Home(resident.email_address, self._plan.name, parcel, customer_parcel))

    def _add_neighbour(self, written: str, resident: Resident) -> None:
        """Add the house next door, or the one with the same number on the street's twin."""
        number, _, street = written.partition(" ")
        words = street.split()
        if words[-1] in _TWINS and len(words) > 1 and self._rng.random() < 0.4:
            twin = self._rng.choice([suffix for suffix in _TWINS if suffix != words[-1]])
            address = " ".join([number, *words[:-1], twin])
        else:
            address = f"{int(number) + 2} {street}"
            plain = plain_address(address)
            if plain is None or (plain.number, plain.core) in self._taken:
                return
        self._add_house(address, resident.city, resident.zip, invent_name(self._rng))

    def _add_stranger(self) -> None:
        """Add the house of somebody who is no participant, mostly with a customer's record."""
        rng = self._rng
        city, zips = rng.choice(self._places)
        name = invent_name(rng)
        parcel = self._add_house(self._free_address(), city, int(rng.choice(zips)), name)
        if rng.random() < 0.75:
            self._add_customer(parcel, name, "", "", round(rng.uniform(400, 4_000), 2))

    def _free_address(self) -> str:
        """An address as the county writes it that is nobody's in the account."""
        while True:
            plain = plain_address(invent_address(self._rng))
            if plain and not plain.unit and (plain.number, plain.core) not in self._taken:
                self._taken.add((plain.number, plain.core))
                return county_address(plain, self._plan.habits, self._rng, with_unit=False)

    def _add_condominium(self) -> None:
        """Add a building whose four units have the very same address."""
        city, zips = self._places[0]
        address = self._free_address()
        for _ in range(4):
            self._add_house(address, city, int(zips[0]), invent_name(self._rng))

    def _add_odd_parcels(self) -> None:
        """Add what auditors' files always have: a row twice, and rows without number, address or id."""
        rows = self._made.residential
        rows.append(dict(rows[0]))
        city, zips = self._places[-1]
        for address in ("MAPLE RD", "0 HILLCREST AV", "NA", NAN):
            self._add_house(address, city, int(zips[0]), invent_name(self._rng))
        rows[-3]["parcel_id"] = "NA"
        del rows[-1]["parcel_owner"]

    def _add_house(self, address: object, city: str, code: int, owner: tuple[str, str]) -> str:
        parcel = self._plan.parcel_id.format(self._next_parcel)
        self._next_parcel += 1
        self._made.residential.append(house(self._rng, parcel, address, city, code, owner))
        return parcel

    def _add_customer_of(self, resident: Resident, parcel: str, *, has_email: bool) -> None:
        name = (resident.first, resident.last)
        if not has_email and self._rng.random() < 0.15:
            name = (invent_name(self._rng)[0], resident.last)  # somebody else of the household
        email = resident.email_address if has_email else ""
        phone = resident.phone if self._rng.random() < 0.7 else ""
        self._add_customer(parcel, name, email, phone, resident.annual_cost)

    def _add_customer(
        self, parcel: str, name: tuple[str, str], email: str, phone: str, annual_cost: float
    ) -> None:
        lives_in = next(row for row in self._made.residential if row["parcel_id"] == parcel)
        self._made.demographic.append(household(self._rng, lives_in, name, email, phone, annual_cost))
