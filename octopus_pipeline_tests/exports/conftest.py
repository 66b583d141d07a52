"""A database of people and the campaigns they may have received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymongo.database import Database

from octopus_pipeline.people.database import CAMPAIGNS, prepare_people_database

if TYPE_CHECKING:
    Document = dict[str, Any]
    Row = dict[str, Any]

from octopus_pipeline_tests.exports.mailed_people import SENT


@pytest.fixture
def people(mongo_database: Database[Document]) -> Database[Document]:
    prepare_people_database(mongo_database)
    mongo_database[CAMPAIGNS].insert_many(
        {"campaign_id": one, "name": name, "sent_at": sent} for one, (name, sent) in SENT.items()
    )
    return mongo_database
