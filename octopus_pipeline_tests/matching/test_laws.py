"""Laws of matching: what an answer depends on, and what it does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octopus_pipeline.matching import households
from octopus_pipeline.matching.households import find_households
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.prepared import PreparedCounties
from octopus_pipeline.matching.teaching import teach
from octopus_pipeline_tests.matching.invented import (
    LEXINGTON,
    MANSFIELD,
    County,
    county,
    customer_at,
    found,
    house_at,
    participants,
    person,
)

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from octopus_pipeline.matching.households import HouseholdMatches
    from octopus_pipeline_tests.matching.invented import Record

few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])

MORROW = 43338
_PLACES = (("MANSFIELD", MANSFIELD), ("LEXINGTON", LEXINGTON), ("MOUNT GILEAD", MORROW))
_STREETS = ("MARTEL RD", "HILLCREST AV", "N MAPLE ST", "S MAPLE ST", "OAK ST", "OAK CT", "MAIN ST", "SR 314")


@pytest.fixture(scope="module")
def two_counties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Richland and a smaller Morrow, which share the ZIP of Lexington."""
    folder = tmp_path_factory.mktemp("counties")
    county().prepare(folder)
    _morrow().prepare(folder)
    return folder


def _morrow() -> County:
    houses = [
        house_at(f"m{place}", f"{100 + 2 * place} {street}", *_PLACES[1 + place % 2])
        for place, street in enumerate(_STREETS * 5)
    ]
    customers = [customer_at(f"m{place}", "ROSE SAMPLE", email="shared@example.com") for place in range(9)]
    return County("Morrow", houses, customers)


@st.composite
def _people(draw: DrawFn) -> Record:
    """Participants of the two counties: as the records have them, or with mistakes, or from nowhere."""
    number = draw(st.one_of(st.integers(20, 70), st.integers(100, 180), st.integers(5400, 5446), st.none()))
    street = draw(
        st.sampled_from([*_STREETS, "Martell Rd", "MAPLE", "OAK", "Hillcrest Avenue", "NOWHERE LN", ""])
    )
    unit = draw(st.sampled_from(["", "", "", " Apt 2", " #5"]))
    city, zip_code = draw(st.sampled_from([*_PLACES, (None, None), ("COLUMBUS", 43215), ("NA", 90210)]))
    named = draw(st.booleans())
    return person(
        f"{number or ''} {street}{unit}",
        draw(st.sampled_from([city, None])),
        draw(st.sampled_from([str(zip_code or ""), None])),
        first_name=draw(st.sampled_from(["ALICE", "BRUCE", "CAROL"])) if named else None,
        last_name=draw(st.sampled_from(["JOLICOEUR", "BIRKHOLZ", "SAMPLE"])) if named else None,
        email=draw(st.sampled_from([None, "customer9@example.com", "shared@example.com"])),
        phone=draw(st.sampled_from([None, "419-555-0009", "(419) 555 0010"])),
    )


crowds = st.lists(_people(), min_size=1, max_size=40)


def _same(one: HouseholdMatches, other: HouseholdMatches) -> bool:
    """Whether two answers are equal to the last bit."""
    return all(
        a.combine_chunks().equals(b.combine_chunks())
        for a, b in ((one.residence, other.residence), (one.demographic, other.demographic))
    )


