"""The counties that are prepared, opened when they are first needed and opened again when they changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final

from octopus_pipeline.matching.index_file import read_index
from octopus_pipeline.matching.usual_weights import usual_weights
from octopus_pipeline.matching.weights_file import read_weights, weights_path

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from octopus_pipeline.matching.county_index import CountyIndex
    from octopus_pipeline.matching.weights import OwnWeights

SUFFIX: Final = ".arrow"


@dataclass(frozen=True)
class PreparedCounty:
    """A county to match with: its index, and what was learned of its participants.

    Attributes:
        version: changes when either does.
    """

    version: str
    index: CountyIndex
    own: OwnWeights

    @cached_property
    def city_parcels(self) -> dict[str, int]:
        """Each city of the county's parcels, and how many are in it."""
        found = self.index.gazetteer
        names, cities = found.places.city.distinct.to_pylist(), found.streets.cities
        return {
            names[code]: count
            for code, count in zip(cities.keys.tolist(), cities.counts.tolist(), strict=True)
        }


class PreparedCounties:
    """The counties with an index in a folder: `{county}.arrow`. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, PreparedCounty] = {}
        self._lock = Lock()

    @property
    def counties(self) -> list[str]:
        """The prepared counties, in alphabetical order."""
        return sorted(path.stem for path in self.folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))

    def path(self, county: str) -> Path:
        """The file of a county's index."""
        return self.folder / f"{county}{SUFFIX}"

    def version(self, county: str) -> str:
        """What changes when the county's index or weights do; '' without an index."""
        path = self.path(county)
        if not path.exists():
            return ""
        parts = [
            f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
            for found in _stats(path, weights_path(path))
        ]
        return hashlib.blake2b(" ".join(parts).encode(), digest_size=8).hexdigest()

    def county(self, county: str) -> PreparedCounty:
        """A county, opened if it is not open or changed.

        Raises:
            IndexFileError: if it has no index, or a damaged one.
        """
        version = self.version(county)
        with self._lock:
            known = self._open.get(county)
            if known is None or known.version != version:
                path = self.path(county)
                own = read_weights(weights_path(path)) or usual_weights()
                known = self._open[county] = PreparedCounty(version, read_index(path), own)
        return known


def _stats(*paths: Path) -> list[os.stat_result]:
    return [path.stat() for path in paths if path.exists()]
