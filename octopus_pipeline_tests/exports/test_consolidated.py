"""The consolidated table says what the documents say, filter by filter, in every format, whole or absent."""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_text
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.exports import excel
from octopus_pipeline.exports.consolidated import Consolidated, write_consolidated
from octopus_pipeline.exports.consolidated_rows import UnreadablePersonError
from octopus_pipeline.exports.excel import ExcelLimitError
from octopus_pipeline.exports.safe_cells import defused
from octopus_pipeline.exports.table_files import TableFormat, UnknownFormatError
from octopus_pipeline.exports.whole_csv import CsvWriteError
from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, prepare_people_database
from octopus_pipeline.people.filters import MatchState, PeopleFilter
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.people.queries import Rows
from octopus_pipeline_tests.people.rows import HOME, batch_of, person_row

if TYPE_CHECKING:
    from pathlib import Path

    Document = dict[str, Any]
    Row = dict[str, Any]

OHIO = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 1, tzinfo=UTC)
EVERYBODY = PeopleFilter()

SENT = {
    "$spring": ("=Spring", datetime(2026, 1, 2, 3, 30, tzinfo=UTC)),
    "autumn": ("Fall, 2025", datetime(2025, 9, 29, 12, tzinfo=UTC)),
    "draft": (None, None),
}
"""The campaigns that are known, and when they were sent; `lost` is one that only people's entries have."""

RECORD = {
    "residence_match_quality": "review",
    "demographic_county": "Morrow",
    "demographic_parcel_id": "F17-000-00-099",
    "demographic_customer_name": "@SAMPLE, JANE",
    "demographic_annual_kwh_cost": 1705.356789,
    "demographic_total_energy_burden": 0.0612345,
    "demographic_estimated_income": 27900.0,
    "demographic_match_quality": "fuzzy",
    "demographic_match_method": "e-mail",
    "demographic_match_score": 0.971234,
}


@pytest.fixture
def people(mongo_database: Database[Document]) -> Database[Document]:
    prepare_people_database(mongo_database)
    mongo_database[CAMPAIGNS].insert_many(
        {"campaign_id": one, "name": name, "sent_at": sent} for one, (name, sent) in SENT.items()
    )
    return mongo_database


def receive(people: Database[Document], campaign_id: str, *rows: Row) -> None:
    """As a campaign's run writes its people."""
    seen = list(people_seen(campaign_id, batch_of(*rows), NOW, NOW))
    merge_people(people[PEOPLE], seen)
    join_documents(people[PEOPLE], {row["contact"]["contact_id"]: row["contact_id"] for row in seen})


def write(
    people: Database[Document], path: Path, filters: PeopleFilter = EVERYBODY, rows: Rows = Rows.CAMPAIGNS
) -> Consolidated:
    return write_consolidated(people, path, filters, rows, OHIO)


def values(written: Consolidated) -> list[Row]:
    return list(pq.read_table(written.path).to_pylist())


def at(hours: int) -> datetime:
    return datetime(2026, 1, 10, tzinfo=UTC) + timedelta(hours=hours)


# What the rows must be, in plain Python, out of the documents.


def expected(documents: list[Document], filters: PeopleFilter, rows: Rows) -> list[Row]:
    lines = []
    for person in sorted(documents, key=lambda one: str(one["contact_id"])):
        entries = sorted(
            (entry for entry in person["engagements"] if is_chosen(entry["campaign_id"], filters)),
            key=sent_order,
        )
        if not entries or len(entries) < (filters.min_campaigns_received or 1) or not passes(person, filters):
            continue
        if rows is Rows.CAMPAIGNS:
            lines += [line(person, of_entry(entry)) for entry in entries if did([entry], filters)]
        elif did(entries, filters):
            lines.append(line(person, of_entries(entries)))
    return lines


def is_chosen(campaign_id: str, filters: PeopleFilter) -> bool:
    name, sent = SENT.get(campaign_id, (None, None))
    if filters.campaign and not {campaign_id, name} & set(filters.campaign):
        return False
    if filters.sent_from is None and filters.sent_to is None:
        return True
    day = sent and sent.astimezone(OHIO).date()
    return day is not None and (filters.sent_from or day) <= day <= (filters.sent_to or day)


def sent_order(entry: Document) -> tuple[bool, bool, datetime, str]:
    campaign_id = entry["campaign_id"]
    sent = SENT.get(campaign_id, (None, None))[1]
    return campaign_id not in SENT, sent is None, sent or NOW, campaign_id


def did(entries: list[Document], filters: PeopleFilter) -> bool:
    """Whether the flags hold over the entries: each that is asked for of any, `not_opened` of all."""
    done = {flag for flag in FLAGS if any(entry[flag] for entry in entries)}
    return (
        all(flag in done for flag in FLAGS if getattr(filters, flag))
        and (not filters.engaged or bool(done & {"opened", "clicked"}))
        and not (filters.not_opened and "opened" in done)
    )


