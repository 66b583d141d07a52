"""A folder of county records: `{county}_residential.csv`, `{county}_demographic.parquet`, `{county}.toml` ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octopus_pipeline.counties.fields import KINDS
from octopus_pipeline.counties.file_errors import CountyFileError
from octopus_pipeline.counties.mapping import FileMapping, read_mapping
from octopus_pipeline.counties.ohio import county_key

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class CountyFiles:
    """The files of a county.

    Attributes:
        county: its key (`Franklin`, `VanWert`).
        paths: kind's name -> the file of its records.
        mapping: how to read them.
    """

    county: str
    paths: dict[str, Path] = field(default_factory=dict)
    mapping: FileMapping = field(default_factory=FileMapping)


def find_county_files(folder: Path) -> dict[str, CountyFiles]:
    """The counties that have files in the folder, by key, in alphabetical order; empty if there is no folder.

    Only CSV, Parquet and TOML files are looked at.

    Raises:
        CountyFileError: if one has a name that says nothing, a kind of records comes twice, or a mapping is wrong.
    """
    counties: dict[str, CountyFiles] = {}
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    for path in files:
        suffix = path.suffix.lower()
        if suffix == ".toml":
            county = _key(path, path.stem)
            counties.setdefault(county, CountyFiles(county)).mapping = read_mapping(path)
        elif suffix in {".csv", ".parquet"}:
            name, _, kind = path.stem.rpartition("_")
            if kind.lower() not in {one.name for one in KINDS}:
                raise _misnamed(path)
            paths = counties.setdefault(_key(path, name), CountyFiles(_key(path, name))).paths
            if kind.lower() in paths:
                remedy = f"Remove this one or {paths[kind.lower()].name}."
                raise CountyFileError(path, "there are two files of the same records", remedy)
            paths[kind.lower()] = path
    return {name: files for name, files in sorted(counties.items()) if files.paths}


def _key(path: Path, name: str) -> str:
    county = county_key(name)
    if county is None or not county.isascii():
        raise _misnamed(path)
    return county


def _misnamed(path: Path) -> CountyFileError:
    remedy = (
        "Name it {county}_residential or {county}_demographic with .csv or .parquet (franklin_residential.csv), a "
        "mapping {county}.toml; or move it away."
    )
    return CountyFileError(path, "its name does not say which records it has", remedy)
