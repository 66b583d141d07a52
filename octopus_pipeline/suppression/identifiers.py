"""What a person is recognised by: an e-mail address, a telephone number, an EmailOctopus contact; however written."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from octopus_pipeline.counties import cleaning
from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_AROUND = '<>()[]{}"`,;:|'
_EMAIL = re.compile(rf"[^\s@{re.escape(_AROUND)}]+@[^\s@{re.escape(_AROUND)}]+")
# An apostrophe within a name is part of it.
_BEFORE_NAME = re.compile(r"[\\/?&=]+[nrt]?(?=[^\\/?&=]*$)|^[=+-]+|(?<!\w)'[=+-]*")
_DOMAIN = re.compile(r"[\w.-]+")
_CONTACT = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.])(?:\+?1[\s.-]?)?\(?[2-9]\d{2}\)?[\s./-]{0,2}[2-9]\d{2}[\s.-]?\d{4}(?!\w)")


class NoIdentifierError(PipelineError):
    """A text is neither an e-mail address nor a telephone number."""


class Kind(StrEnum):
    """What an identifier is."""

    EMAIL = "email"
    CONTACT = "contact"
    PHONE = "phone"
    """A telephone number: whoever has it."""
    PHONE_ALONE = "phone-alone"
    """A telephone number: of what names it and no e-mail address."""


class Identifier(NamedTuple):
    """One name of a person, in the one writing that it has here."""

    kind: Kind
    value: str


def identifier_of(text: str) -> Identifier:
    """The e-mail address or telephone number that a text is.

    Raises:
        NoIdentifierError: if it is neither.
    """
    said = pa.array([text.strip()])
    email, phone = cleaning.emails(said)[0].as_py(), cleaning.phones(said)[0].as_py()
    if email is not None:
        return Identifier(Kind.EMAIL, email)
    if phone is not None:
        return Identifier(Kind.PHONE, phone)
    message = (
        "that is neither an e-mail address (ann@example.com) nor a telephone number with its area code "
        "(614 555 0101)"
    )
    raise NoIdentifierError(message)


def emails_in(text: str) -> Iterator[str]:
    """The e-mail addresses that stand in a text."""
    if "@" in text:
        for found in _EMAIL.findall(text):
            yield found.lower()
            # Beside a formula's sign, within a link, before the end of a sentence or of a file's name.
            name, _, domain = found.lower().rpartition("@")
            plain_name, plain_domain = _BEFORE_NAME.split(name)[-1], _DOMAIN.match(domain)
            if plain_domain:
                yield f"{plain_name}@{plain_domain[0].rstrip('.-')}"


def phones_in(text: str) -> Iterator[str]:
    """The telephone numbers that stand in a text, ten digits each."""
    for found in _PHONE.findall(text):
        yield re.sub(r"\D", "", found)[-10:]


def contacts_in(text: str) -> Iterator[str]:
    """The ids of EmailOctopus contacts that stand in a text."""
    yield from _CONTACT.findall(text)
