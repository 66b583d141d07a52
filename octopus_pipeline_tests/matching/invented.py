"""An invented county for the tests: parcels on the streets that Ohio has everywhere, customers who do not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.counties.fields import DEMOGRAPHIC_SCHEMA, RESIDENTIAL_SCHEMA
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.preparing import prepare_county

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from octopus_pipeline.matching.households import HouseholdMatches
    from octopus_pipeline.matching.preparing import CountyIndexCounts

    Record = Mapping[str, Any]

MANSFIELD, LEXINGTON = 44906, 44904
"""ZIPs of Richland; a part of the second is Morrow's."""

_STREETS = (
    ("MARTEL RD", 5400, "MANSFIELD", MANSFIELD),
    ("HILLCREST AV", 1581, "MANSFIELD", MANSFIELD),
    ("MAIN ST", 590, "MANSFIELD", MANSFIELD),
    ("FOURTH AV", 3675, "MANSFIELD", MANSFIELD),
    ("N MAPLE ST", 21, "MANSFIELD", MANSFIELD),
    ("S MAPLE ST", 21, "MANSFIELD", MANSFIELD),
    ("OAK ST", 300, "MANSFIELD", MANSFIELD),
    ("OAK CT", 300, "MANSFIELD", MANSFIELD),
    ("PLYMOUTH ST", 40, "LEXINGTON", LEXINGTON),
    ("MAIN ST", 9590, "LEXINGTON", LEXINGTON),
    ("WOODWARD AV", 700, "LEXINGTON", LEXINGTON),
    ("STEAM CORNERS RD", 4100, "LEXINGTON", LEXINGTON),
)
_HOUSES = 24
"""A street, two apart."""

_LAST_NAMES = """
ABERNATHY BIRKHOLZ CRENSHAW DELACRUZ ELLSWORTH FAIRWEATHER GUNDERSON HOLLOWAY IGLESIAS JOLICOEUR KOWALCZYK LINDQUIST
MCGILLICUDDY NAKAMURA OYELARAN PEMBERTON QUACKENBUSH ROSENTHAL SORENSEN THORNBURY UNDERHILL VALENZUELA WHITTAKER
"""
_GIVEN_NAMES = ("ALICE", "BRUCE", "CAROL", "DONALD", "EILEEN", "FRANK", "GLORIA", "HAROLD", "IRENE")


@dataclass
class County:
    """Records of a county, to be changed by a test before it is prepared."""

    name: str = "Richland"
    residential: list[Record] = field(default_factory=list)
    demographic: list[Record] = field(default_factory=list)

    def prepare(self, folder: Path) -> CountyIndexCounts:
        """Prepare it, as {name}.arrow."""
        path = folder / f"{self.name}.arrow"
        return prepare_county(self.name, residential(self.residential), demographic(self.demographic), path)


def county(name: str = "Richland", *more: Record) -> County:
    """The invented county: some hundred parcels with customers, every one told apart from its neighbours."""
    houses: list[Record] = []
    customers: list[Record] = []
    families = _LAST_NAMES.split()
    for street, lowest, city, zip_code in _STREETS:
        for house in range(_HOUSES):
            place = len(houses)
            key, address = f"p{place:04}", f"{lowest + 2 * house} {street}"
            who = f"{_GIVEN_NAMES[place % len(_GIVEN_NAMES)]} {families[place % len(families)]}"
            where = {"address": address, "service_city": city, "parcel_zip": zip_code}
            contact = {"email": f"customer{place}@example.com", "mobile": f"419555{place:04}"}
            houses.append(house_at(key, address, city, zip_code, parcel_owner=who))
            customers.append(customer_at(key, who, **where, **contact))
    return County(name, [*houses, *more], customers)


def house_at(
    parcel_id: str, address: str | None, city: str | None, zip_code: int | None, **more: Any
) -> Record:
    """A residential record."""
    return {
        "parcel_id": parcel_id, "address": address, "parcel_city": city, "parcel_zip": zip_code, "year_built": 1987,
    } | more  # fmt: skip


def customer_at(parcel_id: str, customer_name: str | None, **more: Any) -> Record:
    """A demographic record."""
    return {"parcel_id": parcel_id, "customer_name": customer_name, "annual_kwh_cost": 1705.35} | more


def residential(records: Iterable[Record]) -> pa.Table:
    """Records as a table; fields that are not named are missing."""
    return pa.Table.from_pylist(list(records), RESIDENTIAL_SCHEMA)


def demographic(records: Iterable[Record]) -> pa.Table:
    """The same of demographic records."""
    return pa.Table.from_pylist(list(records), DEMOGRAPHIC_SCHEMA)


def participants(*rows: Record | str) -> pa.Table:
    """Participants; a text is one's address, in Mansfield unless it says otherwise."""
    named = [person(row) if isinstance(row, str) else row for row in rows]
    return pa.Table.from_pylist(named, PARTICIPANT_SCHEMA)


def person(
    address: str | None, city: str | None = "MANSFIELD", zip_code: str | None = "44906", **more: Any
) -> Record:
    """A participant."""
    return {"address": address, "city": city, "zip": zip_code} | more


def found(folder: Path, *rows: Record | str) -> HouseholdMatches:
    """What the counties prepared in a folder have of participants."""
    return find_households(participants(*rows), PreparedCounties(folder))


def residence(folder: Path, row: Record | str) -> Record:
    """The residence of one participant."""
    return found(folder, row).residence.to_pylist()[0]  # type: ignore[no-any-return]


def household(folder: Path, row: Record | str) -> Record:
    """The demographic record of one participant."""
    return found(folder, row).demographic.to_pylist()[0]  # type: ignore[no-any-return]
