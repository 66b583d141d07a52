"""What readers ask of people: right, and answered by an index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.database import Database

from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import PEOPLE, prepare_people_database
from octopus_pipeline.people.filters import people_filter
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.people.reading import PAGE, engagement_by_zip, people_figures, people_page
from octopus_pipeline.people.totals import campaign_totals, record_totals, recorded_totals
from octopus_pipeline_tests.people.rows import HOME, batch_of, person_row

if TYPE_CHECKING:
    from collections.abc import Callable

    Document = dict[str, Any]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_COUNT = 350


@pytest.fixture
def database(mongo_database: Database[Document]) -> Database[Document]:
    """Every second person lives in Franklin County, every fifth opened, every tenth clicked, all in one campaign."""
    prepare_people_database(mongo_database)
    rows = [
        person_row(
            f"contact-{number}",
            f"person{number:03}@example.com",
            zip_code=None if number % 7 == 0 else f"4321{number % 3}",
            match=HOME if number % 2 else None,
            done={flag: NOW for flag, each in (("opened", 5), ("clicked", 10)) if number % each == 0},
        )
        for number in range(PEOPLE_COUNT)
    ]
    merge_people(mongo_database[PEOPLE], people_seen("spring", batch_of(*rows), NOW, NOW))
    return mongo_database


def test_figures_totals_and_zip_codes_count_everybody_once(database: Database[Document]) -> None:
    figures = people_figures(database)
    assert (figures.people, figures.engaged, figures.found) == (350, 70, 175)
    assert recorded_totals(database, "spring") is None
    record_totals(database, "spring", {"name": "Spring"})
    totals = {"people": 350, "opened": 70, "clicked": 35, "bounced": 0, "complained": 0, "unsubscribed": 0}
    assert recorded_totals(database, "spring") == totals
    assert campaign_totals(database[PEOPLE], "$spring")["people"] == 0
    by_zip = engagement_by_zip(database[PEOPLE])
    assert [one.zip for one in by_zip] == [None, "04321", "43210", "43211", "43212"]
    assert sum(one.people for one in by_zip) == 350
    assert sum(one.opened for one in by_zip) == 70
    (franklin,) = engagement_by_zip(database[PEOPLE], "Franklin")
    assert (franklin.zip, franklin.people, franklin.opened, franklin.clicked) == ("04321", 175, 35, 0)


def test_pages_are_everybody_in_order_and_nobody_twice(database: Database[Document]) -> None:
    filters = people_filter({"county": ["Franklin"]})
    found: list[str] = []
    while page := people_page(database[PEOPLE], filters, after=found[-1] if found else ""):
        assert len(page) <= PAGE
        found += [one["contact_id"] for one in page]
    assert found == [f"person{number:03}@example.com" for number in range(1, PEOPLE_COUNT, 2)]


def test_an_index_answers_every_reader(database: Database[Document]) -> None:
    people = database[PEOPLE]
    filters = {"campaign": ["spring"], "opened": True}
    asked: dict[str, Callable[[], object]] = {
        "figures": lambda: people_figures(database),
        "totals": lambda: recorded_totals(database, "spring"),
        "counted": lambda: campaign_totals(people, "spring"),
        "by zip": lambda: engagement_by_zip(people),
        "by zip of a county": lambda: engagement_by_zip(people, "Franklin"),
        "of a campaign": lambda: page(filters, ["spring"]),
        "by quality": lambda: page({"match": ["review"]}, None),
        "by county": lambda: page({"county": ["Franklin"]}, None),
        "by zip code": lambda: page({"zip": ["43210"]}, None),
    }

    def page(wanted: dict[str, Any], campaigns: list[str] | None) -> object:
        return people_page(people, people_filter(wanted), campaigns, after="person1")

    for name, ask in asked.items():
        database.command("profile", 2)
        ask()
        database.command("profile", 0)
        plans = list(
            database["system.profile"].find(
                {"op": {"$in": ["query", "command"]}, "planSummary": {"$exists": 1}}
            )
        )
        database["system.profile"].drop()
        assert plans, name
        assert not [one["planSummary"] for one in plans if "COLLSCAN" in one["planSummary"]], name
        if name.startswith("by zip of") or name == "by zip":
            assert [one["docsExamined"] for one in plans] == [0], "the index alone"
