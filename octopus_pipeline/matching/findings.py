"""What agrees and what differs between a participant and a parcel, each with its weight in bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from octopus_pipeline.matching.comparable import DIRECTION_CODES, NONE, STREET_TYPE_CODES
from octopus_pipeline.matching.levels import City, Name, Number, Part, Person, Secondary, Zip
from octopus_pipeline.matching.weights import log_others

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.candidates import Candidates
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.county_index import Gazetteer

NATS_A_BIT: Final = math.log(2)


class Subject(StrEnum):
    """What a finding is about.

    The parts of an address cost bits, few where they agree and many where they differ in a way that is rare between
    what people write and their own parcel. `OTHER_PARCELS` pays for all of them together: the fewer parcels that are
    not the participant's agree as well, the more an agreement says. `PERSON` weighs own against other by itself.
    """

    NUMBER = "house number"
    STREET = "street"
    TYPE_AND_DIRECTION = "type and direction"
    AREA = "ZIP and city"
    UNIT = "unit"
    OTHER_PARCELS = "other parcels"
    PERSON = "name"


@dataclass(frozen=True, slots=True)
class Finding:
    """What agrees or differs.

    Attributes:
        subject: what it is about.
        levels: names of the levels (`levels`) that the pair reaches, one or two; none of `OTHER_PARCELS`.
        ours, theirs: what is compared, normalised; '' where nothing is.
        bits: the weight.
        expected: of `OTHER_PARCELS`, how many are expected to agree as well; else None.
    """

    subject: Subject
    levels: tuple[str, ...]
    ours: str
    theirs: str
    bits: float
    expected: float | None = None


def findings(
    candidates: Candidates, pair: int, ours: Places, names: Households, county: Gazetteer
) -> tuple[Finding, ...]:
    """What speaks for and against one pair; with the candidate's prior the bits add up to its odds.

    `ours`, `names`: the participant alone, in its own terms.
    """
    row = np.array([pair])
    compared = candidates.compared.take(row)
    own = {part: weights[row] for part, weights in candidates.own.items()}
    other = {part: weights[row] for part, weights in candidates.other.items()}
    others = float(log_others(own, other)[0])
    theirs, household = county.places.take(compared.pairs.right), county.households.take(compared.pairs.right)
    mine, its = _texts(ours, names), _texts(theirs, household)

    def finding(subject: Subject, weight: NDArray[np.float64], *levels: IntEnum) -> Finding:
        names = tuple(level.name for level in levels)
        return Finding(subject, names, mine[subject], its[subject], float(weight[0]) / NATS_A_BIT)

    return (
        finding(Subject.NUMBER, own["number"], Number(compared.number[0])),
        finding(Subject.STREET, own["name"], Name(compared.name[0])),
        finding(
            Subject.TYPE_AND_DIRECTION,
            own["parts"],
            Part(compared.type[0]),
            Part(compared.direction[0]),
        ),
        finding(Subject.AREA, own["area"], Zip(compared.zip[0]), City(compared.city[0])),
        finding(Subject.UNIT, own["secondary"], Secondary(compared.secondary[0])),
        Finding(Subject.OTHER_PARCELS, (), "", "", -others / NATS_A_BIT, math.exp(others)),
        finding(Subject.PERSON, own["person"] - other["person"], Person(compared.person[0])),
    )


def _texts(place: Places, household: Households) -> dict[Subject, str]:
    """What is compared of the only row of each, as text."""
    number, end, zip_code = int(place.number[0]), int(place.number_to[0]), int(place.zip[0])
    kind, direction = int(place.street_type[0]), int(place.direction[0])
    street_type = STREET_TYPE_CODES[kind] if kind != NONE else ""
    towards = DIRECTION_CODES[direction] if direction != NONE else ""
    texts = {
        name: column.distinct[int(column.codes[0])].as_py() if column.codes[0] != NONE else ""
        for name, column in (("street", place.street), ("unit", place.secondary), ("city", place.city))
    }
    words = [
        household.words[code].as_py()
        for code in (*household.first[0].tolist(), *household.last[0].tolist())
        if code != NONE
    ]
    return {
        Subject.NUMBER: (f"{number}-{end}" if end else str(number)) if number else "",
        Subject.STREET: texts["street"],
        Subject.TYPE_AND_DIRECTION: " ".join(filter(None, (street_type, towards))),
        Subject.AREA: " ".join(filter(None, (f"{zip_code:05d}" if zip_code else "", texts["city"]))),
        Subject.UNIT: texts["unit"],
        Subject.PERSON: " ".join(words),
    }
