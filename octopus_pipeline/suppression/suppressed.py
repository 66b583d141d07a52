"""The people who were erased, as keyed hashes: nobody can read who they are, and each is recognised on sight.

A hash is HMAC-SHA-256 of `email:ann@example.com`, `contact:<EmailOctopus's id>` or `phone:6145550101`. Without the key
not even somebody who guesses an address can tell whether it is among them.

Somebody is recognised by the contact, by the e-mail address, and by a telephone number if everybody with that number
was to be erased, or if no other e-mail address stands beside it. That is the law of `people.identity`, so that others
of a household, who have the number too, are not taken for the one who was erased.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from octopus_pipeline.suppression.identifiers import Identifier, Kind, contacts_in, emails_in, phones_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PSEUDONYM: Final = "erased-"
"""What the contact id of an erased person begins with."""

_PSEUDONYM_DIGITS = 24
_CACHED = 50_000


class Suppressed:
    """The hashes, and what is learned with them.

    A new contact with an erased e-mail address is the same person, and so is the new address of an erased contact: what
    is recognised by one name is known by its others from then on.

    Attributes:
        learned: hashes that were learned and are not stored yet (`listing.store`).
    """

    def __init__(self, key: bytes, hashes: Iterable[str]) -> None:
        self._key = key
        self._hashes = set(hashes)
        self.learned: set[str] = set()
        # The same people are in one campaign after the other.
        self._hash = lru_cache(_CACHED)(self._hash_now)

    def __len__(self) -> int:
        return len(self._hashes)

    def hash_of(self, identifier: Identifier) -> str:
        """The keyed hash of one name of a person, as hexadecimal digits."""
        return self._hash(identifier.kind, identifier.value)

    def pseudonym(self, contact_id: str) -> str:
        """What stands instead of the contact's id: it keeps rows apart and counts as they were."""
        return PSEUDONYM + self._hash(Kind.CONTACT, contact_id)[:_PSEUDONYM_DIGITS]

    def holds(self, kind: Kind, value: str) -> bool:
        """Whether this name is one of somebody who was erased."""
        return self._hash(kind, value) in self._hashes

    def add(self, identifiers: Iterable[Identifier]) -> None:
        """From now on whoever has one of these names is recognised."""
        new = {self.hash_of(one) for one in identifiers} - self._hashes
        self._hashes |= new
        self.learned |= new

    def is_contact(self, contact_id: str, email: str | None, phone: str | None) -> bool:
        """Whether a contact, with the clean e-mail address and telephone number it has, is somebody who was erased.

        Its other names are learned. A pseudonym is not: nothing is left to erase of it.
        """
        if contact_id.startswith(PSEUDONYM):
            return False
        if not (self.holds(Kind.CONTACT, contact_id) or self.is_person(email, phone)):
            return False
        self.add([Identifier(Kind.CONTACT, contact_id)])
        if email:
            self.add([Identifier(Kind.EMAIL, email)])
        return True

    def is_person(self, email: str | None, phone: str | None) -> bool:
        """Whether a clean e-mail address and telephone number are those of somebody who was erased."""
        if email and self.holds(Kind.EMAIL, email):
            return True
        if not phone:
            return False
        return self.holds(Kind.PHONE, phone) or (not email and self.holds(Kind.PHONE_ALONE, phone))

    def is_named(self, emails: Collection[str], phones: Collection[str]) -> bool:
        """Whether somebody who was erased is among those whose addresses and numbers stand together somewhere."""
        return (
            any(self.holds(Kind.EMAIL, one) for one in emails)
            or any(self.holds(Kind.PHONE, one) for one in phones)
            or (not emails and any(self.holds(Kind.PHONE_ALONE, one) for one in phones))
        )

    def is_named_in(self, text: str) -> bool:
        """Whether a text, such as a line of a file, names somebody who was erased."""
        return any(self.holds(Kind.CONTACT, one) for one in contacts_in(text)) or self.is_named(
            list(emails_in(text)), list(phones_in(text))
        )

    def _hash_now(self, kind: Kind, value: str) -> str:
        # Ids are written in lower case wherever people decide about them.
        return hmac.digest(self._key, (kind + ":" + value.lower()).encode(), "sha256").hex()


NOBODY: Final = Suppressed(b"", ())
"""Nobody was ever erased."""
