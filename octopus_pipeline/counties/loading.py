"""Loading a county's files into its MongoDB collections: the one place that writes to the county database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from bson.errors import InvalidId
from pymongo import IndexModel, UpdateOne
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from octopus_pipeline.counties.collections import CountyCollections, collection_name, find_counties
from octopus_pipeline.counties.fields import KINDS
from octopus_pipeline.counties.file_reading import read_county_file
from octopus_pipeline.counties.tally import CountyCounts, CountyTally
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.bulk import InsertOrUpdate, bulk_write
from octopus_pipeline.store.indexes import IndexSpec, ensure_indexes
from octopus_pipeline.store.mongo import lost

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pymongo.collection import Collection
    from pymongo.database import Database

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.counties.files import CountyFiles

LEFTOVER_AGE = timedelta(days=1)
"""What an unfinished load left is removed when it is older than this: it belongs to no living one."""

_LOADING = "loading_"
_DUPLICATE_KEY = 11000


class CountyLoadError(PipelineError):
    """MongoDB refused what was to be loaded; the message says what is in the database now."""


@dataclass(slots=True)
class LoadedCounty:
    """What a load wrote.

    Attributes:
        county: its key.
        counts: kind's name -> counts of its records; kinds without a file are absent and were left alone.
        collections: kind's name -> the collection that has them.
    """

    county: str
    counts: dict[str, CountyCounts] = field(default_factory=dict)
    collections: dict[str, str] = field(default_factory=dict)


def load_county(database: Database[dict[str, Any]], files: CountyFiles) -> LoadedCounty:
    """Replace a county's collections by the records of its files, or leave all as it was.

    Every file is read to its end and written to a collection aside before the first of the county's collections is
    replaced, which then is one step each: a reader finds the old records or the new ones. Collections keep their name,
    in the old spelling too, and their indexes. Documents have the fields' names that county collections
    have; missing values are absent. Only if the process or the server dies between the two steps has the county
    new residential and old demographic records; loading it again mends that.

    Raises:
        CountyFileError: if a file is refused; nothing of the county was changed.
        CountyLoadError, BulkWriteFailedError: if MongoDB refuses.
        CountyReadError: if it does not list its collections.
        MongoUnavailableError: if it is lost.
    """
    present = find_counties(database).get(files.county, CountyCollections(files.county))
    loaded = LoadedCounty(files.county)
    aside: dict[str, Collection[dict[str, Any]]] = {}
    try:
        _sweep(database)
        for kind in KINDS:
            if kind.name not in files.paths:
                continue
            target = present.name(kind) or collection_name(files.county, kind)
            loaded.collections[kind.name] = target
            aside[target] = database[f"{_LOADING}{ObjectId()}_{target}"]
            loaded.counts[kind.name] = _fill(aside[target], files, kind)
            _index(aside[target], database[target])
        _replace(aside)
    except PyMongoError as error:
        failure = _failure(error, database)
    else:
        return loaded
    finally:
        with suppress(PyMongoError):  # the server may be gone; the next load sweeps
            for collection in aside.values():
                collection.drop()
    # Raised outside the handler: the driver's error, which may quote documents, is not in its context.
    raise failure


def _fill(collection: Collection[dict[str, Any]], files: CountyFiles, kind: RecordKind) -> CountyCounts:
    tally = CountyTally()
    batches = read_county_file(files, kind, tally)
    bulk_write(collection, (operation for batch in batches for operation in _inserts(kind, batch)))
    return tally.counts()


def _inserts(kind: RecordKind, records: pa.RecordBatch) -> Iterator[InsertOrUpdate]:
    names = [each.sources[0] for each in kind.fields]
    for row in zip(*(column.to_pylist() for column in records.columns), strict=True):
        document = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        document["_id"] = ObjectId()
        # If an insert's answer is lost, the document is there as it should be: nothing is left to update.
        nothing = UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document})
        yield InsertOrUpdate(document, nothing)


def _index(collection: Collection[dict[str, Any]], like: Collection[dict[str, Any]]) -> None:
    """Give the collection the indexes of another, which may not be there, and one by parcel."""
    indexes = [
        IndexModel(
            list(spec.pop("key").items()), **{key: spec[key] for key in spec if key not in {"v", "ns"}}
        )
        for spec in like.list_indexes()
        if spec["name"] != "_id_"
    ]
    if indexes:
        collection.create_indexes(indexes)
    ensure_indexes(collection, [IndexSpec(("parcel_id",))])


def _replace(aside: dict[str, Collection[dict[str, Any]]]) -> None:
    replaced: list[str] = []
    for target, collection in aside.items():
        try:
            collection.rename(target, dropTarget=True)
        except PyMongoError as error:
            if not replaced:
                raise
            words = f"{target} could not be replaced ({type(error).__name__})"
        else:
            replaced.append(target)
            continue
        # Raised outside the handler: the driver's error is not in its context.
        raise CountyLoadError(f"{', '.join(replaced)} is new, but {words}: load the county again.")


def _sweep(database: Database[dict[str, Any]]) -> None:
    """Remove what loads that were killed have left."""
    oldest = datetime.now(UTC) - LEFTOVER_AGE
    for name in database.list_collection_names():
        if name.startswith(_LOADING):
            with suppress(InvalidId):
                if ObjectId(name.removeprefix(_LOADING)[:24]).generation_time < oldest:
                    database.drop_collection(name)


def _failure(error: PyMongoError, database: Database[dict[str, Any]]) -> PipelineError:
    if isinstance(error, ConnectionFailure):
        return lost(error, database.client)
    code = error.code if isinstance(error, OperationFailure) else None
    if code == _DUPLICATE_KEY:
        return CountyLoadError(
            f"{database.name}: the files repeat values that a unique index of the county's collection forbids. "
            "Drop that index or mend the files. Nothing of this county was loaded."
        )
    return CountyLoadError(
        f"{database.name}: MongoDB refused the load ({type(error).__name__}, code {code}). Check that the user may "
        "write, create indexes and rename collections in this database. Nothing of this county was loaded."
    )
