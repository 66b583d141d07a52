"""One name of a customer or owner, whatever shape it is written in, as its parts.

Only some shapes say which word is the last name: `SAMPLE, JOHN D` and `SAMPLE JOHN & JANE` do; of `JORDAN TAYLOR` both
words may be it, and both are kept as candidates, the likelier first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from octopus_pipeline.matching.ascii_text import folded
from octopus_pipeline.matching.name_words import (
    AMBIGUOUS_WORDS,
    FINAL_LEGAL_WORDS,
    LEGAL_WORDS,
    MISSING_WORDS,
    NO_NAME_WORDS,
    ORGANIZATION_WORDS,
    PARTICLES,
    TELLING_WORDS,
)
from octopus_pipeline.matching.nicknames import FORMAL_NAMES, GIVEN_NAMES

_ASIDE = re.compile(
    r"\([^)]*\)?|\"[^\"]*\"|\b(?:C ?/ ?O|D ?/ ?B ?/ ?A|DBA)\b.*|\b(?:ET AL|ET UX|ET VIR|CO[ -]TRS?|U ?/ ?A)\b"
)
_BEFORE = re.compile(r"^(?:THE )?(?:ESTATE|HEIRS|TRUST) OF (?:THE )?")
_SPACED_LLC = re.compile(r"\bL[. ]+L[. ]+C\b")
_PLAIN = re.compile(r"[A-Z ,&]*").fullmatch
_AND = re.compile(r" ?[&+;/] ?| (?:AND|OR) ")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9-]+")


class PersonName(NamedTuple):
    """A name's parts, in the order and meaning of the name columns."""

    last: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    organization: str = ""


NO_NAME: Final = PersonName()


def read_name(text: str) -> PersonName:
    """One name as its parts; of no name at all, `NO_NAME`. Any text is read, none raises."""
    text = folded(text)
    words = text.replace(",", " ").replace("&", " ").split()
    if not _PLAIN(text) or not TELLING_WORDS.isdisjoint(words):
        text = _SPACED_LLC.sub("LLC", text)
        text = _BEFORE.sub("", _ASIDE.sub(" ", text).replace("'", "").replace(".", " ").strip(" ,"))
        words = _NOT_ALNUM.sub(" ", text).split()
    if "".join(words) in MISSING_WORDS or not any(word.isalpha() for word in words):
        return NO_NAME
    if _is_organization(words, listed="," in text):
        name = "".join(word for word in words if word not in LEGAL_WORDS and word != "THE")
        return PersonName(organization=name)
    people = [person for person in map(_person, _AND.split(text)) if person.words or person.last]
    return _household(people)


class _Person(NamedTuple):
    last: tuple[str, ...]
    words: list[str]
    """The given names where the last name is known, else every word."""


@lru_cache(maxsize=1 << 15)
def read_last(text: str) -> tuple[str, ...]:
    """A last name that stands alone: as one word, and of a double one its parts."""
    if text.isalpha() and text.isascii() and text.isupper():
        return () if text in NO_NAME_WORDS or text in MISSING_WORDS else (text,)
    return _last_names(*(word for word in _words(folded(text).replace("'", "")) if word not in MISSING_WORDS))


@lru_cache(maxsize=1 << 15)
def read_given(text: str) -> tuple[str, ...]:
    """Given names that stand alone, nicknames resolved."""
    if text.isalpha() and text.isascii() and text.isupper():
        return () if text in NO_NAME_WORDS or text in MISSING_WORDS else (FORMAL_NAMES.get(text, text),)
    return _given([word for word in _words(folded(text).replace("'", "")) if word not in MISSING_WORDS])


def _is_organization(words: list[str], *, listed: bool) -> bool:
    """Whether the words name a company or an authority; `listed` says that a comma set a last name apart."""
    if words[-1] in FINAL_LEGAL_WORDS and len(words) > 1 and not listed:
        return True
    if any(word in LEGAL_WORDS or word in ORGANIZATION_WORDS for word in words):
        return True
    ambiguous = not listed and len(words) > 1 and any(word in AMBIGUOUS_WORDS for word in words)
    return ambiguous and not any(word in GIVEN_NAMES for word in words)


def _words(text: str) -> list[str]:
    """The words of names, hyphens kept: no roles, numbers or dates."""
    words = text.split()
    if text.isascii() and all(map(str.isalpha, words)):
        return [word for word in words if word not in NO_NAME_WORDS]
    words = [word.strip("-") for word in _NOT_IN_NAMES.sub(" ", text).split()]
    return [word for word in words if word.replace("-", "").isalpha() and word not in NO_NAME_WORDS]


def _person(text: str) -> _Person:
    before, comma, after = text.partition(",")
    given = _words(after)
    if comma and given:
        return _Person(_last_names(*_words(before)), given)
    return _Person((), _words(before))


def _household(people: list[_Person]) -> PersonName:
    """Everyone's names as one: who is listed without a last name has the one of the first, or of the last."""
    last: list[str] = []
    first: list[str] = []
    several = len(people) > 1
    for place, person in enumerate(people):
        if person.last:
            names, given = person.last, person.words
        elif several and _only_given(person.words) and (last or place + 1 < len(people)):
            names, given = (), person.words
        else:
            shared = several and not last and all(_only_given(other.words) for other in people[place + 1 :])
            names, given = _split(person.words, last_first=shared and place == 0)
        last += names
        first += given
    return PersonName(tuple(dict.fromkeys(last)), _given(first))


def _only_given(words: list[str]) -> bool:
    """Whether no word is a last name: `JANE`, `JANE E`, `JANE MARIE`."""
    more_given = all(len(word) == 1 or word in GIVEN_NAMES for word in words[1:])
    return more_given and (words[0] in GIVEN_NAMES or len(words) == 1)


def _split(words: list[str], *, last_first: bool) -> tuple[tuple[str, ...], list[str]]:
    """Candidates of the last name and the given names of one person whose words no comma parts."""
    words = _joined(words)
    if len(words) < 2:
        return _last_names(*words), [word for word in words if word in GIVEN_NAMES]
    front, back = words[0], words[-1]
    known_front, known_back = front in GIVEN_NAMES, back in GIVEN_NAMES
    if len(back) == 1 or last_first or (not known_front and len(front) > 1 and words[1] in GIVEN_NAMES):
        return _last_names(front), words[1:]
    if len(front) == 1 or (len(words) > 2 and len(words[1]) == 1) or (known_front and not known_back):
        return _last_names(back), words[:-1]
    return (*_last_names(back), *_last_names(front)), words


def _joined(words: list[str]) -> list[str]:
    """The words with particles joined to what follows: `JAN VAN DYKE` -> `JAN`, `VANDYKE`."""
    joined: list[str] = []
    particles = ""
    for place, word in enumerate(words):
        if word in PARTICLES and place + 1 < len(words) and len(words[place + 1]) > 1:
            particles += word
        else:
            joined.append(particles + word)
            particles = ""
    return joined


def _last_names(*words: str) -> tuple[str, ...]:
    """A last name as one word, and of a double one its parts: `SMITH-JONES` is `SMITHJONES`, `SMITH`, `JONES`."""
    parts = [part for word in _joined(list(words)) for part in word.split("-")]
    return tuple(dict.fromkeys(("".join(parts), *parts))) if parts else ()


def _given(words: list[str]) -> tuple[str, ...]:
    parts = [part for word in words for part in word.split("-")]
    return tuple(dict.fromkeys(FORMAL_NAMES.get(part, part) for part in parts))
