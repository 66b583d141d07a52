"""Who is one person: everybody with the same e-mail address, or where there is none the same telephone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning

if TYPE_CHECKING:
    import pyarrow as pa

CONTACT_PREFIX = "contact:"
"""What the id begins with of somebody of whom only the EmailOctopus contact is known."""

UNKNOWN_CONTACT = "unknown:"
"""What a contact's id begins with, before the person's id, where another tool kept none."""


def person_ids(emails: pa.Array, phones: pa.Array, contact_ids: pa.Array) -> pa.Array:
    """Of each row the person: the e-mail address in lower case, else the telephone number's ten digits.

    Of a contact that was deleted before its address was ever known it is `contact:` and the contact's id; nobody is
    left out, and once the contact's address is known, the documents of both ids are joined (`links`).
    """
    own = pc.binary_join_element_wise(CONTACT_PREFIX, contact_ids, "")
    return pc.coalesce(cleaning.emails(emails), cleaning.phones(phones), own)
