"""Readable, stable names for campaigns: the partition keys analysts choose by in the Dagster UI."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from octopus_pipeline.emailoctopus.records import Campaign

_SLUG_LENGTH = 60
_ID_LENGTH = 8


def partition_key(campaign: Campaign, taken: Collection[str], time_zone: ZoneInfo) -> str:
    """A key such as `2025-09-29_OHCAC_FinalDays_20250929_d1ebd096`, unlike any in `taken`.

    Date sent (created, while it is still sending), slug of the name, first characters of the id: as many
    as make it unique. Only letters, digits, `_`, `-`: Dagster splits or misreads keys with `,`, `|`, `[`, `]`.
    """
    day = _day(campaign.sent_at or campaign.created_at, time_zone)
    slug = _slug(campaign.name or campaign.subject or "unnamed")
    identity = re.sub(r"[^0-9A-Za-z]", "", campaign.id)
    for length in range(_ID_LENGTH, len(identity) + 1):
        key = f"{day}_{slug}_{identity[:length]}"
        if key not in taken:
            return key
    return f"{day}_{slug}_{re.sub(r'[^0-9A-Za-z-]', '-', campaign.id)}"


def _day(moment: datetime | None, time_zone: ZoneInfo) -> str:
    return moment.astimezone(time_zone).date().isoformat() if moment else "undated"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^0-9A-Za-z-]+", "_", plain).strip("_-")
    return slug[:_SLUG_LENGTH].rstrip("_-") or "unnamed"