def passes(person: Document, filters: PeopleFilter) -> bool:
    home, record = person["residence_ref"], person["demographic_ref"]
    if home or record:
        state = MatchState.MATCHED
    else:
        state = MatchState.REVIEW if person["match_quality"] == "review" else MatchState.UNMATCHED
    burden = (record or {}).get("total_energy_burden")
    return (
        (not filters.match or state in filters.match)
        and (not filters.county or (home or record or {"county": None})["county"] in filters.county)
        and (not filters.zip or person["zip"] in filters.zip)
        and (
            filters.min_energy_burden is None or (burden is not None and burden >= filters.min_energy_burden)
        )
    )


def line(person: Document, middle: Row) -> Row:
    home, record = person["residence_ref"] or {}, person["demographic_ref"] or {}
    parcel = home or record
    fields = {tag.casefold(): value for tag, value in person["fields"].items()}

    def number(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "email": person["email_address"],
        **{name: field_text(fields.get(tag.casefold())) for name, tag in FIELD_TAGS.items()},
        **middle,
        "status": person["status"],
        "county": parcel.get("county"),
        "parcel_id": parcel.get("parcel_id"),
        "parcel_address": home.get("address"),
        "parcel_city": home.get("parcel_city"),
        "parcel_zip": home.get("parcel_zip"),
        "match_quality": parcel.get("quality") or person["match_quality"],
        "match_method": parcel.get("method"),
        "match_score": number(parcel.get("score")),
        "customer_name": record.get("customer_name"),
        "annual_kwh_cost": number(record.get("annual_kwh_cost")),
        "total_energy_burden": number(record.get("total_energy_burden")),
        "estimated_income": number(record.get("estimated_income")),
        "year_built": home.get("year_built"),
    }


def of_entry(entry: Document) -> Row:
    name, sent = SENT.get(entry["campaign_id"], (None, None))
    day = sent and sent.astimezone(OHIO).date()
    return {"campaign_name": name, "campaign_sent_at": day, **{flag: entry[flag] for flag in FLAGS}}


def of_entries(entries: list[Document]) -> Row:
    first = [entry["engaged_at"] for entry in entries if entry["engaged_at"]]
    last = [entry["last_engaged_at"] for entry in entries if entry["last_engaged_at"]]
    return {
        "campaigns_received": len(entries),
        **{f"campaigns_{flag}": sum(entry[flag] for entry in entries) for flag in FLAGS},
        "first_engaged_at": min(first, default=None),
        "last_engaged_at": max(last, default=None),
    }


CELLS = st.sampled_from(["", "1 OAK ST", "=1+1", "@x", '"a",\nb', 900, 1.5, 12.0, True])
PERSONS = st.builds(
    person_row,
    st.sampled_from("abcde"),
    st.sampled_from([None, "ann@example.com", "Bob@example.com", "+cy@example.com", "$dee@example.com"]),
    cell=st.sampled_from([None, "614-555-0101"]),
    zip_code=st.sampled_from([None, "43215"]),
    status=st.sampled_from(["subscribed", "unsubscribed"]),
    fields=st.none() | st.dictionaries(st.sampled_from(["Address", "kWh", "CITY", "Other"]), CELLS),
    updated=st.none() | st.integers(0, 3).map(at),
    match=st.sampled_from([None, HOME, HOME | RECORD | {"residence_match_quality": "exact"}, RECORD])
    | st.sampled_from(["review", "no_match"]).map(lambda quality: {"residence_match_quality": quality}),
    done=st.dictionaries(st.sampled_from(FLAGS), st.integers(0, 99).map(at), max_size=3),
)
MAILED = st.lists(
    st.tuples(
        st.sampled_from([*SENT, "lost"]),
        st.lists(PERSONS, max_size=4, unique_by=lambda one: one["contact_id"]),
    ),
    max_size=5,
)
DAYS = st.none() | st.sampled_from([date(2025, 9, 29), date(2026, 1, 1)])
FLAG_FILTERS = ["engaged", "opened", "clicked", "not_opened", "bounced", "unsubscribed"]


