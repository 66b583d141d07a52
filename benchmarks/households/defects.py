"""What goes wrong when people type their address and their name, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.households import mistyping
from benchmarks.households.answers import OTHERWISE, SPELT, Answers
from benchmarks.households.people import draw_first_names, draw_last_names, last_names
from benchmarks.households.streets import NONE, TYPES, opposite
from benchmarks.households.vocabulary import FIRST_NAMES, NICKNAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.households.places import County

    Texts = NDArray[Any]
    Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Mistake:
    """The answers of a county's participants, those rows of them that go wrong, and chance."""

    answers: Answers
    rows: Rows
    county: County
    rng: np.random.Generator

    def rewrite(self, texts: Texts, change: Callable[[str, np.random.Generator], str]) -> None:
        """Replace each of the rows' texts by what `change` makes of it."""
        texts[self.rows] = [change(text, self.rng) for text in texts[self.rows]]


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that happens to a share of the participants it can happen to.

    `rate` is a share of all who have a true parcel, or, where `of_eligible`, of those it can happen to.
    """

    name: str
    rate: float
    eligible: Callable[[Answers], NDArray[np.bool_]]
    change: Callable[[Mistake], None]
    of_eligible: bool = False


def spoil(
    answers: Answers, is_true: NDArray[np.bool_], county: County, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Let every defect happen, independently; gives which happened: a row a participant, a column a defect.

    Those who have no true parcel make the same mistakes as those who have.
    """
    draw = rng.random(len(answers))
    answers.type_form[:] = np.where(
        draw < TYPE_SPELT_OUT, SPELT, np.where(draw > 1 - TYPE_OTHERWISE, OTHERWISE, 0)
    )
    happened = np.zeros((len(answers), len(DEFECTS)), dtype=np.bool_)
    for column, defect in enumerate(DEFECTS):
        eligible = defect.eligible(answers)
        rate = defect.rate
        if not defect.of_eligible and is_true.any():
            rate /= max(float(eligible[is_true].mean()), defect.rate)
        rows = np.flatnonzero(eligible & (rng.random(len(answers)) < rate))
        if len(rows):
            defect.change(Mistake(answers, rows, county, rng))
        happened[rows, column] = True
    return happened


TYPE_SPELT_OUT, TYPE_OTHERWISE = 0.40, 0.12
"""Habits, not defects: `MAPLE AVENUE`, `MAPLE AV`."""


