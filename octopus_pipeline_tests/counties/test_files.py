"""County files: read as they come, refused whole by file, row and column when they make no sense."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.counties.file_errors import CountyFileError
from octopus_pipeline.counties.file_reading import read_county_file
from octopus_pipeline.counties.files import find_county_files
from octopus_pipeline.counties.tally import CountyTally
from octopus_pipeline_tests.counties.county_folder import HOUSEHOLDS, HOUSES, records, rows, write

if TYPE_CHECKING:
    from pathlib import Path

CLEANED = [
    {"parcel_id": "1", "address": "12 MAIN ST", "parcel_zip": 43206, "year_built": 1987},
    {"parcel_id": "2", "address": "14 MAIN ST", "parcel_zip": 43206},
    {"parcel_id": "2", "address": "14 MAIN ST"},
    {"address": "OAK AV", "parcel_zip": 43206},
]


def refusal(folder: Path, name: str = "franklin_residential.csv") -> CountyFileError:
    with pytest.raises(CountyFileError) as raised:
        records(folder, DEMOGRAPHIC if "demographic" in name else RESIDENTIAL)
    error = raised.value
    assert name in str(error)
    assert "Nothing of this county was loaded." in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert error.__cause__ is None
    return error


def test_counties_are_found_by_the_names_of_their_files(tmp_path: Path) -> None:
    for name in ("franklin_residential.csv", "Franklin_Demographic.CSV", "van_wert_residential.csv"):
        write(tmp_path, name, HOUSES)
    write(tmp_path, "README.md", "how these came here")
    write(tmp_path, "allen.toml", 'delimiter = ";"')
    found = find_county_files(tmp_path)
    assert list(found) == ["Franklin", "VanWert"]
    assert sorted(found["Franklin"].paths) == ["demographic", "residential"]
    assert find_county_files(tmp_path / "absent") == {}


@pytest.mark.parametrize("name", ["franklin.csv", "franklin_residental.csv", "_residential.csv", "12.toml"])
def test_a_file_whose_name_says_nothing_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, HOUSES)
    with pytest.raises(CountyFileError, match="its name does not say which records it has"):
        find_county_files(tmp_path)


def test_two_files_of_the_same_records_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "franklin_residential.csv", HOUSES)
    write(tmp_path, "Franklin_residential.parquet", "")
    with pytest.raises(CountyFileError, match="two files of the same records"):
        find_county_files(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        HOUSES,
        "\ufeff" + HOUSES,
        HOUSES.replace("\n", "\r\n"),
        HOUSES.replace("\n", "\n\n") + "\n,,,\n",
        HOUSES.replace("age", "Year Built")
        .replace("parcel_zip", "ZIP_Code")
        .replace("parcel_id", "PARCEL ID"),
    ],
    ids=["plain", "byte order mark", "CRLF", "blank rows", "names in other casing"],
)
def test_a_csv_file_is_read(tmp_path: Path, text: str) -> None:
    write(tmp_path, "franklin_residential.csv", text)
    assert rows(tmp_path, RESIDENTIAL) == CLEANED


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "parcel_id": pa.array([1, 2, 2, None]),
            "address": pa.array(["12 MAIN ST", "14 MAIN ST", "14 MAIN ST", "OAK AV"]).dictionary_encode(),
            "parcel_zip": [43206.0, 43206.0, float("nan"), 43206.0],
            "age": pa.array([1987, -1, 0, None], pa.int16()),
            "notes": [[1], [], None, [2]],
        }
    )
    pq.write_table(table, tmp_path / "franklin_residential.parquet")
    assert rows(tmp_path, RESIDENTIAL) == CLEANED


def test_a_mapping_says_what_columns_mean(tmp_path: Path) -> None:
    write(
        tmp_path,
        "franklin.toml",
        'encoding = "cp1252"\ndelimiter = ";"\n[residential]\nparcel_id = "PARID"\n'
        'address = ["No", "Dir", "Street"]\nparcel_city = "ORT"\n',
    )
    write(
        tmp_path,
        "franklin_residential.csv",
        "PARID;NO;DIR;STREET;Ort;zip_code\nA-1;12;N;MAIN ST;CAÑON;43206\nA-2;14;NA;MAIN ST;;43206\n",
        "cp1252",
    )
    assert rows(tmp_path, RESIDENTIAL) == [
        {"parcel_id": "A-1", "address": "12 N MAIN ST", "parcel_city": "CAÑON", "parcel_zip": 43206},
        {"parcel_id": "A-2", "address": "14 MAIN ST", "parcel_zip": 43206},
    ]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("[residential", "no TOML"),
        ("[residental]\n", "did you mean residential"),
        ('[residential]\nadress = "X"', "did you mean address"),
        ("[residential]\naddress = 3", "mapped to no name"),
        ('[residential]\naddress = ["ADDRESS", 3]', "mapped to no name"),
        ("residential = 3", "no table"),
        ('encoding = "utf-9"', "no encoding"),
        ('encoding = "base64"', "no encoding"),
        ('delimiter = ";;"', "not one character"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, mapping: str, words: str) -> None:
    write(tmp_path, "franklin_residential.csv", HOUSES)
    write(tmp_path, "franklin.toml", mapping)
    with pytest.raises(CountyFileError, match=words) as raised:
        find_county_files(tmp_path)
    assert raised.value.file == "franklin.toml"


def test_a_mapped_column_that_is_absent_is_named(tmp_path: Path) -> None:
    write(tmp_path, "franklin_residential.csv", HOUSES)
    write(tmp_path, "franklin.toml", '[residential]\naddress = "SITUS"')
    error = refusal(tmp_path)
    assert error.columns == ("SITUS",)
    assert "The file has parcel_id, address, parcel_zip, age." in str(error)


@pytest.mark.parametrize(
    ("text", "words", "wrong_rows", "wrong_columns"),
    [
        ("", "there is no header", (), ()),
        ("\n\n", "there is no header", (), ()),
        (HOUSES.splitlines()[0], "there is no row in it", (), ()),
        ("parcel_id,parcel_zip\n1,43206\n", "needed columns are absent", (), ("address",)),
        ("parcel_id;address\n1;12 MAIN ST\n", "needed columns are absent", (), ("parcel_id", "address")),
        ("parcel_id,address,address\n1,2,3\n", "columns come twice", (), ("address",)),
        (HOUSES + "5,16 MAIN ST, 43206,1987,x\n6\n", "rows are longer or shorter", (6, 7), ()),
        (HOUSES + "x\n" * 9, "rows are longer or shorter", (6, 7, 8, 9, 10), ()),
        (HOUSES + '5,"16 MAIN ST,43206,1987\n', "cannot be parsed", (6,), ()),
        ("parcel_id,address\nNA,12 MAIN ST\n-1,14 MAIN ST\n", "parcel_id is empty", (), ("parcel_id",)),
        ("PARCEL_ID,Address\n1,NA\n", "address is empty everywhere", (), ("Address",)),
        (
            "parcel_id,address,parcel_zip,age\n1,12 MAIN ST,COLUMBUS,1987\n2,14 MAIN ST,DUBLIN,\n",
            "nearly nothing in it can be read as parcel_zip",
            (2, 3),
            ("parcel_zip",),
        ),
        (
            "parcel_id,address\n" + "1,SAMPLE JANE\n" * 11,
            "nearly no address starts with a house number",
            (),
            ("address",),
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_row_and_column(
    tmp_path: Path, text: str, words: str, wrong_rows: tuple[int, ...], wrong_columns: tuple[str, ...]
) -> None:
    write(tmp_path, "franklin_residential.csv", text)
    error = refusal(tmp_path)
    assert words in str(error)
    assert (error.rows, error.columns) == (wrong_rows, wrong_columns)
    assert error.more_rows == (4 if "x\nx\n" in text else 0)


def test_text_that_cannot_be_decoded_is_refused_by_row_and_column(tmp_path: Path) -> None:
    text = HOUSES.replace("14 MAIN", "14 CAÑON")
    write(tmp_path, "franklin_residential.csv", text, "cp1252")
    error = refusal(tmp_path)
    assert "it is not all UTF-8 (rows 3, 4; column address)" in str(error)
    assert 'in franklin.toml, for instance encoding = "cp1252"' in str(error)
    write(tmp_path, "franklin_residential.csv", HOUSES, "utf-16")
    assert "it is not all UTF-8" in str(refusal(tmp_path))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "franklin_demographic.parquet", HOUSEHOLDS)
    assert "no Parquet file" in str(refusal(tmp_path, "franklin_demographic.parquet"))
    nested = pa.table({"parcel_id": ["1"], "email": [["john@example.com"]]})
    pq.write_table(nested, tmp_path / "franklin_demographic.parquet")
    assert refusal(tmp_path, "franklin_demographic.parquet").columns == ("email",)


def test_zeroes_for_unknown_are_no_wrong_column(tmp_path: Path) -> None:
    write(
        tmp_path,
        "franklin_residential.csv",
        "parcel_id,address,parcel_zip,age\n" + "1,12 MAIN ST,0,0\n" * 20,
    )
    assert rows(tmp_path, RESIDENTIAL) == [{"parcel_id": "1", "address": "12 MAIN ST"}] * 20


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    line = "{},12 MAIN ST,43206,1987\n"
    header = HOUSES.splitlines()[0] + "\n"
    write(tmp_path, "franklin_residential.csv", header + "".join(map(line.format, range(100_000))))
    files = find_county_files(tmp_path)["Franklin"]
    tracemalloc.start()
    total = sum(
        batch.num_rows for batch in read_county_file(files, RESIDENTIAL, CountyTally(), batch_rows=1_000)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 100_000
    assert peak < 3 * 2**20
