"""Generated counties as the CSV files that `octopus counties load` takes, and the truth about them beside."""

from __future__ import annotations

import csv
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

from octopus_pipeline.sandbox.counties import Home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from octopus_pipeline.sandbox.counties import SampleCounty
    from octopus_pipeline.sandbox.county_records import Document

_HOMES = "homes.jsonl"


def save_counties(counties: Sequence[SampleCounty], folder: Path) -> None:
    """Write two CSV files a county and `homes.jsonl`, who truly lives where. Equal counties give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for county in counties:
        _write(folder / f"{county.name.lower()}_residential.csv", county.residential)
        _write(folder / f"{county.name.lower()}_demographic.csv", county.demographic)
    homes = [home for county in counties for home in county.homes]
    lines = [orjson.dumps(asdict(home), option=orjson.OPT_APPEND_NEWLINE) for home in homes]
    (folder / _HOMES).write_bytes(b"".join(lines))


def load_homes(folder: Path) -> list[Home]:
    """The truth that `save_counties` wrote.

    Raises:
        FileNotFoundError: if `folder` has none.
    """
    return [Home(**orjson.loads(line)) for line in (folder / _HOMES).read_bytes().splitlines()]


def _write(path: Path, documents: Sequence[Document]) -> None:
    names = list(dict.fromkeys(name for document in documents for name in document))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(documents)
