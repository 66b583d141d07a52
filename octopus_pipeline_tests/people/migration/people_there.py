"""What a target holds, and what a sync of the pipeline adds to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bson
from bson.raw_bson import RawBSONDocument
from hypothesis import HealthCheck, settings

from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import PEOPLE, prepare_people_database
from octopus_pipeline.people.links import join_documents
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.people.migration.state import Migration
from octopus_pipeline_tests.people.migration.old_tool import (
    at,
)
from octopus_pipeline_tests.people.rows import batch_of

if TYPE_CHECKING:
    from pymongo.database import Database

    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]

Run = Callable[[], Migration]
MANY = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def people_of(databases: Databases) -> dict[str, Document]:
    """Everybody, without what differs between runs."""
    hidden = {"_id": False, "synced_at": False}
    return {one["contact_id"]: one for one in databases.target[PEOPLE].find({}, hidden)}


def stored(database: Database[Document]) -> dict[str, tuple[list[Any], list[bytes]]]:
    """Every collection's indexes and its documents' bytes in their order."""
    options = database.codec_options.with_options(document_class=RawBSONDocument)
    return {
        name: (
            sorted(bson.encode(one) for one in database[name].list_indexes()),
            [one.raw for one in database.get_collection(name, codec_options=options).find()],  # type: ignore[attr-defined]
        )
        for name in sorted(database.list_collection_names())
    }


def sync(databases: Databases, campaign_id: str, *rows: Document) -> None:
    """As a run of the pipeline writes a campaign's people."""
    prepare_people_database(databases.target)
    people = databases.target[PEOPLE]
    seen = list(people_seen(campaign_id, batch_of(*rows), at(90), at(90)))
    merge_people(people, seen)
    join_documents(people, {row["contact"]["contact_id"]: row["contact_id"] for row in seen})
