"""Analysts' decisions on matches: they win, come back from the review, and are about parcels that exist."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octopus_pipeline.matching.decisions import Decision, Verdict
from octopus_pipeline.matching.parcel_records import Parcel
from octopus_pipeline.sync.campaign import ENGAGEMENT, Stages
from octopus_pipeline.sync.decisions import DecisionError, record_decision
from octopus_pipeline.sync.matches import RESIDENCE_MATCHES
from octopus_pipeline.sync.person import UnknownPersonError, decision_about
from octopus_pipeline.sync.review import rows_to_review, write_review
from octopus_pipeline_tests.sync.counties import load, parcel_of, without_parcel
from octopus_pipeline_tests.sync.matched import NOW, people, results, rows

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.sandbox.counties import SampleCounty
    from octopus_pipeline_tests.sync.conftest import Bench


def test_decisions_win_survive_a_changed_county_and_give_a_precision(
    bench: Bench, counties: dict[str, SampleCounty]
) -> None:
    franklin = counties["Franklin"]
    load(bench.connections, franklin)
    results(bench, Stages())
    addresses = people(bench)
    found = {
        address: Parcel(row["county"], row["parcel_id"])
        for key, row in rows(bench, RESIDENCE_MATCHES).items()
        if row["parcel_id"] and (address := addresses[key])
    }
    right, wrong, moved = sorted(found)[:3]
    nobody = next(address for address in sorted(filter(None, addresses.values())) if address not in found)
    elsewhere = Parcel(
        "Franklin", next(one["parcel_id"] for one in franklin.residential if one["address"] != "NA")
    )
    bench.connections.settings.decisions_file.write_text(
        f"email,decision,county,parcel_id\n{right.upper()},right,,\n{wrong},wrong,,\n"
        f"{nobody},parcel,Franklin,{elsewhere.parcel_id}\n"
    )
    record_decision(bench.database, moved, Decision(Verdict.PARCEL, elsewhere), "moved", NOW)
    record_decision(bench.database, wrong, Decision(Verdict.RIGHT), "the file counts first", NOW)
    for county in (franklin, replace(franklin, residential=franklin.residential[::-1])):
        load(bench.connections, county)
        made = results(bench)
        now = {
            address: row
            for key, row in rows(bench, RESIDENCE_MATCHES).items()
            if (address := addresses[key]) in {right, wrong, moved, nobody}
        }
        assert now[right]["parcel_id"] == found[right].parcel_id
        assert {now[one]["parcel_id"] for one in (moved, nobody)} == {elsewhere.parcel_id}
        assert now[moved]["parcel_address"] == parcel_of(franklin, elsewhere.parcel_id)["address"]
        assert (now[wrong]["parcel_id"], now[wrong]["reason"]) == (None, "decided wrong")
        assert all(row["match_method"] == "decision" for row in now.values())
        rows_of = Counter(addresses.values())
        decided = sum(result.counts.decided for result in made.values())
        assert decided == rows_of[right] + rows_of[wrong] + rows_of[moved]
        assert sum(result.counts.decided_right for result in made.values()) == rows_of[right]
        assert not any(result.missing_parcels for result in made.values())
    load(bench.connections, without_parcel(franklin, elsewhere.parcel_id))
    made = results(bench)
    gone: Counter[str] = Counter()
    for result in made.values():
        gone.update(result.missing_parcels)
    assert gone == {str(elsewhere): rows_of[moved] + rows_of[nobody]}
    reasons = {
        row["reason"] for key, row in rows(bench, RESIDENCE_MATCHES).items() if addresses[key] == moved
    }
    assert reasons == {"decided parcel is gone"}


def test_a_mistaken_decision_ends_a_sync_before_anything_is_changed(bench: Bench) -> None:
    bench.connections.settings.decisions_file.write_text("email,decision\nann@example.com,perhaps\n")
    with pytest.raises(DecisionError, match="row 2, column decision"):
        bench.sync()
    assert not bench.connections.tables.partitions(ENGAGEMENT)
    bench.sync(stages=replace(Stages(), matches=False))
    assert bench.connections.tables.partitions(ENGAGEMENT)


def test_what_is_to_be_reviewed_comes_back_as_decisions(
    bench: Bench, counties: dict[str, SampleCounty], tmp_path: Path
) -> None:
    franklin = counties["Franklin"]
    twins = [{**one, "parcel_id": f"{one['parcel_id']}-twin"} for one in franklin.residential]
    load(bench.connections, replace(franklin, residential=[*franklin.residential, *twins], demographic=[]))
    results(bench, Stages())
    known = bench.campaigns()
    to_review = rows_to_review(bench.connections, known)
    emails = [one.who.lower() for one in to_review]
    assert len(emails) > 20
    assert len(set(emails)) == len(emails), "each once, whatever the number of campaigns"
    assert any(len(one.campaigns) > 1 for one in to_review)
    path = tmp_path / "review.csv"
    write_review(path, to_review)
    header, *lines = path.read_text().splitlines()
    assert len(lines) == len(emails)
    write_review(path, to_review)  # nobody has decided anything yet: it may be written again
    decided = [
        line.replace(f'"{one.who}",', f'"{one.who}",right', 1)
        for one, line in zip(to_review, lines, strict=True)
    ]
    path.write_text("\n".join([header, *decided[:5], *lines[5:]]))
    with pytest.raises(DecisionError, match="holds decisions"):
        write_review(path, to_review)
    bench.connections.settings.decisions_file.write_text(path.read_text())
    assert [one.who.lower() for one in rows_to_review(bench.connections, known)] == emails[5:]
    results(bench)
    matched = {
        one
        for key, one in people(bench).items()
        if rows(bench, RESIDENCE_MATCHES)[key]["match_method"] == "decision"
    }
    assert matched == set(emails[:5])


def test_deciding_about_a_person_names_the_parcel(bench: Bench, counties: dict[str, SampleCounty]) -> None:
    load(bench.connections, counties["Franklin"])
    results(bench, Stages())
    addresses = people(bench)
    address, row = next(
        (address, row)
        for key, row in rows(bench, RESIDENCE_MATCHES).items()
        if row["parcel_id"] and (address := addresses[key])
    )
    parcel = Parcel(row["county"], row["parcel_id"])
    assert decision_about(bench.connections, address.upper(), "right") == Decision(Verdict.RIGHT, parcel)
    assert decision_about(bench.connections, address, "Wrong") == Decision(Verdict.WRONG, parcel)
    assert decision_about(bench.connections, address, f"franklin/{parcel.parcel_id}") == Decision(
        Verdict.PARCEL, parcel
    )
    with pytest.raises(DecisionError, match="no such parcel"):
        decision_about(bench.connections, address, "Franklin/none")
    with pytest.raises(UnknownPersonError):
        decision_about(bench.connections, "stranger@example.com", "right")
    bench.connections.settings.decisions_file.write_text(f"email,decision\n{address},right\n")
    with pytest.raises(DecisionError, match="counts first"):
        decision_about(bench.connections, address, "wrong")
