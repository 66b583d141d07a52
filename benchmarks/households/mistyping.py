"""Slips of the finger: one text in, another text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPLIT_LEAST = 3
"""How many letters stand on either side of a gap."""


def mistype(text: str, rng: np.random.Generator) -> str:
    """One letter replaced, left out, doubled or added, or two neighbours swapped; a text of one letter stays."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 2:
        return text
    while True:
        place = places[rng.integers(len(places))]
        letter = _LETTERS[rng.integers(len(_LETTERS))]
        match rng.integers(5):
            case 0:
                changed = text[:place] + letter + text[place + 1 :]
            case 1:
                changed = text[:place] + text[place + 1 :]
            case 2:
                changed = text[:place] + text[place] + text[place:]
            case 3:
                changed = text[:place] + letter + text[place:]
            case _:
                changed = _swapped(text, place)
        if changed != text:
            return changed


def _swapped(text: str, place: int) -> str:
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def split_word(word: str, rng: np.random.Generator) -> str:
    """`HILLCREST` as `HILL CREST`, at any place that leaves three letters on both sides."""
    place = int(rng.integers(_SPLIT_LEAST, len(word) - _SPLIT_LEAST + 1))
    return f"{word[:place]} {word[place:]}"


def is_splittable(text: str) -> bool:
    """Whether `split_word` has a place for the gap."""
    return len(text) >= 2 * _SPLIT_LEAST and text.isalpha()


def swap_digits(number: str, rng: np.random.Generator) -> str:
    """Two different neighbours swapped, never giving a leading zero."""
    places = swappable(number)
    return _swapped(number, places[rng.integers(len(places))])


def swappable(number: str) -> list[int]:
    """Where `swap_digits` can swap."""
    return [
        place
        for place in range(len(number) - 1)
        if number[place] != number[place + 1] and not (place == 0 and number[1] == "0")
    ]


def change_digit(number: str, rng: np.random.Generator) -> str:
    """One digit replaced by another; the first never by 0."""
    place = int(rng.integers(len(number)))
    choices = [digit for digit in "0123456789" if digit != number[place] and (place or digit != "0")]
    return number[:place] + choices[rng.integers(len(choices))] + number[place + 1 :]


def drop_digit(number: str, rng: np.random.Generator) -> str:
    """One digit left out, never leaving a leading zero."""
    places = [place for place in range(len(number)) if place or number[1:2] != "0"]
    place = places[rng.integers(len(places))]
    return number[:place] + number[place + 1 :]
