"""The consolidated CSV of the engaged against a bare pymongo cursor over the same rows, its growth, and its memory.

The cursor is as lean as an analyst could write it: the same people, of their documents only what the table has, in the
same order, and the entries looked through in Python, which is quicker than rows unwound by the server.
"""

from __future__ import annotations

import gc
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.children import SPAWN, child, finish
from benchmarks.invented_people import RECEIVED, fill_people
from benchmarks.measurement import Measurement, median, seconds_of
from benchmarks.workplace import workplace
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.exports.consolidated import write_consolidated
from octopus_pipeline.exports.consolidated_rows import PERSON_PATHS
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.people.filters import PeopleFilter
from octopus_pipeline.people.queries import Rows, people_query
from octopus_pipeline.settings import Settings
from octopus_pipeline.store.mongo import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from pymongo.database import Database

ROWS = 1_000_000
REPETITIONS = 5

_ENGAGED = PeopleFilter(engaged=True)


def run() -> Iterator[Measurement]:
    """The time to the renamed file as a multiple of the cursor's, and of that of a tenth of the rows; memory."""
    with workplace() as folder:
        settings = Settings(_env_file=None, octopus_data_dir=folder)  # type: ignore[call-arg]  # pydantic's
        with connect(settings) as client:
            sizes = {rows: f"people_{rows}" for rows in (ROWS // 100, ROWS // 10, ROWS)}
            for rows, name in sizes.items():
                fill_people(client[name], 2 * rows // RECEIVED)
            ours: dict[int, list[float]] = {ROWS // 10: [], ROWS: []}
            peers = []
            for _ in range(REPETITIONS):
                peers.append(_seconds(lambda: _read(client[sizes[ROWS]])))
                for rows, times in ours.items():
                    times.append(_seconds(lambda rows=rows: _write(client[sizes[rows]], folder)))
        yield Measurement(
            f"consolidated CSV of {ROWS:,} engaged rows: time / a bare cursor over the same people",
            median([our / peer for our, peer in zip(ours[ROWS], peers, strict=True)]),
            most=1.5,
            how={"seconds": median(ours[ROWS]), "cursor_seconds": median(peers)},
        )
        yield Measurement(
            f"consolidated CSV: time of {ROWS:,} rows / of {ROWS // 10:,}",
            median([large / small for small, large in zip(*ours.values(), strict=True)]),
            most=11,
        )
        few, many = (_peak(settings, sizes[rows], folder) for rows in (ROWS // 100, ROWS))
        yield Measurement(
            f"consolidated CSV: peak memory of {ROWS:,} rows / of {ROWS // 100:,}",
            many / few,
            most=1.5,
            how={"mebibytes": many, "mebibytes_of_few": few},
        )


def _read(database: Database[dict[str, Any]]) -> None:
    entries = (f"engagements.{name}" for name in ("campaign_id", *FLAGS))
    shown = {"_id": False, **dict.fromkeys((*PERSON_PATHS, *entries), True)}
    query = people_query(_ENGAGED, Rows.CAMPAIGNS, None)
    rows = 0
    for person in database[PEOPLE].find(query, shown).sort("contact_id"):
        for entry in person["engagements"]:
            if entry["opened"] or entry["clicked"]:
                rows += 1


def _write(database: Database[dict[str, Any]], folder: Path) -> None:
    write_consolidated(database, folder / "consolidated.csv", _ENGAGED, Rows.CAMPAIGNS, UTC)


def _seconds(work: Any) -> float:
    gc.collect()
    return seconds_of(work)


def _peak(settings: Settings, name: str, folder: Path) -> float:
    receiver, sender = SPAWN.Pipe(duplex=False)
    with child(_write_apart, settings, name, folder, sender) as process:
        finish(process)
        return float(receiver.recv())


def _write_apart(settings: Settings, name: str, folder: Path, peak: Connection) -> None:
    with connect(settings) as client:
        _write(client[name], folder)
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    peak.send(int(line.split()[1]) / 1024)
