"""The consolidated table as files: all formats say the same, whole or not at all."""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from octopus_pipeline.exports import excel
from octopus_pipeline.exports.consolidated_rows import UnreadablePersonError
from octopus_pipeline.exports.excel import ExcelLimitError
from octopus_pipeline.exports.safe_cells import defused
from octopus_pipeline.exports.table_files import TableFormat, UnknownFormatError
from octopus_pipeline.exports.whole_csv import CsvWriteError
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.queries import Rows
from octopus_pipeline_tests.people.rows import person_row

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    Document = dict[str, Any]
    Row = dict[str, Any]

from octopus_pipeline_tests.exports.mailed_people import EVERYBODY, OHIO, receive, some_people, write


def shown(cell: object) -> str:
    """A value as people read it in a CSV."""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(OHIO):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return "" if cell is None else str(cell)


@pytest.mark.parametrize("rows", Rows)
def test_all_formats_say_the_same_and_only_csv_needs_formulas_defused(
    people: Database[Document], tmp_path: Path, rows: Rows
) -> None:
    some_people(people)
    files = {kind: write(people, tmp_path / f"people{kind}", EVERYBODY, rows).path for kind in TableFormat}
    typed = pq.read_table(files[TableFormat.PARQUET]).to_pylist()
    assert len(typed) == (6 if rows is Rows.CAMPAIGNS else 4)
    texts = [{name: shown(cell) for name, cell in row.items()} for row in typed]
    with files[TableFormat.CSV].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, strict=True))
    assert lines == [{name: defused(cell) for name, cell in row.items()} for row in texts]
    assert any(cell.startswith("'=") for row in lines for cell in row.values())
    assert excel_rows(files[TableFormat.EXCEL]) == texts


def excel_rows(path: Path) -> list[dict[str, str]]:
    """The sheet's cells as text; no cell is a formula."""
    with zipfile.ZipFile(path) as workbook:
        sheet = ElementTree.fromstring(workbook.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(sheet.iter(f"{space}f"))
    table: list[dict[str, str]] = []
    for row in sheet.iter(f"{space}row"):
        cells: dict[str, str] = {}
        for cell in row.iter(f"{space}c"):
            column = re.sub(r"\d", "", cell.attrib["r"])
            if cell.get("t") == "inlineStr":
                text = cell.findtext(f"{space}is/{space}t") or ""
                cells[column] = re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), text)
            else:
                cells[column] = excel_number(float(cell.findtext(f"{space}v") or ""), table[0][column])
        table.append(cells)
    heading, *rest = table
    return [{name: cells.get(column, "") for column, name in heading.items()} for cells in rest]


def excel_number(value: float, name: str) -> str:
    moment = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=value)
    if name == "campaign_sent_at":
        return f"{moment:%Y-%m-%d}"
    if name.endswith("engaged_at"):
        return f"{moment + timedelta(milliseconds=500):%Y-%m-%d %H:%M:%S}"
    return f"{value:.15g}"


@pytest.mark.parametrize("kind", TableFormat)
def test_unchanged_people_give_the_same_bytes(people: Database[Document], tmp_path: Path, kind: str) -> None:
    some_people(people)
    first = write(people, tmp_path / f"people{kind}").path.read_bytes()
    assert write(people, tmp_path / f"people{kind}").path.read_bytes() == first


@pytest.mark.parametrize("kind", TableFormat)
def test_a_file_that_cannot_be_finished_leaves_the_former_one_and_nothing_else(
    people: Database[Document], tmp_path: Path, kind: str
) -> None:
    some_people(people)
    former = write(people, tmp_path / f"people{kind.upper()}").path
    before = former.read_bytes()
    people[PEOPLE].update_one({"contact_id": "ann@example.com"}, {"$set": {"residence_ref.county": 43.5}})
    with pytest.raises(UnreadablePersonError, match="a county of another type than string") as error:
        write(people, former)
    assert "43.5" not in str(error.value)
    assert error.value.__context__ is None
    assert former.read_bytes() == before
    assert list(tmp_path.iterdir()) == [former]


def test_what_no_sheet_can_hold_is_refused_before_anything_is_written(
    people: Database[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_people(people)
    former = write(people, tmp_path / "people.xlsx").path
    before = former.read_bytes()
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    with pytest.raises(
        ExcelLimitError, match=r"6 rows are more than the 3 of an Excel sheet: write \.csv or"
    ):
        write(people, former)
    monkeypatch.undo()
    receive(people, "autumn", person_row("e", "eve@example.com", fields={"Address": "x" * 32_768}))
    with pytest.raises(ExcelLimitError, match=r"row 7 has a address longer than the 32,767 characters"):
        write(people, former)
    assert former.read_bytes() == before
    assert list(tmp_path.iterdir()) == [former]


def test_an_unknown_suffix_is_answered_with_the_known_ones(
    people: Database[Document], tmp_path: Path
) -> None:
    with pytest.raises(UnknownFormatError, match=r"people\.xls: .* one of \.csv, \.parquet, \.xlsx"):
        write(people, tmp_path / "people.xls")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_none_can_be_is_named(people: Database[Document], tmp_path: Path) -> None:
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(CsvWriteError, match=r"the consolidated table cannot be written to .*people\.csv"):
        write(people, tmp_path / "people.csv")


def test_files_whose_names_begin_alike_are_left_alone(people: Database[Document], tmp_path: Path) -> None:
    (tmp_path / "people_of_richland.csv").write_text("mine", encoding="utf-8")
    write(people, tmp_path / "people.csv")
    assert (tmp_path / "people_of_richland.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("kind", TableFormat)
@pytest.mark.parametrize("rows", Rows)
def test_nobody_makes_a_file_with_its_columns(
    people: Database[Document], tmp_path: Path, kind: str, rows: Rows
) -> None:
    written = write(people, tmp_path / f"people{kind}", EVERYBODY, rows)
    assert (written.rows, written.people, written.campaigns, written.sample) == (0, 0, 3, [])
    if kind == TableFormat.CSV:
        assert written.path.read_bytes().count(b"\r\n") == 1
    assert written.path.stat().st_size > 0
