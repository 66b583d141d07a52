"""The file partners get: one line a contact, the 21 columns they know and the household, whole or absent."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.contact_fields import FIELD_TAGS
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.exports.campaign_csv import CampaignHeader, CsvCounts, csv_counts, write_campaign_csv
from octopus_pipeline.exports.match_columns import MATCH_SOURCE_COLUMNS
from octopus_pipeline.exports.safe_cells import defused
from octopus_pipeline_tests.engagement.reports import Row, Run, contact, merged, seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

OHIO = ZoneInfo("America/New_York")
SPRING = CampaignHeader("d1ebd096", "Final days, 2024", datetime(2024, 11, 16, 3, 30, tzinfo=UTC))


def write(folder: Path, rows: Sequence[Row], campaign: CampaignHeader = SPRING) -> CsvCounts:
    batches = iter([pa.RecordBatch.from_pylist([row], schema=ENGAGEMENT_SCHEMA) for row in rows])
    return csv_counts(write_campaign_csv(folder, campaign, batches, OHIO))


def lines(written: CsvCounts) -> list[dict[str, str]]:
    with written.path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def row(contact_id: str = "ann", **values: object) -> Row:
    return (
        dict.fromkeys(ENGAGEMENT_SCHEMA.names)
        | dict.fromkeys(FLAGS, False)
        | {"contact_id": contact_id}
        | values
    )


def test_the_21_columns_in_their_order(tmp_path: Path) -> None:
    fields = {
        "FirstName": None,
        "LastName": None,
        "City": "MANSFIELD",
        "ZIP": 44906,
        "kWh": "12000",
        "Cell": "6145550134",
        "Address": "345 MAPLE LN",
        "annualcost": "$1,705.35",
        "AnnualSavings": "$511.61",
        "MonthlyCost": "$142.11",
        "MonthlySaving": "$42.63",
        "DailyCost": "$4.67",
    }
    run = Run({Report.SENT: [seen("ann")], Report.CLICKED: [seen("ann", 1)]}, [contact("ann", 1, **fields)])
    written = write(tmp_path, merged(run))
    assert written.path.name == "campaign_d1ebd096_Final_days_2024.csv"
    assert [list(line.items())[:21] for line in lines(written)] == [
        [
            ("campaign_name", "Final days, 2024"),
            ("campaign_sent_at", "2024-11-15"),
            ("email", "ann@example.com"),
            ("first_name", ""),
            ("last_name", ""),
            ("city", "MANSFIELD"),
            ("zip", "44906"),
            ("kwh", "12000"),
            ("cell", "6145550134"),
            ("address", "345 MAPLE LN"),
            ("annual_cost", "$1,705.35"),
            ("annual_savings", "$511.61"),
            ("monthly_cost", "$142.11"),
            ("monthly_saving", "$42.63"),
            ("daily_cost", "$4.67"),
            ("opened", "Yes"),
            ("clicked", "Yes"),
            ("bounced", "No"),
            ("complained", "No"),
            ("unsubscribed", "No"),
            ("status", "SUBSCRIBED"),
        ]
    ]
    assert written == CsvCounts(written.path, 1, opened=1, clicked=1, bounced=0, complained=0, unsubscribed=0)


def test_one_line_a_contact_with_the_flags_of_all_reports(tmp_path: Path) -> None:
    """CSVs were written before all reports were merged: a contact on several lines, each with part of the flags."""
    everyone = [seen("ann", 1), seen("bob", 2), seen("ann", 3)]
    rows = merged(*(Run({report: everyone}) for report in ENGAGEMENT_REPORTS))
    assert [(line["email"], *(line[flag] for flag in FLAGS)) for line in lines(write(tmp_path, rows))] == [
        ("ann@example.com", *["Yes"] * 5),
        ("bob@example.com", *["Yes"] * 5),
    ]


_HOSTILE = st.text(st.sampled_from("=+-@\"',;\t\r\n é\u2028𝄞\ufeffaZ09$"), min_size=1, max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.sampled_from(["email_address", *FIELD_TAGS]), _HOSTILE), max_size=4), _HOSTILE
)
def test_hostile_cells_come_back_whole_and_harmless(
    tmp_path: Path, cells: list[dict[str, str]], name: str
) -> None:
    campaign = CampaignHeader("d1ebd096", name, None)
    written = write(tmp_path, [row(**one) for one in cells], campaign)
    read = lines(written)
    assert len(read) == written.rows == len(cells)
    for line, cell in zip(read, cells, strict=True):
        assert line["campaign_name"] == defused(name)
        assert line["campaign_sent_at"] == ""
        for column in ("email_address", *FIELD_TAGS):
            assert line["email" if column == "email_address" else column] == defused(cell.get(column, ""))


def test_the_file_s_bytes(tmp_path: Path) -> None:
    written = write(tmp_path, [row(city='Saint "Élyria",\nOhio')], CampaignHeader("1", "n", None))
    first, rest = written.path.read_bytes().split(b"\r\n", 1)
    assert first.startswith(b'"campaign_name","campaign_sent_at","email",')
    text = '"n","",,,,"Saint ""Élyria"",\nOhio",,,,,,,,,,"No","No","No","No","No",'
    assert rest.decode() == f"{text}{',' * 13}\r\n", "never matched: the household's cells are empty"


FOUND = {
    "residence_county": "Franklin",
    "residence_parcel_id": "010-000123-00",
    "residence_parcel_address": "345 MAPLE LN",
    "residence_parcel_city": "COLUMBUS",
    "residence_parcel_zip": 43215,
    "residence_match_quality": "exact",
    "residence_match_method": "address exact",
    "residence_match_score": 0.99876543,
    "residence_year_built": 1987,
    "demographic_county": "Franklin",
    "demographic_parcel_id": "010-000999-00",
    "demographic_customer_name": "=SAMPLE, JANE",
    "demographic_match_quality": "fuzzy",
    "demographic_match_method": "e-mail",
    "demographic_match_score": 0.9712,
    "demographic_annual_kwh_cost": 1705.35,
    "demographic_total_energy_burden": 0.0612345,
    "demographic_estimated_income": 12345678.0,
    "demographic_age_first_individual": 44.0,
}
NO_RESIDENCE: dict[str, object] = {name: None for name in FOUND if name.startswith("residence_")} | {
    "residence_match_quality": "review",
    "residence_match_score": 0.71,
    "residence_reason": "evidence too weak",
}
NO_RECORD: dict[str, object] = {name: None for name in FOUND if name.startswith("demographic_")} | {
    "demographic_match_quality": "no_match"
}


def matched_row(contact_id: str, **values: object) -> Row:
    return dict.fromkeys(MATCH_SOURCE_COLUMNS.names) | row(contact_id) | FOUND | values


def write_matched(folder: Path, rows: Sequence[Row]) -> list[dict[str, str]]:
    schema = pa.schema([*ENGAGEMENT_SCHEMA, *MATCH_SOURCE_COLUMNS])
    batches = [pa.RecordBatch.from_pylist(list(rows), schema=schema)]
    return lines(csv_counts(write_campaign_csv(folder, SPRING, batches, OHIO)))


def test_after_them_the_household_that_was_found(tmp_path: Path) -> None:
    (line,) = write_matched(tmp_path, [matched_row("ann")])
    assert list(line.items())[21:] == [
        ("county", "Franklin"),
        ("parcel_id", "010-000123-00"),
        ("parcel_address", "345 MAPLE LN"),
        ("parcel_city", "COLUMBUS"),
        ("parcel_zip", "43215"),
        ("match_quality", "exact"),
        ("match_method", "address exact"),
        ("match_score", "0.9988"),
        ("customer_name", "'=SAMPLE, JANE"),
        ("annual_kwh_cost", "1705.35"),
        ("total_energy_burden", "0.0612"),
        ("estimated_income", "12345678"),
        ("year_built", "1987"),
    ]


def test_without_a_residence_the_parcel_of_the_record_is_shown_and_without_both_why(tmp_path: Path) -> None:
    of_record, of_none = write_matched(
        tmp_path, [matched_row("ann", **NO_RESIDENCE), matched_row("bob", **NO_RESIDENCE, **NO_RECORD)]
    )
    assert (of_record["county"], of_record["parcel_id"]) == ("Franklin", "010-000999-00")
    assert (of_record["match_quality"], of_record["match_method"]) == ("fuzzy", "e-mail")
    assert (of_record["parcel_address"], of_record["year_built"]) == ("", "")
    assert of_record["customer_name"] == "'=SAMPLE, JANE"
    assert [of_none[name] for name in ("match_quality", "match_method", "match_score")] == [
        "review",
        "",
        "0.71",
    ]
    assert {of_none[name] for name in ("county", "parcel_id", "customer_name", "estimated_income")} == {""}


def test_partners_bytes_are_the_same_whoever_was_found(tmp_path: Path) -> None:
    people = [row("ann", city="MARION", opened=True), row("bob", status="pending", address="=1+1")]
    plain = write(tmp_path, people).path.read_bytes()
    nothing = dict.fromkeys(set(MATCH_SOURCE_COLUMNS.names) - FOUND.keys())
    write_matched(tmp_path, [FOUND | nothing | people[0], FOUND | nothing | NO_RESIDENCE | people[1]])
    (path,) = tmp_path.iterdir()
    for before, after in zip(plain.splitlines(), path.read_bytes().splitlines(), strict=True):
        cells = before.rstrip(b",") if before.endswith(b",") else before.partition(b',"county"')[0]
        assert after.startswith(cells + b",")


def test_unchanged_data_gives_the_same_bytes_however_it_is_batched(tmp_path: Path) -> None:
    rows = [row("ann", city="MARION", opened=True), row("bob", status="pending")]
    before = write(tmp_path, rows).path.read_bytes()
    whole = [pa.RecordBatch.from_pylist(rows, schema=ENGAGEMENT_SCHEMA)]
    assert write_campaign_csv(tmp_path, SPRING, whole, OHIO).read_bytes() == before


def test_a_campaign_without_contacts_has_a_header(tmp_path: Path) -> None:
    written = write(tmp_path, [])
    assert lines(written) == []
    assert written.path.read_bytes().count(b"\r\n") == 1


def test_an_error_midway_leaves_the_former_file_and_nothing_else(tmp_path: Path) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pylist([row("bob")], schema=ENGAGEMENT_SCHEMA)
        raise RuntimeError

    former = write(tmp_path, [row("ann")]).path
    before = former.read_bytes()
    with pytest.raises(RuntimeError):
        write_campaign_csv(tmp_path, CampaignHeader("d1ebd096", "renamed", None), failing(), OHIO)
    assert list(tmp_path.iterdir()) == [former]
    assert former.read_bytes() == before


KILLED_WRITER = """
import os, signal, sys
from datetime import UTC
from pathlib import Path
import pyarrow as pa
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.exports.campaign_csv import CampaignHeader, write_campaign_csv