def _each(texts: Texts, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    return np.fromiter(map(holds, texts), dtype=np.bool_, count=len(texts))


def _filled(column: str) -> Callable[[Answers], NDArray[np.bool_]]:
    return lambda answers: getattr(answers, column) != ""


def _emptied(column: str) -> Callable[[Mistake], None]:
    def change(mistake: Mistake) -> None:
        getattr(mistake.answers, column)[mistake.rows] = ""

    return change


def _rewritten(column: str, change: Callable[[str, np.random.Generator], str]) -> Callable[[Mistake], None]:
    return lambda mistake: mistake.rewrite(getattr(mistake.answers, column), change)


def _mistyped_twice(text: str, rng: np.random.Generator) -> str:
    return mistyping.mistype(mistyping.mistype(text, rng), rng)


def _without_gaps(text: str, _: np.random.Generator) -> str:
    return text.replace(" ", "").replace("-", "")


def _is_typed(answers: Answers) -> NDArray[np.bool_]:
    return answers.type != NONE  # type: ignore[no-any-return]


def _no_type(mistake: Mistake) -> None:
    mistake.answers.type[mistake.rows] = NONE


def _other_type(mistake: Mistake) -> None:
    by = mistake.rng.integers(1, len(TYPES), size=len(mistake.rows))
    types = mistake.answers.type
    types[mistake.rows] = (types[mistake.rows] + by) % len(TYPES)


def _glued_type(mistake: Mistake) -> None:
    mistake.answers.glued[mistake.rows] = True


def _has_direction(answers: Answers) -> NDArray[np.bool_]:
    return answers.direction != NONE  # type: ignore[no-any-return]


def _no_direction(mistake: Mistake) -> None:
    mistake.answers.direction[mistake.rows] = NONE


def _opposite_direction(mistake: Mistake) -> None:
    mistake.answers.direction[mistake.rows] = opposite(mistake.answers.direction[mistake.rows])


def _moved_direction(mistake: Mistake) -> None:
    mistake.answers.direction_last[mistake.rows] = True


def _in_county(answers: Answers) -> NDArray[np.bool_]:
    return answers.area != NONE  # type: ignore[no-any-return]


def _other_town(mistake: Mistake) -> None:
    """Half name the township, half the town of a neighbouring ZIP."""
    areas = mistake.county.areas
    for row in mistake.rows:
        index = int(mistake.answers.area[row])
        neighbour = areas[(index + 1) % len(areas)].town
        choices = (*areas[index].townships, f"{areas[index].townships[0]} TWP", *[neighbour] * 3)
        mistake.answers.city[row] = choices[mistake.rng.integers(len(choices))]


def _has_other_zips(answers: Answers) -> NDArray[np.bool_]:
    return (answers.area != NONE) & (answers.zip != "")  # type: ignore[no-any-return]


def _other_zip(mistake: Mistake) -> None:
    areas = mistake.county.areas
    by = mistake.rng.integers(1, max(len(areas), 2), size=len(mistake.rows))
    for row, step in zip(mistake.rows, by, strict=True):
        mistake.answers.zip[row] = str(areas[(int(mistake.answers.area[row]) + step) % len(areas)].zip)


def _zip_plus_four(text: str, rng: np.random.Generator) -> str:
    return f"{text}-{rng.integers(1, 9999):04d}"


def _everything_in_the_address(mistake: Mistake) -> None:
    mistake.answers.whole[mistake.rows] = True


def _nickname(mistake: Mistake) -> None:
    mistake.rewrite(mistake.answers.first, lambda name, _: NICKNAMES[name])


def _names_swapped(mistake: Mistake) -> None:
    answers, rows = mistake.answers, mistake.rows
    answers.first[rows], answers.last[rows] = answers.last[rows], answers.first[rows]


def _no_names(mistake: Mistake) -> None:
    mistake.answers.first[mistake.rows] = ""
    mistake.answers.last[mistake.rows] = ""


def _other_last_name(mistake: Mistake) -> None:
    names = np.array(last_names(), dtype=object)
    mistake.answers.last[mistake.rows] = names[draw_last_names(len(mistake.rows), mistake.rng)]


def _other_member(mistake: Mistake) -> None:
    names = np.array(FIRST_NAMES, dtype=object)
    mistake.answers.first[mistake.rows] = names[draw_first_names(len(mistake.rows), mistake.rng)]


DEFECTS = (
    Defect("number swapped", 0.012, lambda a: _each(a.number, lambda text: bool(mistyping.swappable(text))),
           _rewritten("number", mistyping.swap_digits)),
    Defect("number wrong", 0.010, _filled("number"), _rewritten("number", mistyping.change_digit)),
    Defect("number short", 0.006, lambda a: _each(a.number, lambda text: len(text) > 1),
           _rewritten("number", mistyping.drop_digit)),
    Defect("number missing", 0.006, _filled("number"), _emptied("number")),
    Defect("street joined", 0.025, lambda a: _each(a.name, lambda text: " " in text or "-" in text),
           _rewritten("name", _without_gaps)),
    Defect("street split", 0.015, lambda a: _each(a.name, mistyping.is_splittable),
           _rewritten("name", mistyping.split_word)),
    Defect("street one typo", 0.090, lambda a: a.is_name, _rewritten("name", mistyping.mistype)),
    Defect("street two typos", 0.015, lambda a: a.is_name, _rewritten("name", _mistyped_twice)),
    Defect("type missing", 0.070, _is_typed, _no_type),
    Defect("type wrong", 0.020, _is_typed, _other_type),
    Defect("type glued", 0.015, _is_typed, _glued_type),
    Defect("direction missing", 0.120, _has_direction, _no_direction, of_eligible=True),
    Defect("direction opposite", 0.025, _has_direction, _opposite_direction, of_eligible=True),
    Defect("direction moved", 0.040, _has_direction, _moved_direction, of_eligible=True),
    Defect("unit missing", 0.200, _filled("unit"), _emptied("unit"), of_eligible=True),
    Defect("city missing", 0.080, _filled("city"), _emptied("city")),
    Defect("city other", 0.060, lambda a: (a.city != "") & _in_county(a), _other_town),
    Defect("city typo", 0.050, _filled("city"), _rewritten("city", mistyping.mistype)),
    Defect("ZIP missing", 0.030, _filled("zip"), _emptied("zip")),
    Defect("ZIP other", 0.035, _has_other_zips, _other_zip),
    Defect("ZIP digit wrong", 0.015, _filled("zip"), _rewritten("zip", mistyping.change_digit)),
    Defect("ZIP+4", 0.050, _filled("zip"), _rewritten("zip", _zip_plus_four)),
    Defect("ZIP as a decimal", 0.005, lambda a: _each(a.zip, lambda text: len(text) == 5),
           _rewritten("zip", lambda text, _: f"{text}.0")),
    Defect("all in the address", 0.070, lambda a: (a.number != "") | (a.name != ""), _everything_in_the_address),
    Defect("another member", 0.120, _filled("first"), _other_member),
    Defect("nickname", 0.120, lambda a: _each(a.first, NICKNAMES.__contains__), _nickname),
    Defect("last name other", 0.030, _filled("last"), _other_last_name),
    Defect("last name typo", 0.030, _filled("last"), _rewritten("last", mistyping.mistype)),
    Defect("first name initial", 0.020, _filled("first"), _rewritten("first", lambda text, _: text[0])),
    Defect("names swapped", 0.010, _filled("first"), _names_swapped),
    Defect("names missing", 0.030, _filled("first"), _no_names),
)  # fmt: skip
