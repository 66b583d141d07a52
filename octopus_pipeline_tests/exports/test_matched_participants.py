"""The two files for analysts: whose household is known, and whose is not and why."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.exports.campaign_csv import CampaignHeader
from octopus_pipeline.exports.match_columns import MATCH_SOURCE_COLUMNS
from octopus_pipeline.exports.matched_participants import MatchedFiles, write_matched_participants
from octopus_pipeline_tests.exports.test_campaign_csv import (
    FOUND,
    NO_RECORD,
    NO_RESIDENCE,
    SPRING,
    matched_row,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octopus_pipeline_tests.engagement.reports import Row

SCHEMA = pa.schema([*ENGAGEMENT_SCHEMA, *MATCH_SOURCE_COLUMNS])
ANN = matched_row("ann", opened=True)
BOB = matched_row("bob", **NO_RECORD, first_name="BOB", last_name="SAMPLE", clicked=True)
EVE = matched_row("eve", **NO_RESIDENCE)
DAN = matched_row("dan", **NO_RESIDENCE, **NO_RECORD, email_address="+dan@example.com", zip="43215")
NEW = dict.fromkeys(MATCH_SOURCE_COLUMNS.names) | row("new")


def write(folder: Path, rows: Sequence[Row], campaign: CampaignHeader = SPRING) -> MatchedFiles:
    batches = [pa.RecordBatch.from_pylist([one], schema=SCHEMA) for one in rows]
    return write_matched_participants(folder, campaign, batches)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_everyone_is_in_one_of_the_two_files(tmp_path: Path) -> None:
    files = write(tmp_path, [ANN, DAN, BOB, NEW, EVE])
    assert files.matched.name == "matched_participants_d1ebd096_Final_days_2024.csv"
    assert files.unmatched.name == "unmatched_participants_d1ebd096_Final_days_2024.csv"
    assert (files.matched_rows, files.unmatched_rows) == (3, 2)
    ann, bob, eve = lines(files.matched)
    assert list(ann.items()) == [
        ("Name", "'=SAMPLE, JANE"),
        ("Campaign", "Final days, 2024"),
        ("County", "Franklin"),
        ("Opened", "1"),
        ("Clicked", "0"),
        ("Applied", ""),
        ("Age", "44"),
        ("Income", "12345678"),
        ("YearBuilt", "1987"),
    ]
    assert (bob["Name"], bob["Clicked"], bob["Age"], bob["YearBuilt"]) == ("BOB SAMPLE", "1", "", "1987")
    assert (eve["County"], eve["Age"], eve["YearBuilt"]) == ("Franklin", "44", "")
    dan, new = lines(files.unmatched)
    assert list(dan.items()) == [
        ("Email", "'+dan@example.com"),
        ("Campaign", "Final days, 2024"),
        ("Address", ""),
        ("City", ""),
        ("ZIP", "43215"),
        ("Opened", "0"),
        ("Clicked", "0"),
        ("Quality", "review"),
        ("Reason", "evidence too weak"),
    ]
    assert (new["Quality"], new["Reason"]) == ("", "not matched yet")


def test_a_renamed_campaign_s_former_files_go_and_an_error_leaves_them(tmp_path: Path) -> None:
    former = write(tmp_path, [ANN, DAN])
    before = {path: path.read_bytes() for path in (former.matched, former.unmatched)}

    def failing() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pylist([BOB], schema=SCHEMA)
        raise RuntimeError

    renamed = CampaignHeader(SPRING.id, "renamed", None)
    with pytest.raises(RuntimeError):
        write_matched_participants(tmp_path, renamed, failing())
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    now = write(tmp_path, [ANN], renamed)
    assert set(tmp_path.iterdir()) == {now.matched, now.unmatched}
    assert lines(now.unmatched) == []
    assert FOUND["residence_county"] == lines(now.matched)[0]["County"]
