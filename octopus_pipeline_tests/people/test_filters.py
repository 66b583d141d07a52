"""The filters' language: what is said about wrong ones, and which index answers each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from octopus_pipeline.people.campaigns import NoSuchCampaignError, chosen_campaigns, received_campaigns
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE, prepare_people_database
from octopus_pipeline.people.documents import person_document
from octopus_pipeline.people.filters import FILTERS, FilterError, PeopleFilter, in_words, people_filter
from octopus_pipeline.people.queries import Rows, people_query

OHIO = ZoneInfo("America/New_York")


def test_an_unknown_filter_is_answered_with_the_nearest_and_with_all_there_are() -> None:
    with pytest.raises(FilterError) as error:
        people_filter({"enaged": True, "colour": "red", "county": ["Frankln"]})
    message = str(error.value)
    assert "enaged: no such filter; did you mean engaged?" in message
    assert "colour: no such filter. There are campaign, sent_from, " in message
    assert all(name in message for name in FILTERS)
    assert "county: Ohio has no county 'Frankln'; did you mean Franklin?" in message


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"zip": ["4321"]}, "zip: '4321' is no ZIP code; write five digits, such as 43215"),
        ({"zip": ["4321\u0665"]}, "is no ZIP code"),
        ({"county": ["Qqq"]}, "Ohio has no county 'Qqq'; there are Adams, Allen,"),
        ({"match": ["mached"]}, "match: Input should be 'matched', 'review' or 'unmatched'"),
        ({"campaign": [" "]}, "campaign: needs a name or an id"),
        ({"sent_from": "2026-02-30"}, "sent_from: Input should be a valid date"),
        (
            {"sent_from": "2026-02-02", "sent_to": "2026-02-01"},
            "sent_from 2026-02-02 is after sent_to 2026-02-01",
        ),
        ({"min_energy_burden": 6}, "min_energy_burden: 6 is no share of an income; write 0.06 for 6 percent"),
        ({"min_energy_burden": float("nan")}, "min_energy_burden: nan is no share"),
        ({"min_campaigns_received": 0}, "min_campaigns_received: Input should be greater than or equal to 1"),
        ({"opened": True, "not_opened": True}, "opened and not_opened exclude each other"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_wanted(values: dict[str, object], told: str) -> None:
    with pytest.raises(FilterError) as error:
        people_filter(values)
    assert told in str(error.value)


def test_counties_are_known_however_they_are_spelt() -> None:
    assert people_filter({"county": ["van wert county", "FRANKLIN"]}).county == ("VanWert", "Franklin")


def test_filters_in_words_and_none() -> None:
    assert in_words(people_filter({})) == "everybody"
    given = {"engaged": True, "county": ["Franklin", "Morrow"], "sent_from": "2026-01-01", "zip": None}
    assert in_words(people_filter(given)) == "sent from 2026-01-01; engaged; county Franklin or Morrow"


def test_every_filter_tells_what_it_is() -> None:
    assert all(spec.description.endswith(".") for spec in FILTERS.values())
    assert FILTERS["match"].choices == ("matched", "review", "unmatched")
    kinds = {name: (spec.kind, spec.many) for name, spec in FILTERS.items()}
    assert kinds["engaged"] == (bool, False)
    assert kinds["zip"] == kinds["campaign"] == (str, True)
    assert kinds["sent_to"] == (str, False)
    assert (kinds["min_energy_burden"], kinds["min_campaigns_received"]) == ((float, False), (int, False))


def test_campaigns_are_chosen_by_name_or_id_and_by_the_day_in_the_time_zone(
    mongo_database: Database[dict[str, Any]],
) -> None:
    late = datetime(2026, 1, 2, 4, 59, tzinfo=UTC)  # still the first of January in Ohio
    documents = {
        "new-year": ("Energy", late),
        "second": ("energy", datetime(2026, 1, 2, 5, tzinfo=UTC)),
        "draft": (None, None),
    }
    mongo_database[CAMPAIGNS].insert_many(
        {"campaign_id": one, "name": name, "sent_at": sent} for one, (name, sent) in documents.items()
    )
    campaigns = received_campaigns(mongo_database)
    assert [one.id for one in campaigns] == ["new-year", "second", "draft"]

    def chosen(**filters: Any) -> list[str] | None:
        return chosen_campaigns(campaigns, PeopleFilter(**filters), OHIO)

    first, second = date(2026, 1, 1), date(2026, 1, 2)
    assert chosen(engaged=True) is None
    assert chosen(campaign=("ENERGY",)) == ["new-year", "second"]
    assert chosen(campaign=("draft", "second")) == ["second", "draft"]
    assert chosen(sent_from=first, sent_to=first) == ["new-year"]
    assert chosen(sent_from=second) == ["second"]
    assert chosen(sent_to=second) == ["new-year", "second"]
    assert chosen(campaign=("energy",), sent_to=date(2025, 1, 1)) == []
    with pytest.raises(NoSuchCampaignError, match=r"'enrgy'; did you mean energy"):
        chosen(campaign=("enrgy",))


@pytest.fixture(scope="module")
def many_people(mongod_url: str) -> Iterator[Database[dict[str, Any]]]:
    """People enough for the server to care how it finds them; they are only read."""
    with MongoClient[dict[str, Any]](mongod_url, tz_aware=True) as client:
        database = client[f"test_{uuid.uuid4().hex}"]
        prepare_people_database(database)
        database[PEOPLE].insert_many(_person(number) for number in range(3_000))
        yield database
        client.drop_database(database.name)


def _person(number: int) -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    county = "Franklin" if number % 10 else "Morrow"
    found = number % 3
    record: dict[str, Any] = {
        "updated_at": now, "seen_at": None, "email_address": f"person{number}@example.com", "phone_number": None,
        "status": "SUBSCRIBED", "zip": f"432{number % 50:02}", "fields": {},
    }  # fmt: skip
    match = {
        "matched_at": now, "updated_at": now, "match_quality": ("no_match", "exact", "review")[found],
        "match_reason": None,
        "residence_ref": {"county": county, "parcel_zip": None} if found == 1 else None,
        "demographic_ref": {"county": county, "total_energy_burden": 0.1} if number % 4 == 0 else None,
    }  # fmt: skip
    entries = [
        {
            "campaign_id": f"campaign-{(number + one) % 20}", "opened": number % 7 == one, "clicked": False,
            "bounced": False, "complained": False, "unsubscribed": False, "engaged_at": None, "last_engaged_at": None,
        }
        for one in range(3)
    ]  # fmt: skip
    contact = {"contact_id": f"contact-{number}", "record": record, "match": match}
    return person_document([record["email_address"]], [contact], entries, now)


WALK = {"contact_id"}
SORTS = {"zip"}
"""Filters whose people the server may sort: they are few."""


@pytest.mark.parametrize("rows", Rows)
@pytest.mark.parametrize(
    ("filters", "indexes"),
    [
        ({}, WALK),
        ({"campaign": ["campaign-3"]}, {"engagements.campaign_id"}),
        ({"campaign": ["campaign-3", "campaign-4"], "opened": True}, {"flags"}),
        ({"campaign": ["campaign-3"], "not_opened": True}, {"engagements.campaign_id"}),
        ({"match": ["review"]}, {"match_quality"}),
        ({"match": ["unmatched"]}, {"match_quality"}),
        ({"county": ["Morrow"]}, {"county"}),
        ({"zip": ["43217"]}, {"zip"}),
        *(({flag: True}, {"flags"}) for flag in ("engaged", "opened", "clicked", "bounced")),
        ({"not_opened": True}, WALK),
        ({"match": ["matched"]}, WALK),
        ({"min_energy_burden": 0.06}, WALK),
        ({"min_campaigns_received": 2}, WALK),
    ],
)
def test_an_index_answers_and_nothing_large_is_sorted(
    many_people: Database[dict[str, Any]], filters: dict[str, Any], indexes: set[str], rows: Rows
) -> None:
    chosen = filters.get("campaign")
    query = people_query(people_filter(filters), rows, chosen)
    told = many_people.command(
        "explain", {"find": PEOPLE, "filter": query, "sort": {"contact_id": 1}}, verbosity="queryPlanner"
    )
    stages = list(_stages(told["queryPlanner"]["winningPlan"]))
    names = {stage["stage"] for stage in stages}
    assert "COLLSCAN" not in names
    assert "SORT" not in names or SORTS & filters.keys()
    assert {next(iter(stage["keyPattern"])) for stage in stages if "keyPattern" in stage} == indexes


@pytest.mark.parametrize("flag", ["opened", "clicked", "bounced", "engaged"])
def test_of_a_campaigns_people_only_those_with_the_flag_are_read(
    many_people: Database[dict[str, Any]], flag: str
) -> None:
    campaigns = ["campaign-3", "campaign-4"]
    query = people_query(people_filter({"campaign": campaigns, flag: True}), Rows.PEOPLE, campaigns)
    done = many_people[PEOPLE].find(query).sort("contact_id").explain()["executionStats"]
    assert done["totalDocsExamined"] == done["nReturned"]


def _stages(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in (plan.get("inputStage"), *plan.get("inputStages", [])):
        if below:
            yield from _stages(below)
