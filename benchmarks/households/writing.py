"""How people and counties write a street: types, directions, ordinals and routes in every habit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.households.streets import DIRECTIONS, NONE, TYPES, Kind

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.households.streets import StreetNames, Streets

SPELT_OUT = (
    *("STREET", "AVENUE", "DRIVE", "ROAD", "COURT", "LANE", "PLACE", "BOULEVARD", "CIRCLE", "WAY", "TERRACE"),
    *("TRAIL", "PARKWAY", "PIKE"),
)
AUDITORS = ("ST", "AV", "DR", "RD", "CT", "LN", "PL", "BV", "CR", "WY", "TE", "TL", "PW", "PK")
OTHER_FORMS = (
    "ST.",
    "AV",
    "DR.",
    "RD.",
    "CRT",
    "LN.",
    "PLACE",
    "BLVD.",
    "CIRC",
    "WY",
    "TERR",
    "TR",
    "PKY",
    "PK",
)
DIRECTIONS_SPELT_OUT = ("NORTH", "SOUTH", "EAST", "WEST", "NORTHEAST", "SOUTHWEST", "NORTHWEST", "SOUTHEAST")
ROUTES: dict[Kind, tuple[str, ...]] = {
    Kind.STATE: (
        "SR {}",
        "ST RT {}",
        "STATE ROUTE {}",
        "OH-{}",
        "STATE RT {}",
        "ST RTE {}",
        "SR-{}",
        "S R {}",
    ),
    Kind.US: (
        "US {}",
        "US RT {}",
        "U S {}",
        "US HWY {}",
        "US-{}",
        "US ROUTE {}",
        "US HIGHWAY {}",
        "US RTE {}",
    ),
    Kind.COUNTY: (
        "CR {}",
        "CO RD {}",
        "COUNTY RD {}",
        "COUNTY ROAD {}",
        "C R {}",
        "CO ROAD {}",
        "CR-{}",
        "CO RD {}",
    ),
    Kind.TOWNSHIP: (
        "TR {}",
        "TWP RD {}",
        "TOWNSHIP RD {}",
        "TOWNSHIP ROAD {}",
        "T R {}",
        "TWP ROAD {}",
        "TR-{}",
        "TWP RD {}",
    ),
}
NAME_FORMS = 8
"""In how many forms a name is written; most names look the same in all of them."""
_ONES = (
    *(
        "",
        "FIRST",
        "SECOND",
        "THIRD",
        "FOURTH",
        "FIFTH",
        "SIXTH",
        "SEVENTH",
        "EIGHTH",
        "NINTH",
        "TENTH",
        "ELEVENTH",
    ),
    *(
        "TWELFTH",
        "THIRTEENTH",
        "FOURTEENTH",
        "FIFTEENTH",
        "SIXTEENTH",
        "SEVENTEENTH",
        "EIGHTEENTH",
        "NINETEENTH",
    ),
)
_TENS = ("", "", "TWENTY", "THIRTY", "FORTY", "FIFTY", "SIXTY")
_TENTHS = ("", "", "TWENTIETH", "THIRTIETH", "FORTIETH", "FIFTIETH", "SIXTIETH")


@dataclass(frozen=True, slots=True)
class Habits:
    """How a county writes its parcels' addresses."""

    types: tuple[str, ...]
    directions: tuple[str, ...]
    direction_last: bool
    name_form: int
    unit: str
    lower_case: bool
    township: str
    zip: str
    no_zip: str | None
    owner_shape: int


def draw_habits(rng: np.random.Generator) -> Habits:
    """A county's habits."""
    return Habits(
        types=(AUDITORS, TYPES, SPELT_OUT)[rng.choice(3, p=[0.45, 0.4, 0.15])],
        directions=DIRECTIONS_SPELT_OUT if rng.random() < 0.1 else DIRECTIONS,
        direction_last=bool(rng.random() < 0.15),
        name_form=int(rng.integers(NAME_FORMS)),
        unit=str(rng.choice(["UNIT {}", "#{}", "APT {}", "{}", "UN {}", "# {}", "U-{}"])),
        lower_case=bool(rng.random() < 0.1),
        township=str(rng.choice(["{} TWP", "{} TOWNSHIP", "{}", "{} TP"])),
        zip=str(rng.choice(["{}", "{}.0"], p=[0.6, 0.4])),
        no_zip=(None, "-1", "NA", "")[rng.integers(4)],
        owner_shape=int(rng.integers(3)),
    )


def name_text(kind: int, name: int, names: StreetNames, form: int) -> str:
    """A street's name without direction and type, in one of NAME_FORMS forms."""
    if kind == Kind.NAMED:
        text = names.texts[name]
        return text.replace("-", " ") if form % 2 else text
    if kind == Kind.ORDINAL:
        return ordinal_word(name) if form % 4 == 1 else ordinal_digits(name)
    return ROUTES[Kind(kind)][form].format(name)


def ordinal_digits(number: int) -> str:
    """`4TH`, `31ST`."""
    tail = "TH" if number // 10 == 1 else {1: "ST", 2: "ND", 3: "RD"}.get(number % 10, "TH")
    return f"{number}{tail}"


def ordinal_word(number: int) -> str:
    """`FOURTH`, `THIRTY-FIRST`."""
    if number < len(_ONES):
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENTHS[tens]


def street_texts(streets: Streets, names: StreetNames, habits: Habits) -> list[str]:
    """Each street as the county writes it: direction, name and type."""
    texts = []
    for kind, name, kind_of_type, direction in zip(
        streets.kind.tolist(),
        streets.name.tolist(),
        streets.type.tolist(),
        streets.direction.tolist(),
        strict=True,
    ):
        words = [name_text(kind, name, names, habits.name_form)]
        if kind_of_type != NONE:
            words.append(habits.types[kind_of_type])
        if direction != NONE:
            words.insert(len(words) if habits.direction_last else 0, habits.directions[direction])
        texts.append(" ".join(words))
    return texts
