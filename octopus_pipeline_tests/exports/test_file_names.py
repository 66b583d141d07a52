"""Names of campaigns' files: the same on every system, unique by the id."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.exports.file_names import FileKind, campaign_file_name, campaign_file_prefix

ID = "d1ebd096-2222-11ee-9d2c-0b5c6f0a0002"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("OHCAC_FinalDays_20250929", "OHCAC_FinalDays_20250929"),
        ("Final days: 50% off!", "Final_days_50_off"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Spring\\", "C_Spring"),
        ("trailing dots... ", "trailing_dots"),
        ("Fru\u0308hling", "Frühling"),
        ("\uff0fwide\uff1a", "wide"),
        ("tab\tand\nline", "tab_and_line"),
        ("é" * 300, "é" * 60),
        ("***", "unnamed"),
        (None, "unnamed"),
    ],
)
def test_the_name_keeps_what_every_system_takes(name: str | None, stem: str) -> None:
    for kind in FileKind:
        assert campaign_file_name(kind, ID, name) == f"{kind}_{ID}_{stem}.csv"


@given(st.text())
def test_any_name_is_a_plain_short_file_name_of_its_campaign(name: str) -> None:
    file_name = campaign_file_name(FileKind.UNMATCHED, ID, name)
    assert len(file_name.encode()) <= 200
    assert all(char.isalnum() or char in "_-." or unicodedata.category(char)[0] in "MN" for char in file_name)
    assert file_name.count(".") == 1
    assert unicodedata.is_normalized("NFC", file_name)
    assert file_name.startswith(campaign_file_prefix(FileKind.UNMATCHED, ID))


@pytest.mark.parametrize("kind", FileKind)
def test_one_file_s_prefix_is_never_another_s(kind: FileKind) -> None:
    others = [campaign_file_name(kind, "a_b", "c")]
    others += [campaign_file_name(other, "a", "c") for other in FileKind if other is not kind]
    assert not any(other.startswith(campaign_file_prefix(kind, "a")) for other in others)
