"""`octopus doctor`: whether everything a sync needs is there, and how to mend what is not."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import psutil

from octopus_pipeline.counties.collections import CountyReadError, find_counties
from octopus_pipeline.emailoctopus.client import open_client
from octopus_pipeline.emailoctopus.errors import (
    AccessDeniedError,
    EmailOctopusError,
    InvalidKeyError,
    MissingKeyError,
)
from octopus_pipeline.settings import SettingsError
from octopus_pipeline.store.mongo import MongoUnavailableError, connect
from octopus_pipeline.store.table_writer import TableWriteError
from octopus_pipeline.store.tables import TableStore, TablesUrlError
from octopus_pipeline.sync.source import OtherSourceError, require_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octopus_pipeline.settings import Settings

_FREE_BYTES = 2 * 2**30
_FREE_MEMORY = 2**30
_PACKAGES = ("dagster", "pymongo", "pyarrow", "duckdb", "requests")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen, and how to mend it if it is not well."""

    subject: str
    seen: str
    remedy: str | None = None

    @property
    def well(self) -> bool:
        """Whether there is nothing to mend."""
        return self.remedy is None


def examine(load: Callable[[], Settings]) -> Iterator[Finding]:
    """Look at everything a sync needs, the quick things first; `load` reads the settings."""
    yield _python()
    yield from map(_package, _PACKAGES)
    try:
        settings = load()
    except SettingsError as error:
        yield Finding("settings", str(error), "correct them in .env or the environment; then run this again")
        return
    yield Finding("settings", "each is understood")
    yield _folder("data folder", settings.data_dir)
    yield _folder("export folder", settings.export_dir)
    yield _folder("Dagster's folder", settings.dagster_home)
    yield _disk(settings.data_dir)
    yield _memory()
    yield _tables(settings)
    yield _mongodb(settings)
    yield _counties(settings)
    yield _emailoctopus(settings)


def _python() -> Finding:
    remedy = None if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    return Finding("Python", sys.version.split()[0], remedy)


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", "run make setup")


def _folder(subject: str, folder: Path) -> Finding:
    remedy = f"make {folder} writable, or choose another in .env"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Finding(subject, f"{folder}: {error.strerror}", remedy)
    return Finding(subject, str(folder), None if os.access(folder, os.W_OK) else remedy)


def _disk(folder: Path) -> Finding:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    remedy = None if free >= _FREE_BYTES else "free 2 GiB at least, or move OCTOPUS_DATA_DIR"
    return Finding("disk", f"{free / 2**30:.1f} GiB free", remedy)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    remedy = None if free >= _FREE_MEMORY else "a campaign of a million contacts needs 1 GiB"
    return Finding("memory", f"{free / 2**30:.1f} GiB free", remedy)


def _tables(settings: Settings) -> Finding:
    try:
        TableStore(settings.tables_url).require_writable()
    except (TablesUrlError, TableWriteError) as error:
        return Finding("tables", str(error), "check OCTOPUS_TABLES_URL")
    return Finding("tables", settings.tables_url)


def _mongodb(settings: Settings) -> Finding:
    try:
        with connect(settings) as client:
            server = client.server_info()["version"]
            if not _is_sample(settings):
                require_source(client, settings)
    except MongoUnavailableError as error:
        return Finding(
            "MongoDB", str(error), "set MONGO_CONNECTION_URL in .env; empty means the embedded server"
        )
    except OtherSourceError as error:
        return Finding("MongoDB", str(error), "sample and real data are kept apart: see above")
    return Finding("MongoDB", f"version {server}, database {settings.mongo_database}")


def _counties(settings: Settings) -> Finding:
    database = settings.mongo_county_database
    try:
        with connect(settings) as client:
            counties = find_counties(client[database])
    except MongoUnavailableError:
        return Finding("counties", "MongoDB cannot be used", "see above")
    except CountyReadError as error:
        remedy = f"let the user of MONGO_CONNECTION_URL read {database}, or set MONGO_COUNTY_DATABASE"
        return Finding("counties", str(error), remedy)
    return Finding("counties", f"{len(counties) or 'none yet'} in the database {database}")


def _is_sample(settings: Settings) -> bool:
    return settings.emailoctopus_api_key is None and settings.mongo_connection_url is None


def _emailoctopus(settings: Settings) -> Finding:
    if _is_sample(settings):
        return Finding("EmailOctopus", "no EMAILOCTOPUS_API_KEY is set: the sample account is used")
    hasty = settings.model_copy(update={"emailoctopus_max_attempts": 2, "emailoctopus_timeout_seconds": 10.0})
    try:
        with open_client(hasty) as octopus:
            campaign = next(octopus.campaigns(), None)
    except EmailOctopusError as error:
        of_key = isinstance(error, MissingKeyError | InvalidKeyError | AccessDeniedError)
        setting = "EMAILOCTOPUS_API_KEY" if of_key else "EMAILOCTOPUS_BASE_URL, and the network"
        return Finding("EmailOctopus", str(error), f"check {setting}")
    content = "it has campaigns" if campaign else "it has no campaigns yet"
    return Finding("EmailOctopus", f"API {settings.emailoctopus_api_version} answers; {content}")
