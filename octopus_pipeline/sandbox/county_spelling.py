"""How county auditors write addresses that people write otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_SUFFIXES = {
    "ROAD": "RD",
    "AVENUE": "AV",
    "AVE": "AV",
    "STREET": "ST",
    "LANE": "LN",
    "DRIVE": "DR",
    "COURT": "CT",
    "BLVD": "BV",
}
_DIRECTIONS = {"NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W"}
_ORDINALS = {
    "1ST": "FIRST",
    "2ND": "SECOND",
    "3RD": "THIRD",
    "4TH": "FOURTH",
    "5TH": "FIFTH",
    "11TH": "ELEVENTH",
}
_ROUTES = {
    "SR": re.compile(r"(?:OH-|STATE ROUTE |SR )(\d+)"),
    "US": re.compile(r"US(?:-| HWY | ROUTE )(\d+)"),
    "CR": re.compile(r"(?:COUNTY ROAD |CR )(\d+)"),
}
_ADDRESS = re.compile(r"(\d+) (.+?)(?:,? (APT|#|UNIT|LOT) ?(\w+))?")


@dataclass(frozen=True, slots=True)
class Habits:
    """What a county writes for a state route, a US route and a county road (`{}` is the number), 4TH and APT 4."""

    state_route: str
    us_route: str
    county_road: str
    spells_ordinals: bool
    unit: str


@dataclass(frozen=True, slots=True)
class PlainAddress:
    """An address taken apart: `12`, `N MAIN ST`, `4` (empty if it has no unit)."""

    number: int
    street: str
    unit: str

    @property
    def core(self) -> str:
        """The street without what tells it from its twins: direction and suffix."""
        short = {*_DIRECTIONS.values(), *_SUFFIXES.values(), "RD", "ST", "LN", "DR", "CT", "PIKE"}
        words = [word for word in self.street.split() if word not in short]
        return " ".join(words)


def plain_address(text: str) -> PlainAddress | None:
    """Take apart an address that a person wrote; None if it is not of the usual form.

    The street is upper case, with short suffixes and directions; routes are `SR 314`, `US 40`, `CR 59`.
    """
    match = _ADDRESS.fullmatch(" ".join(text.upper().split()))
    if match is None or not re.fullmatch(r"[A-Z0-9][A-Z0-9 .'-]*", match[2]):
        return None
    return PlainAddress(int(match[1]), _street(match[2].replace(".", "")), match[4] or "")


def _street(said: str) -> str:
    for short, pattern in _ROUTES.items():
        if route := pattern.fullmatch(said):
            return f"{short} {route[1]}"
    first, *rest = said.split()
    return " ".join([_DIRECTIONS.get(first, first), *(_SUFFIXES.get(word, word) for word in rest)])


def county_street(street: str, habits: Habits, rng: Random) -> str:
    """A street as the county writes it; now and then the direction or half of a double name is dropped."""
    short, _, number = street.partition(" ")
    if short in _ROUTES and number.isdigit():
        habit = {"SR": habits.state_route, "US": habits.us_route, "CR": habits.county_road}[short]
        return habit.format(number)
    double = street.replace("CADIZ-NEW", "NEW" if rng.random() < 0.3 else "CADIZ NEW")
    words = double.replace("-", " ").split()
    if habits.spells_ordinals:
        words = [_ORDINALS.get(word, word) for word in words]
    if words[0] in _DIRECTIONS.values() and rng.random() < 0.15:
        words = words[1:]
    return " ".join(words)


def county_address(address: PlainAddress, habits: Habits, rng: Random, *, with_unit: bool) -> str:
    """A whole address as the county writes it."""
    unit = f" {habits.unit} {address.unit}" if with_unit and address.unit else ""
    return f"{address.number} {county_street(address.street, habits, rng)}{unit}"
