"""Whose county records a database holds: real ones, or the invented ones of the sample account, never both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from octopus_pipeline.counties.collections import find_counties, read_failure
from octopus_pipeline.counties.files import find_county_files
from octopus_pipeline.counties.loading import load_county
from octopus_pipeline.sync.source import SANDBOX, OtherSourceError, source_of

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sync.connections import Connections

_MARK = "sample_counties"
"""The collection that says so in the county database."""


def load_sample_counties(connections: Connections, folder: Path) -> list[str]:
    """Load the sample account's counties into the embedded server's county database, if it has none or lacks some.

    Nothing is done to any other server, nor where there are counties of somebody else's.

    Returns:
        Keys of the counties that were loaded.
    """
    database = connections.county_database
    present = find_counties(database)
    is_ours = connections.settings.mongo_connection_url is None and (not present or _holds_sample(database))
    missing = [
        files for county, files in find_county_files(folder).items() if is_ours and county not in present
    ]
    if missing:
        database[_MARK].replace_one({"_id": "source"}, {"source": SANDBOX}, upsert=True)
    for files in missing:
        load_county(database, files)
    return [files.county for files in missing]


def require_fitting_counties(connections: Connections) -> None:
    """Refuse to match somebody's real contacts with invented households.

    Raises:
        OtherSourceError: if the county database holds the sample's counties and the account is no sandbox.
    """
    account = source_of(connections.settings.api_base_url)
    if account != SANDBOX and _holds_sample(connections.county_database):
        raise _mixed(connections.county_database, f"the settings name the account at {account}")


def require_no_sample_counties(database: Database[dict[str, Any]]) -> None:
    """Refuse to load counties beside the sample's.

    Raises:
        OtherSourceError: if the database holds the sample's counties.
    """
    if _holds_sample(database):
        raise _mixed(database, "other counties would be mixed with them")


def _holds_sample(database: Database[dict[str, Any]]) -> bool:
    try:
        return database[_MARK].find_one() is not None
    except PyMongoError as error:
        failure = read_failure(error, database, _MARK)
    # Raised outside the handler: the driver's error is not in its context.
    raise failure


def _mixed(database: Database[dict[str, Any]], why: str) -> OtherSourceError:
    return OtherSourceError(
        f"the database {database.name} holds the invented counties of the sample account; {why}. `make clean` removes "
        "the embedded database with all it holds; or set another MONGO_COUNTY_DATABASE and OCTOPUS_DATA_DIR."
    )
