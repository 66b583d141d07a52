"""ZIP codes lead to the counties that have their addresses, several where there are several."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS, county_key
from octopus_pipeline.counties.tiger import TigerError, count_ranges, ranges_by_zip
from octopus_pipeline.counties.zip_counties import (
    LEAST_SHARE,
    candidate_counties,
    counties_of,
    outside,
    read_ranges,
    shares,
    write_ranges,
    zips_of,
)

ROOT = Path(__file__).parents[2]

zip_codes = st.sampled_from((43017, 43215, 44903, 43302, 44833, 43452, 12588, 0, -1)) | st.integers(
    43_000, 45_999
)


def test_ohio_has_its_88_counties_by_their_codes() -> None:
    assert len(set(COUNTY_BY_FIPS.values())) == 88
    known = {39001: "Adams", 39049: "Franklin", 39061: "Hamilton", 39139: "Richland", 39161: "VanWert"}
    assert known.items() <= COUNTY_BY_FIPS.items()
    assert max(COUNTY_BY_FIPS.items()) == (39175, "Wyandot")


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Franklin", "Franklin"),
        ("franklin", "Franklin"),
        ("Franklin County", "Franklin"),
        ("van_wert", "VanWert"),
        ("VANWERT", "VanWert"),
        ("Van Wert County", "VanWert"),
        ("sample town", "SampleTown"),
        ("McLean", "McLean"),
        ("", None),
        ("12", None),
    ],
)
def test_a_county_has_one_key_however_it_is_spelt(spelling: str, key: str | None) -> None:
    assert county_key(spelling) == key


def test_zip_codes_that_once_went_to_the_wrong_county_find_theirs() -> None:
    assert [county for county, _ in counties_of(44903)] == ["Richland"]
    assert [county for county, _ in counties_of(43302)] == ["Marion"]
    assert [(county, round(weight, 3)) for county, weight in counties_of(43017)] == [
        ("Franklin", 0.779),
        ("Delaware", 0.182),
        ("Union", 0.04),
    ]
    assert 45891 in zips_of("VanWert")


def test_every_ohio_county_is_found_and_nothing_beyond_ohio() -> None:
    assert {county for code in range(43_000, 46_000) for county, _ in counties_of(code)} == set(
        COUNTY_BY_FIPS.values()
    )
    assert sum(bool(counties_of(code)) for code in range(43_000, 46_000)) == 1_308
    assert counties_of(12588) == counties_of(43000) == counties_of(None) == ()


def test_rows_with_zip_codes_of_other_counties_or_states_are_outside() -> None:
    rows = {44903: 400, 44833: 7, 43302: 90, 43215: 2, 90210: 1, 45999: 5}
    assert counties_of(45999) == ()
    assert outside("Richland", rows) == {43302: 90, 43215: 2, 90210: 1}, "a box's ZIP code may be anybody's"
    assert outside("Franklin", {43017: 5}) == outside("Union", {43017: 5}) == {}


@given(zip_codes)
def test_weights_are_shares_the_heaviest_first(code: int) -> None:
    weights = [weight for _, weight in counties_of(code)]
    assert weights == sorted(weights, reverse=True)
    assert all(weight >= LEAST_SHARE for weight in weights)
    assert not weights or 1 - 88 * LEAST_SHARE < sum(weights) <= 1 + 1e-9


@given(st.lists(zip_codes | st.none()))
def test_many_zip_codes_at_once_find_what_each_finds(codes: list[int | None]) -> None:
    expected = [
        {"row": row, "county": county, "weight": weight}
        for row, code in enumerate(codes)
        for county, weight in counties_of(code)
    ]
    assert candidate_counties(pa.array(codes, pa.int32())).to_pylist() == expected
    assert candidate_counties(pa.chunked_array([codes, codes[:1]], pa.int32())).num_rows >= len(expected)


def test_counties_with_a_small_share_are_left_out() -> None:
    table = pa.table(
        {
            "zip": [43001, 43001, 43001, 43002, 12588],
            "county": ["Allen", "Brown", "Clark", "Allen", "Allen"],
            "ranges": [97, 2, 1, 5, 9],
        }
    )
    assert shares(table).to_pylist() == [
        {"zip": 43001, "county": "Allen", "weight": 0.97},
        {"zip": 43001, "county": "Brown", "weight": 0.02},
        {"zip": 43002, "county": "Allen", "weight": 1.0},
    ]


def dbf(
    rows: list[tuple[str, str, str, str]], names: tuple[str, ...] = ("ZIPL", "ARIDL", "ZIPR", "ARIDR")
) -> bytes:
    """A dBase III table as the Census Bureau writes it, with a column before ours; a row named `deleted` is."""
    widths = [4, *([22] * len(names))]
    fields = b"".join(
        struct.pack("<11sc4xB15x", name.encode(), b"C", width)
        for name, width in zip(("LINE", *names), widths, strict=True)
    )
    head = struct.pack("<B3xIHH20x", 3, len(rows), 32 + len(fields) + 1, 1 + sum(widths))
    body = b"".join(
        (b"*" if row[1] == "deleted" else b" ") + b"road" + b"".join(cell.ljust(22).encode() for cell in row)
        for row in rows
    )
    return head + fields + b"\r" + body + b"\x1a"


ROADS = [
    ("43206", "a1", "43206", "a2"),
    ("43206", "a1", "43206", "a2"),  # the same stretch by another name
    ("43206", "a3", "", ""),
    ("43215", "", "43215", "a4"),
    ("43999", "deleted", "43999", "a5"),
]


def test_address_ranges_are_counted_out_of_tiger_files(tmp_path: Path) -> None:
    (tmp_path / "tl_2025_39049_addrfeat.dbf").write_bytes(dbf(ROADS))
    (tmp_path / "tl_2025_21117_addrfeat.dbf").write_bytes(dbf(ROADS))  # Kentucky's
    with zipfile.ZipFile(tmp_path / "tl_2025_39041_addrfeat.zip", "w") as archive:
        archive.writestr("tl_2025_39041_addrfeat.shp", b"")
        archive.writestr("tl_2025_39041_addrfeat.dbf", dbf([("43215", "b1", "", "")]))
    counted = count_ranges(tmp_path)
    assert counted == {("43206", "39049"): 3, ("43215", "39049"): 2, ("43215", "39041"): 1}
    write_ranges(counted, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "zip,county_fips,county,ranges",
        "43206,39049,Franklin,3",
        "43215,39041,Delaware,1",
        "43215,39049,Franklin,2",
    ]
    assert shares(read_ranges(tmp_path / "out.csv"))["county"].to_pylist() == [
        "Franklin",
        "Franklin",
        "Delaware",
    ]


@pytest.mark.parametrize("content", [b"", b"zip", dbf(ROADS)[:-100], dbf([], ("ZIPL", "ARIDL", "ZIPR"))])
@pytest.mark.parametrize("suffix", ["dbf", "zip"])
def test_a_file_that_is_no_tiger_file_is_named(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"tl_2025_39049_addrfeat.{suffix}").write_bytes(content)
    with pytest.raises(TigerError, match=r"39049_addrfeat.* is no ADDRFEAT file"):
        count_ranges(tmp_path)


def test_a_folder_without_files_of_the_state_or_with_two_of_a_county_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TigerError, match="download"):
        count_ranges(tmp_path)
    for year in (2024, 2025):
        (tmp_path / f"tl_{year}_39049_addrfeat.dbf").write_bytes(dbf(ROADS))
    with pytest.raises(TigerError, match="same county"):
        count_ranges(tmp_path)


@given(st.lists(st.tuples(st.sampled_from(("", "43206", "43215")), st.sampled_from(("", "a", "b", "c")))))
def test_a_range_counts_once_a_zip_code_whatever_the_order(sides: list[tuple[str, str]]) -> None:
    counted = ranges_by_zip(sides)
    assert counted == ranges_by_zip(reversed(sides))
    assert "" not in counted
    for code, ranges in counted.items():
        of_code = [range_id for found, range_id in sides if found == code]
        assert ranges == len({one for one in of_code if one}) + of_code.count("")


def test_the_script_asks_for_every_county(tmp_path: Path) -> None:
    (tmp_path / "tl_2025_39049_addrfeat.dbf").write_bytes(dbf(ROADS))
    script = [sys.executable, "scripts/zip_counties.py", str(tmp_path), "--out", str(tmp_path / "out.csv")]
    lacking = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert lacking.returncode == 1
    assert "lacks the counties 39001, 39003" in lacking.stderr
    for fips in COUNTY_BY_FIPS:
        (tmp_path / f"tl_2025_{fips}_addrfeat.dbf").write_bytes(dbf(ROADS))
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "2 ZIP codes, 440 ranges" in done.stdout