@given(crowds, st.randoms(use_true_random=False))
@few
def test_an_answer_is_the_participant_s_own(two_counties: Path, crowd: list[Record], random: object) -> None:
    """Neither the other participants, nor their order, nor the batches, nor a second time change a bit of it."""
    together = participants(*crowd)
    counties = PreparedCounties(two_counties)
    answer = find_households(together, counties)
    assert _same(find_households(together, counties), answer)
    order = pa.array(random.sample(range(len(crowd)), len(crowd)))  # type: ignore[attr-defined]
    shuffled = find_households(together.take(order), PreparedCounties(two_counties))
    assert _same(shuffled, type(answer)(answer.residence.take(order), answer.demographic.take(order)))
    for row in range(min(len(crowd), 5)):
        alone = find_households(together.slice(row, 1), counties)
        assert _same(alone, type(answer)(answer.residence.slice(row, 1), answer.demographic.slice(row, 1)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(households, "BATCH", 7)
        assert _same(find_households(together, counties), answer)


@given(crowds, st.randoms(use_true_random=False))
@settings(few, max_examples=10)
def test_the_order_of_records_and_counties_is_nothing(
    two_counties: Path, tmp_path: Path, crowd: list[Record], random: object
) -> None:
    """County files are even equal byte by byte."""
    folder = tmp_path / "shuffled"
    shutil.rmtree(folder, ignore_errors=True)
    for one in (_morrow(), county()):
        random.shuffle(one.residential)  # type: ignore[attr-defined]
        random.shuffle(one.demographic)  # type: ignore[attr-defined]
        one.prepare(folder)
        name = f"{one.name}.arrow"
        assert (folder / name).read_bytes() == (two_counties / name).read_bytes()
    assert _same(found(folder, *crowd), found(two_counties, *crowd))


_CLEAR = (
    "5410 Martel Rd", "1593 Hillcrest Ave", "604 N Main St", "3689 4th Ave", "25 N Maple St", "306 Oak Ct",
    "604 Main St Apt 4", "5411 Martel Rd", "12 Nowhere Ln", "25 Maple St", "304 Oak", "PO Box 12", "",
)  # fmt: skip
"""Participants whose answers are clear: matches, reviews of twins, and none."""

_unrelated = st.builds(
    house_at,
    st.integers(0, 9**9).map("new{}".format),
    st.builds(
        "{} {} {}".format,
        st.integers(10_000, 99_999),
        st.sampled_from(["ZINNIA", "QUARRY", "XENOPHON", "VISTA", "YARROW", "MAIN", "MAPLE"]),
        st.sampled_from(["BLVD", "PKWY", "LN"]),
    ),
    st.sampled_from(["MANSFIELD", "SHELBY", None]),
    st.sampled_from([MANSFIELD, 44875, None]),
)


@given(st.lists(_unrelated, max_size=60, unique_by=lambda house: house["parcel_id"]))
@settings(few, max_examples=20)
def test_parcels_that_nobody_means_change_no_match(
    two_counties: Path, tmp_path: Path, houses: list[Record]
) -> None:
    shutil.rmtree(tmp_path / "more", ignore_errors=True)
    county("Richland", *houses).prepare(tmp_path / "more")
    columns = ["parcel_id", "match_quality", "match_method", "reason"]
    before, after = (found(folder, *_CLEAR).residence for folder in (two_counties, tmp_path / "more"))
    assert after.select(columns).equals(before.select(columns))


@given(st.integers(0, 287), st.booleans(), st.sampled_from(["", " UNIT 4"]))
@settings(few, max_examples=20)
def test_an_equal_twin_makes_a_match_somebody_s_to_look_at(
    tmp_path: Path, place: int, named: bool, unit: str
) -> None:
    """Nothing tells which of the two is meant: neither is named as the residence."""
    shutil.rmtree(tmp_path, ignore_errors=True)
    one = county()
    house = one.residential[place]
    if "MAPLE" not in house["address"] and "OAK" not in house["address"]:
        house = one.residential[place] = {**house, "address": house["address"] + unit}
    one.demographic.clear()
    first, last = house["parcel_owner"].split()
    who = {"first_name": first, "last_name": last} if named else {}
    asked = person(house["address"], house["parcel_city"], str(house["parcel_zip"]), **who)
    one.prepare(tmp_path)
    answer = found(tmp_path, asked).residence.to_pylist()[0]
    assert (answer["match_quality"], answer["parcel_id"]) == ("exact", house["parcel_id"])
    one.residential.append({**house, "parcel_id": "twin"})
    one.prepare(tmp_path)
    answer = found(tmp_path, asked).residence.to_pylist()[0]
    assert (answer["match_quality"], answer["reason"]) == ("review", "several equal candidates")
    assert answer["parcel_id"] is None
    assert answer["review_parcel_id"] in {house["parcel_id"], "twin"}


@pytest.mark.parametrize(("others", "crowd"), [(0, 40), (10, 6), (24, 6), (100, 6)])
def test_however_many_share_an_address_it_is_not_the_twin_street_s(
    tmp_path: Path, others: int, crowd: int
) -> None:
    """In counties that write no units: 21 S MAPLE ST is many parcels, and each of them less likely than 21 N."""
    one = county()
    shared = [5, 120, *range(24, 24 + others)]
    one.residential += [
        {**one.residential[place], "parcel_id": f"{place} {number}"}
        for place in shared
        for number in range(crowd - 1)
    ]
    one.prepare(tmp_path)
    for answer in found(tmp_path, "21 S Maple St", "5410 Martel Rd").residence.to_pylist():
        assert (answer["match_quality"], answer["reason"]) == ("review", "several equal candidates")
        assert answer["review_address"] in {"21 S MAPLE ST", "5410 MARTEL RD"}


def _posterior_cases() -> SearchStrategy[list[list[float]]]:
    odds = st.one_of(st.floats(-900, 900), st.sampled_from([0.0, -np.inf]))
    return st.lists(st.lists(odds, min_size=1, max_size=9), max_size=9)


@given(_posterior_cases())
def test_a_participant_s_candidates_and_none_share_one(cases: list[list[float]]) -> None:
    who = np.repeat(np.arange(len(cases)) * 3, [len(case) for case in cases]).astype(np.int64)
    scores = posteriors(who, np.array([odds for case in cases for odds in case]))
    assert ((scores >= 0) & (scores <= 1)).all()
    for place, case in enumerate(cases):
        mine = scores[who == place * 3]
        assert mine.sum() <= 1 + 1e-12
        assert list(np.argsort(mine, kind="stable")) == list(np.argsort(mine, kind="stable"))
        assert all(
            (mine[i] >= mine[j]) for i in range(len(case)) for j in range(len(case)) if case[i] >= case[j]
        )
        best = max(case)
        assert mine.max() >= (0.5 / len(case) if best >= 0 else 0)


@given(crowds, st.randoms(use_true_random=False))
@settings(few, max_examples=10)
def test_what_is_learned_does_not_depend_on_order_and_repetition(
    two_counties: Path, tmp_path: Path, crowd: list[Record], random: object
) -> None:
    learned = []
    again = random.choices(crowd, k=20) + random.sample(crowd, len(crowd))  # type: ignore[attr-defined]
    for place, people in enumerate((crowd, again)):
        folder = tmp_path / str(place)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(two_counties, folder)
        taught = teach(participants(*people), PreparedCounties(folder), least=1)
        learned.append((taught, [path.read_bytes() for path in sorted(folder.glob("*.npz"))]))
    assert learned[0] == learned[1]
    assert len(learned[0][1]) == len(learned[0][0])
