"""Matches remembered in MongoDB, so that each distinct participant is matched once, not once a campaign.

One document a distinct participant: `_id` is the key of what it says of itself, `matches` the two match rows as a JSON
list, `made_with` what they were made with: the versions of all prepared counties and of the matching itself. Rows made
with anything else count for nothing, so the collection may be emptied at any time. A new county changes `made_with`:
whoever had no match before may be found in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
from pymongo import UpdateOne

from octopus_pipeline.code_version import code_version, digest
from octopus_pipeline.matching.households import DEMOGRAPHIC_MATCH_SCHEMA, RESIDENCE_SCHEMA, HouseholdMatches
from octopus_pipeline.store.bulk import InsertOrUpdate, bulk_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pymongo.collection import Collection

    from octopus_pipeline.matching.prepared import PreparedCounties

_SCHEMAS = (RESIDENCE_SCHEMA, DEMOGRAPHIC_MATCH_SCHEMA)
_SOURCES = {"octopus_pipeline.matching": (".py", ".txt"), "octopus_pipeline.counties.data": (".csv",)}
"""What the answers come from besides the counties: package -> the ends of its files' names."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is remembered of some participants.

    Attributes:
        keys: of those whose matches are valid.
        matches: theirs, in the same order.
        outdated: keys of those whose matches were made with something else.
    """

    keys: list[bytes]
    matches: HouseholdMatches
    outdated: set[bytes]


def made_with(counties: PreparedCounties) -> str:
    """What matches depend on besides the participant: it changes when a county is loaded or prepared anew."""
    versions = sorted((county, counties.version(county)) for county in counties.counties)
    sources = [code_version(package, ends) for package, ends in _SOURCES.items()]
    return digest(orjson.dumps([versions, sources]))


@dataclass(frozen=True, slots=True)
class Remembered:
    """Keys of participants with a valid match, and of those whose match was made with something else."""

    valid: set[bytes]
    outdated: set[bytes]


def remembered(collection: Collection[dict[str, Any]], keys: Sequence[bytes], made_with: str) -> Remembered:
    """Of which of the participants with these keys something is remembered."""
    found = collection.find({"_id": {"$in": keys}}, {"made_with": True}, batch_size=len(keys) + 1).to_list()
    valid = {document["_id"] for document in found if document["made_with"] == made_with}
    return Remembered(valid, {document["_id"] for document in found} - valid)


def recall(collection: Collection[dict[str, Any]], keys: Sequence[bytes], made_with: str) -> Recalled:
    """What is remembered of the participants with these keys."""
    at_once = len(keys) + 1
    found = collection.find(
        {"_id": {"$in": keys}, "made_with": made_with}, {"matches": True}, batch_size=at_once
    ).to_list()
    valid = [document["_id"] for document in found]
    matches = _matches([document["matches"] for document in found])
    missing = set(keys).difference(valid)
    if not missing:
        return Recalled(valid, matches, set())
    others = collection.find({"_id": {"$in": list(missing)}}, {"_id": True}, batch_size=at_once).to_list()
    return Recalled(valid, matches, {document["_id"] for document in others})


def remember(
    collection: Collection[dict[str, Any]],
    keys: Sequence[bytes],
    matches: HouseholdMatches,
    made_with: str,
    *,
    outdated: set[bytes],
    now: datetime,
) -> None:
    """Keep the matches of the participants with these keys; of the `outdated` ones there is a document already.

    Concurrent writers of one participant write the same, or one of them something outdated that nobody will use.
    """

    def writes() -> Iterator[UpdateOne | InsertOrUpdate]:
        for key, text in zip(keys, _texts(matches), strict=True):
            content = {"matches": text, "made_with": made_with, "matched_at": now}
            update = UpdateOne({"_id": key}, {"$set": content}, upsert=True)
            yield update if key in outdated else InsertOrUpdate({"_id": key, **content}, update)

    bulk_write(collection, writes())


def _matches(texts: Sequence[str]) -> HouseholdMatches:
    rows = orjson.loads(f"[{','.join(texts)}]")
    width = sum(len(schema) for schema in _SCHEMAS)
    columns: Iterator[Sequence[object]] = iter(zip(*rows, strict=True) if rows else [()] * width)
    tables = [
        pa.Table.from_arrays([pa.array(next(columns), field.type) for field in schema], schema=schema)
        for schema in _SCHEMAS
    ]
    return HouseholdMatches(*tables)


def _texts(matches: HouseholdMatches) -> list[str]:
    tables = (matches.residence, matches.demographic)
    columns = chain.from_iterable((column.to_pylist() for column in table.columns) for table in tables)
    return [orjson.dumps(row).decode() for row in zip(*columns, strict=True)]
