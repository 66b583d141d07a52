"""County records in MongoDB: which collections are there, and their documents in batches. Only ever read here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from pymongo.errors import ConnectionFailure, PyMongoError

from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL, RecordKind
from octopus_pipeline.counties.ohio import county_key
from octopus_pipeline.counties.records import clean_documents
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.mongo import LENIENT, lost

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pymongo.database import Database

    from octopus_pipeline.counties.tally import CountyTally

BATCH_ROWS = 20_000

_NAME = re.compile(r"(?!County)([A-Z][A-Za-z]*?)(County)?(Residential|Demographic)")
_KIND_BY_SUFFIX = {"Residential": RESIDENTIAL, "Demographic": DEMOGRAPHIC}


class CountyReadError(PipelineError):
    """The server would not give a county's records; the message names the collection."""


@dataclass(slots=True)
class CountyCollections:
    """The collections of a county.

    Attributes:
        county: its key (`Franklin`, `VanWert`).
        residential, demographic: names of the collections; None where there is none.
        shadowed: collections that are passed over because there is a better named one: old and new spelling
            side by side (`OttawaResidential`, `OttawaCountyResidential`).
    """

    county: str
    residential: str | None = None
    demographic: str | None = None
    shadowed: list[str] = field(default_factory=list)

    def name(self, kind: RecordKind) -> str | None:
        """The collection of one kind of records."""
        return self.residential if kind is RESIDENTIAL else self.demographic


def collection_name(county: str, kind: RecordKind) -> str:
    """The name that a county's collection has: `FranklinCountyResidential`."""
    return f"{county}County{kind.name.capitalize()}"


def find_counties(database: Database[dict[str, Any]]) -> dict[str, CountyCollections]:
    """The counties that have collections, by key, in alphabetical order; whatever else is there is passed over.

    Raises:
        CountyReadError: if the server refuses to list its collections.
        MongoUnavailableError: if it was lost.
    """
    try:
        names = database.list_collection_names(filter={"type": "collection"})
    except PyMongoError as error:
        failure = read_failure(error, database, "its list of collections")
    else:
        return _by_county(names)
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def _by_county(names: list[str]) -> dict[str, CountyCollections]:
    counties: dict[str, CountyCollections] = {}
    matches = [match for match in map(_NAME.fullmatch, names) if match]
    # Those with the word County come first and are kept, however many spellings there are.
    for match in sorted(matches, key=lambda match: (match[2] is None, match[0])):
        key, kind = county_key(match[1]), _KIND_BY_SUFFIX[match[3]]
        if key is None:
            continue
        county = counties.setdefault(key, CountyCollections(key))
        if county.name(kind) is None:
            setattr(county, kind.name, match[0])
        else:
            county.shadowed.append(match[0])
    return dict(sorted(counties.items()))


def read_collection(
    database: Database[dict[str, Any]],
    name: str,
    kind: RecordKind,
    tally: CountyTally,
    *,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """The collection's records, cleaned, in batches of the kind's schema, in stored order; `tally` counts them.

    Only known fields are asked for.

    Raises:
        CountyReadError: if the server fails, or the collection is replaced meanwhile.
        MongoUnavailableError: if the server is lost.
    """
    documents = _documents(database, name, kind)
    while batch := list(islice(documents, batch_rows)):
        cleaned = clean_documents(kind, batch)
        tally.add(cleaned)
        yield cleaned.records


def _documents(database: Database[dict[str, Any]], name: str, kind: RecordKind) -> Iterator[dict[str, Any]]:
    wanted = {source: 1 for field in kind.fields for source in field.sources}
    collection = database.get_collection(name, codec_options=LENIENT)
    try:
        with collection.find({}, {"_id": 0, **wanted}, batch_size=5_000) as cursor:
            yield from cursor
    except PyMongoError as error:
        failure = read_failure(error, database, name)
    else:
        return
    raise failure


def read_failure(error: PyMongoError, database: Database[dict[str, Any]], what: str) -> PipelineError:
    """The error to raise when reading `what` of the database failed."""
    if isinstance(error, ConnectionFailure):
        return lost(error, database.client)
    return CountyReadError(
        f"{database.name}: {what} could not be read to its end ({type(error).__name__}, "
        f"code {getattr(error, 'code', None)}). If it was replaced meanwhile, read it again; else check that "
        "the user of MONGO_CONNECTION_URL may read this database"
    )
