"""In which county a participant is looked for, and what is told where that is none of those that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus_pipeline_tests.matching.invented import County, county, house_at, person, residence

_HOUSES = {
    "Franklin": (("DUBLIN", 43017), ("COLUMBUS", 43215)),
    "Delaware": (("DUBLIN", 43017), ("DELAWARE", 43015)),
}


@pytest.fixture(scope="module")
def two_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Franklin and Delaware, which share 43017 with Union, that is not loaded; all streets but one are of one city."""
    folder = tmp_path_factory.mktemp("counties")
    for name, places in _HOUSES.items():
        houses = [
            house_at(f"{name} {city} {number}", f"{number} {name}{city} RD".upper(), city, zip_code)
            for city, zip_code in places
            for number in range(100, 160)
        ]
        houses += [
            house_at(f"{name} both {zip_code}", "77 TWIN LN", city, zip_code) for city, zip_code in places
        ]
        County(name, houses).prepare(folder)
    return folder


@pytest.mark.parametrize(
    ("said", "parcel", "quality", "method"),
    [
        # A ZIP of several counties: the street tells which.
        (("110 FranklinDublin Rd", "DUBLIN", "43017"), "Franklin DUBLIN 110", "exact", "address exact"),
        (("110 DelawareDublin Rd", "DUBLIN", "43017"), "Delaware DUBLIN 110", "exact", "address exact"),
        (("110 DelawareDublin Rd", None, "43017-1234"), "Delaware DUBLIN 110", "exact", "address exact"),
        # A wrong ZIP of another county loaded, of a county that is not, of none, and no ZIP: the city is right.
        (
            ("110 DelawareDelaware Rd", "Delaware", "43215"),
            "Delaware DELAWARE 110",
            "fuzzy",
            "address and city",
        ),
        (
            ("110 DelawareDelaware Rd", "Delaware", "44906"),
            "Delaware DELAWARE 110",
            "fuzzy",
            "address and city",
        ),
        (
            ("110 DelawareDelaware Rd", "Delaware", "43999"),
            "Delaware DELAWARE 110",
            "fuzzy",
            "address and city",
        ),
        (("110 DelawareDelaware Rd", "Delaware", "NA"), "Delaware DELAWARE 110", "exact", "address exact"),
        # A wrong city: the ZIP is right.
        (("110 DelawareDelaware Rd", "TOLEDO", "43015"), "Delaware DELAWARE 110", "exact", "address exact"),
        # Neither: looked for everywhere.
        (("110 DelawareDelaware Rd", None, None), "Delaware DELAWARE 110", "fuzzy", "address similar"),
        (("110 FranklinColumbus Rd", "NA", "-1"), "Franklin COLUMBUS 110", "fuzzy", "address similar"),
        # What is in both counties is told by the ZIP.
        (("77 Twin Ln", "DELAWARE", "43015"), "Delaware both 43015", "exact", "address exact"),
        (("77 Twin Ln", "COLUMBUS", "43215"), "Franklin both 43215", "exact", "address exact"),
    ],
)
def test_the_county_is_found_by(
    two_of_three: Path, said: tuple[str, str | None, str | None], parcel: str, quality: str, method: str
) -> None:
    answer = residence(two_of_three, person(*said))
    assert (answer["parcel_id"], answer["match_quality"], answer["match_method"]) == (parcel, quality, method)
    assert answer["county"] == parcel.split()[0]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (("110 FranklinDublin Rd", "MARION", "43302"), "county not loaded"),
        (("110 Nowhere Rd", "MARYSVILLE", "43040"), "county not loaded"),
        # Delaware has a tenth of the ZIP, Marion most of it.
        (("110 Nowhere Rd", "WALDO", "43356"), "county not loaded"),
        (("110 FranklinDublin Rd", "LAS VEGAS", "89101"), "ZIP outside loaded counties"),
        (("110 FranklinDublin Rd", None, "89101"), "ZIP outside loaded counties"),
        (("110 Nowhere Rd", "DUBLIN", "94568"), "ZIP outside loaded counties"),
        (("110 Nowhere Rd", "DUBLIN", "43017"), "street unknown"),
        (("110 Nowhere Rd", "DUBLIN", None), "street unknown"),
        (("110 Nowhere Rd", None, None), "street unknown"),
        (("999 FranklinDublin Rd", "DUBLIN", "43017"), "number unknown"),
        (("999 FranklinDublin Rd", None, None), "number unknown"),
        (("PO Box 110", "LAS VEGAS", "89101"), "PO box"),
        ((None, "LAS VEGAS", "89101"), "no address"),
        ((None, None, "43017"), "no address"),
    ],
)
def test_why_there_is_no_county(
    two_of_three: Path, said: tuple[str | None, str | None, str | None], reason: str
) -> None:
    answer = residence(two_of_three, person(*said))
    assert (answer["match_quality"], answer["reason"], answer["county"]) == ("no_match", reason, None)


@pytest.mark.parametrize("said", [("DUBLIN", "43017"), ("DUBLIN", None), (None, None)])
def test_what_is_in_both_counties_is_left_open(
    two_of_three: Path, said: tuple[str | None, str | None]
) -> None:
    """However the ZIP's addresses are shared between them."""
    answer = residence(two_of_three, person("77 Twin Ln", *said))
    assert answer["parcel_id"] is None
    assert (answer["match_quality"], answer["reason"]) == ("review", "several equal candidates")


@pytest.mark.parametrize(
    ("city", "zip_code"), [("LAS VEGAS", None), ("MANSFIELD", "76063"), ("LAS VEGAS, NV", None)]
)
def test_the_same_address_in_another_state_is_no_match(
    tmp_path: Path, city: str, zip_code: str | None
) -> None:
    """Mansfield, Texas, has a Martel Road, too."""
    county().prepare(tmp_path)
    assert residence(tmp_path, person("5410 Martel Rd", city, zip_code))["match_quality"] == "no_match"
