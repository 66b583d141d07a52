"""Participants as they are matched: what they say of themselves in one writing, and a key for it.

Two people, or one in two campaigns, who say the same but for letters' case and blanks get the same answer: it is the
one writing that is matched, not theirs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTICIPANT_SOURCES: Mapping[str, str] = {
    "address": "address",
    "city": "city",
    "zip": "zip",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email_address",
    "phone": "cell",
}
"""Column of `PARTICIPANT_SCHEMA` -> the column of an engagement row that says it."""

KEY_BYTES = 16

_BLANKS = r"[\s\p{Z}\p{Cc}]+"
_BETWEEN = "\x1f"  # one of the blanks: no column holds it


def participants_of(engagement: pa.RecordBatch) -> pa.Table:
    """The participants of engagement rows in `PARTICIPANT_SCHEMA`, in order: upper case (e-mail addresses lower)."""
    columns = [
        _written(engagement.column(PARTICIPANT_SOURCES[name]), is_email=name == "email")
        for name in PARTICIPANT_SCHEMA.names
    ]
    return pa.Table.from_arrays(columns, schema=PARTICIPANT_SCHEMA)


def participant_keys(participants: pa.Table) -> list[bytes]:
    """A key of 128 bits for each row's content: equal rows, and no others, have the same."""
    texts = [pc.fill_null(column.cast(pa.string()), "") for column in participants.columns]
    joined = pc.binary_join_element_wise(*texts, _BETWEEN).cast(pa.binary())
    return [hashlib.blake2b(text, digest_size=KEY_BYTES).digest() for text in joined.to_pylist()]


def _written(texts: pa.Array, *, is_email: bool) -> pa.Array:
    single = pc.utf8_trim(pc.replace_substring_regex(texts, _BLANKS, " "), " ")
    cased = pc.utf8_lower(single) if is_email else pc.utf8_upper(single)
    return pc.if_else(pc.equal(cased, ""), pa.scalar(None, pa.string()), cased)
