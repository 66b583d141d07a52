"""Documents of people that another tool left: duplicates, other spellings, no contacts, flags of any kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from octopus_pipeline.people import database as people_database
from octopus_pipeline.people.database import PEOPLE, prepare_people_database

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database

SYNCED = datetime(2025, 3, 1, tzinfo=UTC)
ANN: dict[str, Any] = {
    "contact_id": "Ann@Example.com",
    "email_address": "Ann@Example.com",
    "status": "SUBSCRIBED",
    "fields": {"City": "LIMA", "kWh": "12000", "ZIP": ""},
    "engagements": [
        {"campaign_id": "spring", "opened": 1, "clicked": False, "engaged_at": SYNCED},
        {"campaign_id": "autumn", "opened": False},
        {"campaign_id": "spring", "bounced": True},
    ],
    "residence_ref": {"county": "Franklin", "parcel_id": "010-1"},
    "applied": True,
    "synced_at": SYNCED,
}
OTHERS = [
    ANN,
    {
        "contact_id": "ann@example.com",
        "engagements": [{"campaign_id": "winter", "clicked": True}],
        "applied": False,
    },
    {"contact_id": "614-555-0101", "phone_number": "614-555-0101", "fields": None},
    {"email_address": None},
]


def documents(people: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(people.find({}, {"_id": False}).sort("contact_id"))


def assert_taken_over(people: Collection[dict[str, Any]]) -> None:
    phone, ann, nobody = documents(people)
    assert phone["contact_id"] == phone["phone_number"] == "6145550101"
    assert (phone["campaigns_received"], phone["engagements"]) == (0, [])
    assert nobody["contact_id"].startswith("contact:")
    assert ann["contact_id"] == "ann@example.com"
    assert ann["fields"] == {"City": "LIMA", "kWh": "12000"}
    assert [one["campaign_id"] for one in ann["engagements"]] == ["autumn", "spring", "winter"]
    assert (ann["campaigns_opened"], ann["campaigns_clicked"], ann["campaigns_bounced"]) == (1, 1, 1)
    assert ann["first_engaged_at"] == SYNCED
    assert ann["residence_ref"] == {"county": "Franklin", "parcel_id": "010-1"}
    assert isinstance(ann["applied"], bool), "what this project does not know stays"


def test_documents_of_another_tool_are_taken_over_and_nothing_of_them_is_lost(
    mongo_database: Database[dict[str, Any]],
) -> None:
    mongo_database[PEOPLE].insert_many(OTHERS)
    prepare_people_database(mongo_database)
    assert_taken_over(mongo_database[PEOPLE])
    before = documents(mongo_database[PEOPLE])
    prepare_people_database(mongo_database)
    assert documents(mongo_database[PEOPLE]) == before


def test_taking_over_is_finished_after_a_crash(
    mongo_database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: object) -> None:
        raise KeyboardInterrupt

    mongo_database[PEOPLE].insert_many([dict(one) for one in OTHERS])
    with monkeypatch.context() as patched:
        patched.setattr(people_database, "take_over", crash)
        with pytest.raises(KeyboardInterrupt):
            prepare_people_database(mongo_database)
    prepare_people_database(mongo_database)
    assert_taken_over(mongo_database[PEOPLE])