row = dict.fromkeys(ENGAGEMENT_SCHEMA.names) | dict.fromkeys(FLAGS, False) | {"contact_id": "bob"}

def batches():
    for _ in range(20):
        yield pa.RecordBatch.from_pylist([row] * 10_000, schema=ENGAGEMENT_SCHEMA)
    [unfinished] = Path(sys.argv[1]).glob(".*.tmp")
    assert unfinished.stat().st_size > 100_000
    os.kill(os.getpid(), signal.SIGKILL)

write_campaign_csv(Path(sys.argv[1]), CampaignHeader("d1ebd096", "Final days, 2024", None), batches(), UTC)
"""


def test_a_writer_killed_midway_leaves_the_former_file_and_its_leftover_is_no_csv(tmp_path: Path) -> None:
    former = write(tmp_path, [row("ann")]).path
    before = former.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.glob("*.csv")) == [former]
    assert former.read_bytes() == before
    (leftover,) = tmp_path.glob(".*.tmp")
    write(tmp_path, [row("ann")])
    assert leftover.exists(), "its writer might live"
    os.utime(leftover, (0, 0))
    write(tmp_path, [row("ann")])
    assert list(tmp_path.iterdir()) == [former]


def test_a_renamed_campaign_leaves_one_file_and_others_alone(tmp_path: Path) -> None:
    other = write(tmp_path, [], CampaignHeader("d1ebd096-2", "Other", None)).path
    write(tmp_path, [])
    renamed = write(tmp_path, [], CampaignHeader("d1ebd096", "Renamed", None)).path
    assert set(tmp_path.iterdir()) == {other, renamed}
