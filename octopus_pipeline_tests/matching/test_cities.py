"""One spelling of a city."""

from __future__ import annotations

import pytest

from octopus_pipeline.matching.cities import city_name, ohio_places


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (
            ["MT VERNON", "MT. VERNON", "MOUNT VERNON", "MOUNT VERNON, OH", "MOUNT VERNON OHIO 43050"],
            "MOUNTVERNON",
        ),
        (["ST CLAIRSVILLE", "ST. CLAIRSVILLE", "SAINT CLAIRSVILLE"], "SAINTCLAIRSVILLE"),
        (["SHAKER HTS", "SHAKER HEIGHTS", "CITY OF SHAKER HTS"], "SHAKERHEIGHTS"),
        (["N CANTON", "NORTH CANTON"], "NORTHCANTON"),
        (["MADISON TWP", "MADISON TOWNSHIP", "TWP OF MADISON"], "MADISONTWP"),
        (["WASHINGTON C H", "WASHINGTON CH", "WASHINGTON COURT HOUSE"], "WASHINGTONCOURTHOUSE"),
        (["NA", "", "-1", "-1.0", "OH", "N/A", "UNKNOWN", "43215"], ""),
    ],
)
def test_spellings_of_a_city_are_one(spellings: list[str], name: str) -> None:
    assert {city_name(spelling) for spelling in spellings} == {name}


def test_the_places_of_ohio_are_known() -> None:
    assert {"COLUMBUS", "MANSFIELD", "EASTLIVERPOOL", "MOUNTVERNON"} <= ohio_places()
    assert all(name.isalnum() and not name.isdigit() for name in ohio_places())
