"""County records are others': they are only read, so their owners are told how many name somebody erased."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from octopus_pipeline.counties import cleaning
from octopus_pipeline.counties.collections import find_counties, read_failure
from octopus_pipeline.counties.fields import DEMOGRAPHIC
from octopus_pipeline.erasure.certificate import Duty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.erasure.erasure import Erasure

_DOCUMENTS_AT_ONCE = 20_000
_NAMES = [next(field for field in DEMOGRAPHIC.fields if field.name == name) for name in ("email", "mobile")]


def tell_county_owners(erasure: Erasure) -> Iterator[Duty]:
    """How many records of each county name somebody erased.

    They are looked through here, not by the server, whose log would hold the question.

    Raises:
        CountyReadError, MongoUnavailableError: if they cannot be read.
    """
    database = erasure.connections.county_database
    for county, collections in find_counties(database).items():
        name = collections.demographic
        if name is None:
            continue
        records = _records_of_erased(erasure, name)
        if records:
            what = (
                f"{records} records in {database.name}.{name} name people who were erased. The pipeline only reads it, "
                "and takes their names out of what it reads. Delete them there, and in the files they were loaded from"
            )
            yield Duty(f"the owner of the records of {county} County", what)


def _records_of_erased(erasure: Erasure, collection: str) -> int:
    database, found = erasure.connections.county_database, 0
    sources = {source: 1 for field in _NAMES for source in field.sources}
    try:
        with database[collection].find({}, {"_id": 0, **sources}) as cursor:
            while page := list(islice(cursor, _DOCUMENTS_AT_ONCE)):
                found += _named(erasure, page)
    except PyMongoError as error:
        failure = read_failure(error, database, collection)
    else:
        return found
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure


def _named(erasure: Erasure, documents: list[dict[str, Any]]) -> int:
    columns = []
    for field in _NAMES:
        said = [next((one[name] for name in field.sources if name in one), None) for one in documents]
        columns.append(field.clean(cleaning.column(said)).to_pylist())
    return sum(erasure.suppressed.is_person(*names) for names in zip(*columns, strict=True))
