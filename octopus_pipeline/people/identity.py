"""Who is one person: everybody with the same e-mail address, or where there is none the same telephone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning

if TYPE_CHECKING:
    import pyarrow as pa


def person_ids(emails: pa.Array, phones: pa.Array) -> pa.Array:
    """Of each row the person: the e-mail address in lower case, else the telephone number's ten digits.

    Null for nobody: a contact deleted before its address was ever known.
    """
    return pc.coalesce(cleaning.emails(emails), cleaning.phones(phones))