@st.composite
def filters_of_people(draw: st.DrawFn) -> PeopleFilter:
    """Few filters at a time, for many leave nobody."""
    first, last = draw(DAYS), draw(DAYS)
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "campaign": st.lists(
            st.sampled_from(["=Spring", "$spring", "autumn", "draft"]), min_size=1, max_size=2
        ),
        "sent_from": st.just(first),
        "sent_to": st.just(None if first and last and first > last else last),
        **dict.fromkeys(FLAG_FILTERS, st.just(True)),
        "match": st.sets(st.sampled_from(MatchState), min_size=1).map(tuple),
        "county": st.lists(st.sampled_from(["Franklin", "Morrow"]), min_size=1, max_size=2),
        "zip": st.lists(st.sampled_from(["43215", "04321"]), min_size=1, max_size=2),
        "min_energy_burden": st.sampled_from([0.0, 0.0612345, 0.07]),
        "min_campaigns_received": st.integers(1, 3),
    }
    others = sorted(strategies.keys() - set(FLAG_FILTERS))
    names = draw(st.sets(st.sampled_from(FLAG_FILTERS), max_size=2)) | draw(
        st.sets(st.sampled_from(others), max_size=2)
    )
    if {"opened", "not_opened"} <= names:
        names.remove("opened")
    return PeopleFilter(**{name: draw(strategies[name]) for name in sorted(names)})


@given(mailed=MAILED, filters=st.lists(filters_of_people(), min_size=5, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_are_what_plain_python_makes_of_the_documents(
    people: Database[Document],
    tmp_path: Path,
    mailed: list[tuple[str, list[Row]]],
    filters: list[PeopleFilter],
) -> None:
    people[PEOPLE].delete_many({})
    for campaign_id, contacts in mailed:
        receive(people, campaign_id, *contacts)
    documents = list(people[PEOPLE].find())
    for one in [EVERYBODY, *filters]:
        for rows in Rows:
            written = write(people, tmp_path / "people.parquet", one, rows)
            found = values(written)
            assert found == expected(documents, one, rows)
            assert written.rows == len(found)
            assert written.people == len(
                {id(person) for person in documents if expected([person], one, rows)}
            )


def test_flags_are_of_one_mail_in_rows_of_campaigns_and_of_any_in_rows_of_people(
    people: Database[Document], tmp_path: Path
) -> None:
    receive(people, "$spring", person_row("a", "ann@example.com", opened=at(1)))
    receive(people, "autumn", person_row("a", "ann@example.com", clicked=at(2)))

    def names(**filters: Any) -> list[str]:
        written = write(people, tmp_path / "people.parquet", PeopleFilter(**filters))
        return [row["campaign_name"] for row in values(written)]

    def count(**filters: Any) -> int:
        return write(people, tmp_path / "people.parquet", PeopleFilter(**filters), Rows.PEOPLE).rows

    assert names(engaged=True) == ["Fall, 2025", "=Spring"]
    assert names(opened=True) == ["=Spring"]
    assert names(not_opened=True) == ["Fall, 2025"]
    assert names(opened=True, clicked=True) == []
    assert names(opened=True, campaign=("autumn",)) == []
    assert count(opened=True, clicked=True) == 1
    assert count(not_opened=True) == 0
    assert count(not_opened=True, campaign=("autumn",)) == 1
    assert count(min_campaigns_received=2) == 1
    assert count(min_campaigns_received=2, campaign=("autumn",)) == 0


def some_people(people: Database[Document]) -> None:
    fields = {"Address": "=1+1", "City": 'Saint "Élyria",\r\nOhio', "ZIP": 43001, "kWh": "-5"}
    home = HOME | RECORD | {"residence_match_quality": "exact"}
    receive(
        people,
        "$spring",
        person_row("a", "ann@example.com", match=home, fields=fields, opened=at(1)),
        person_row("b", "+bob@example.com", match=RECORD),
        person_row("c", None, cell="614-555-0101"),
    )
    receive(people, "autumn", person_row("a", "ann@example.com", clicked=at(30)))
    receive(people, "lost", person_row("a", "ann@example.com"), person_row("d", None))


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


def test_more_people_than_are_read_at_once_come_in_their_order(
    people: Database[Document], tmp_path: Path
) -> None:
    everybody = [
        person_row(f"contact-{n}", f"person{n:05}@example.com", opened=at(n % 50)) for n in range(2_345)
    ]
    receive(people, "$spring", *reversed(everybody))
    receive(people, "autumn", *everybody)
    written = write(people, tmp_path / "people.parquet", PeopleFilter(campaign=("autumn", "$spring")))
    assert (written.rows, written.people, written.campaigns) == (4_690, 2_345, 2)
    rows = values(written)
    assert [row["email"] for row in rows] == [f"person{n // 2:05}@example.com" for n in range(4_690)]
    assert [row["campaign_name"] for row in rows] == ["Fall, 2025", "=Spring"] * 2_345
    flags = {**dict.fromkeys(FLAGS, False), "opened": True}
    assert written.sample[0] == {
        "email_address": "person00000@example.com", "status": "SUBSCRIBED", **flags,
    }  # fmt: skip
