"""File names that every system takes: of CSVs for people who keep them on Windows, Macs, sticks and shares."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

_NAME_BYTES = 120
"""Most that a campaign's name takes of its file name: Windows allows 260 characters for a whole path."""


class FileKind(StrEnum):
    """What a campaign's file holds, and what its name begins with."""

    CAMPAIGN = "campaign"
    MATCHED = "matched_participants"
    UNMATCHED = "unmatched_participants"


def campaign_file_name(kind: FileKind, campaign_id: str, name: str | None) -> str:
    """`{kind}_{campaign_id}_{name}.csv`, the name reduced to letters, digits, `-` and single `_`.

    Other characters (blanks, dots, those that Windows forbids, control characters) become `_`; letters are in
    their composed form, whatever form the account holds. The id makes the file name unique.
    """
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name or ""))
    plain = re.sub(r"[^\w-]+|_+", "_", composed)
    short = plain.encode()[:_NAME_BYTES].decode(errors="ignore").strip("_")
    return f"{campaign_file_prefix(kind, campaign_id)}{short or 'unnamed'}.csv"


def campaign_file_prefix(kind: FileKind, campaign_id: str) -> str:
    """What the names of the campaign's file of a kind begin with, and of no other: an id there holds no `_`."""
    return f"{kind}_{re.sub(r'[^0-9A-Za-z-]', '-', campaign_id)}_"
