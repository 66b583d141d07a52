"""Names and subjects of generated campaigns: plain ones and ones that break file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_ODD_NAMES = {
    2: 'HEAP / PIPP: "last chance" <closing Friday>',
    3: "Résumé of your savings ☀️⚡",
    4: None,
    5: "Budget billing",
    6: "  =Budget billing\\2025?.  ",
    7: "Budget billing",
    9: "Winter crisis programme: " + "what to do when the heating fails, " * 6,
    11: "CON",
    13: "../../etc/outreach",
}
_PROGRAMMES = (
    "OHCAC_FinalDays",
    "OHCAC_Welcome",
    "HEAP_Reminder",
    "PIPP_Renewal",
    "Summer_Cooling",
    "EnergyClinic",
)
_SUBJECTS = (
    "Your home could save on energy this winter",
    "You may qualify for help with your electric bill",
    'Final days: don\'t miss "free" weatherisation, apply now',
    "Économies d'énergie ⚡",
)


def campaign_name(index: int, sent_at: datetime) -> str | None:
    """The name of an account's `index`-th campaign; None where the account gave none."""
    if index in _ODD_NAMES:
        return _ODD_NAMES[index]
    return f"{_PROGRAMMES[index % len(_PROGRAMMES)]}_{sent_at:%Y%m%d}"


def campaign_subject(index: int) -> str | None:
    """The subject of an account's `index`-th campaign."""
    return None if index == 4 else _SUBJECTS[index % len(_SUBJECTS)]
