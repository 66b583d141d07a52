"""The match report counts what the match tables say, names nobody, and is written whole or not at all."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_pipeline.cli import octopus
from octopus_pipeline.exports.match_chart import draw_chart
from octopus_pipeline.exports.match_figures import MatchFigures, UnmatchedStreet, matched, read_figures
from octopus_pipeline.exports.match_report import (
    Observed,
    ReportWriteError,
    report_text,
    write_match_report,
)
from octopus_pipeline.matching.households import DEMOGRAPHIC_MATCH_SCHEMA, RESIDENCE_SCHEMA
from octopus_pipeline.store.tables import TableNotFoundError, TableStore

NOW = datetime(2025, 11, 21, 18, 0, tzinfo=UTC)

CONTACT_ID = pa.field("contact_id", pa.string(), nullable=False)
RESIDENCES = pa.schema([CONTACT_ID, *RESIDENCE_SCHEMA, pa.field("found_right", pa.bool_())])
DEMOGRAPHICS = pa.schema([CONTACT_ID, *DEMOGRAPHIC_MATCH_SCHEMA])
ENGAGEMENT = pa.schema([(name, pa.string()) for name in ("contact_id", "address", "city", "zip")])

METHODS = ["address exact", "address similar", "decision"]
REASONS = ["number unknown", "street unknown", "PO box", "several equal candidates"]


def matched_row(county: str, method: str, score: float, **said: Any) -> dict[str, Any]:
    known = {"county": county, "parcel_id": "1", "match_quality": "fuzzy"}
    return {**known, "match_method": method, "match_score": score, **said}


def unmatched_row(reason: str, quality: str = "no_match", **said: Any) -> dict[str, Any]:
    return {"match_quality": quality, "reason": reason, **said}


def store_campaign(tables: TableStore, campaign: str, rows: list[dict[str, Any]]) -> None:
    """The tables of a campaign; a row is a residence and what the contact says of itself."""
    rows = [{"contact_id": f"{place}", **row} for place, row in enumerate(rows)]
    demographic = [
        {
            "contact_id": row["contact_id"],
            "match_quality": row["match_quality"],
            "match_method": "parcel" if row["match_quality"] == "fuzzy" else None,
            "reason": row.get("reason"),
            "agrees": False if row.get("county") == "Morrow" else None,
        }
        for row in rows
    ]
    for table, schema, content in (
        ("engagement", ENGAGEMENT, rows),
        ("residence_matches", RESIDENCES, rows),
        ("demographic_matches", DEMOGRAPHICS, demographic),
    ):
        with tables.writer(table, campaign, schema) as writer:
            writer.write(pa.Table.from_pylist(content, schema))


@pytest.fixture
def tables(tmp_path: Path) -> TableStore:
    """Two campaigns, in which some contacts are the same."""
    store = TableStore(str(tmp_path / "tables"))
    spring = [
        matched_row("Richland", "address exact", 0.999, zip="44906"),
        matched_row("Morrow", "address similar", 0.96, parcel_zip=43338),
        matched_row("Richland", "decision", 1.0, zip="44906", found_right=True),
        unmatched_row(
            "several equal candidates", "review", review_county="Morrow", match_score=0.6, zip="43338"
        ),
        unmatched_row("number unknown", address="7 Oak Street", zip="44906"),
        unmatched_row("number unknown", address="9 OAK ST, 44906"),
        unmatched_row("number unknown", address="5 Elm St", zip="44906"),
        unmatched_row("PO box", address="PO Box 12"),
    ]
    store_campaign(store, "spring", spring)
    store_campaign(store, "summer", spring[:5])
    return store


def test_figures_are_by_county_zip_method_score_reason_and_street(tables: TableStore) -> None:
    figures = read_figures(tables)
    assert (figures.campaigns, figures.participants) == (2, 13)
    assert figures.quality == {"fuzzy": 6, "review": 2, "no_match": 5}
    assert figures.counties == {
        "Richland": {"fuzzy": 4, "no_match": 4},
        "Morrow": {"fuzzy": 2, "review": 2},
        "unknown": {"no_match": 1},
    }
    assert figures.zips == {
        "44906": {"fuzzy": 4, "no_match": 4},
        "43338": {"fuzzy": 2, "review": 2},
        "unknown": {"no_match": 1},
    }
    assert figures.methods == {"address exact": 2, "address similar": 2, "decision": 2}
    assert figures.expected_errors == pytest.approx(2 * 0.001 + 2 * 0.04)
    assert figures.judged == 4
    assert figures.reasons[("no_match", "number unknown")] == 4
    assert figures.reasons[("review", "several equal candidates")] == 2
    assert [dict(band) for band in figures.bands if band] == [{"review": 2}, {"fuzzy": 2}, {"fuzzy": 2}]
    assert figures.disagreeing == 2


def test_a_street_is_told_only_if_several_people_are_unmatched_there(tables: TableStore) -> None:
    """The contact that both campaigns have at 7 Oak Street is one person."""
    assert read_figures(tables).streets == [UnmatchedStreet("OAK ST", "44906", "Richland", 2)]


def test_the_report_reads_as_it_should(tables: TableStore) -> None:
    text = report_text(read_figures(tables), NOW, Observed(decided=20, right=19))
    for line in (
        "2025-11-21 18:00 UTC, 2 campaigns, 13 participants (a contact counts once in each of its campaigns).",
        "| matched | 6 | 46.2 % |",
        "| to review | 2 | 15.4 % |",
        "| Richland | 8 | 50.0 % | 0.0 % | 50.0 % |",
        "| 43338 | 4 | 50.0 % | 50.0 % | 0.0 % |",
        "| address similar | 2 | 0.1 (4.00 %) |",
        "| no match | number unknown | 4 | 30.8 % |",
        "| OAK ST | 44906 | Richland | 2 |",
        "| expected to be wrong | 0.1 (2.05 %) |",
        "| right, of those that analysts decided about | 19 of 20 (95.0 %) |",
        "| of another parcel than the address | 2 | 15.4 % |",
    ):
        assert line in text.splitlines()
    assert "7 Oak" not in text


rows = st.one_of(
    st.builds(
        matched_row,
        st.sampled_from(["Richland", "Morrow"]),
        st.sampled_from(METHODS),
        st.floats(0.95, 1),
        zip=st.sampled_from([None, "44906", "43338", "90210"]),
    ),
    st.builds(
        unmatched_row,
        st.sampled_from(REASONS),
        st.sampled_from(["no_match", "review"]),
        match_score=st.one_of(st.none(), st.floats(0, 0.95, exclude_max=True)),
        address=st.sampled_from([None, "1 Oak St", "2 Oak St", "n/a"]),
        zip=st.sampled_from([None, "44906", "43017", "x"]),
    ),
)


@settings(max_examples=40, deadline=None)
@given(campaigns=st.lists(st.lists(rows, max_size=12), max_size=3))
def test_counts_are_the_tables(
    tmp_path_factory: pytest.TempPathFactory, campaigns: list[list[dict[str, Any]]]
) -> None:
    store = TableStore(str(tmp_path_factory.mktemp("tables")))
    for place, campaign in enumerate(campaigns):
        store_campaign(store, f"c{place}", campaign)
    figures = read_figures(store)
    every = [row for campaign in campaigns for row in campaign]
    accepted = [row for row in every if row["match_quality"] == "fuzzy"]
    assert figures.participants == len(every)
    for counts in (figures.counties, figures.zips):
        assert sum(one.total() for one in counts.values()) == len(every)
        assert sum(matched(one) for one in counts.values()) == len(accepted)
    assert figures.methods.total() == len(accepted)
    assert figures.reasons.total() == len(every) - len(accepted)
    assert figures.demographic_quality.total() == len(every)
    judged = [row for row in accepted if row["match_method"] != "decision"]
    candidates = [*judged, *(row for row in every if row not in accepted and row["match_score"] is not None)]
    assert sum(band.total() for band in figures.bands) == len(candidates)
    expected = sum(1 - row["match_score"] for row in judged)
    assert figures.expected_errors == pytest.approx(expected)
    assert sum(figures.band_errors) == pytest.approx(expected)


def test_the_files_are_replaced_whole_or_stay(tables: TableStore, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    written = write_match_report(folder, read_figures(tables), NOW)
    assert sorted(path.name for path in folder.iterdir()) == ["match_report.md", "match_report.png"]
    text = written.text_file.read_text()
    assert text.startswith(written.text)
    assert "(match_report.png)" in text
    (folder / "match_report.md").unlink()
    (folder / "match_report.md").mkdir()
    (folder / "match_report.md" / "in the way").touch()
    with pytest.raises(ReportWriteError, match="OCTOPUS_EXPORT_DIR"):
        write_match_report(folder, read_figures(tables), NOW)
    assert sorted(path.name for path in folder.iterdir()) == ["match_report.md", "match_report.png"]


def _size(png: bytes) -> tuple[int, ...]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_the_chart_is_a_small_picture_that_markdown_can_hold(tables: TableStore, tmp_path: Path) -> None:
    written = write_match_report(tmp_path, read_figures(tables), NOW)
    assert _size(written.chart) == (900, 405)
    assert len(written.text_with_chart) < 100_000
    assert "](data:image/png;base64," in written.text_with_chart
    assert _size(draw_chart(MatchFigures())) == (900, 405)


def test_the_terminal_prints_it_and_says_where_it_is(
    tables: TableStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOPUS_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(octopus, ["match", "report"], catch_exceptions=False)
    assert "| matched | 6 | 46.2 % |" in done.output
    assert "| right, of those that analysts decided about | 1 of 1 (100.0 %) |" in done.output
    assert (tmp_path / "exports" / "match_report.md").read_text().splitlines()[0] in done.output
    assert str(tmp_path / "exports" / "match_report.png") in done.output
    monkeypatch.setenv("OCTOPUS_TABLES_URL", str(tmp_path / "none"))
    assert "No campaign was matched yet" in CliRunner().invoke(octopus, ["match", "report"]).output


def test_an_empty_report_says_none_and_a_missing_table_is_named(tmp_path: Path) -> None:
    store = TableStore(str(tmp_path))
    assert "0 campaigns, 0 participants" in report_text(read_figures(store), NOW)
    with pytest.raises(TableNotFoundError, match="engagement, partition spring"):
        read_figures(store, ["spring"])
