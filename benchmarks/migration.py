"""The old tool's database migrated: against copying its documents raw, and the memory at ten times the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.children import SPAWN, child, finish
from benchmarks.measurement import Measurement, median, seconds_of
from benchmarks.workplace import CAMPAIGNS, ROWS, workplace
from octopus_pipeline.engagement.merge import open_engine
from octopus_pipeline.people.migration.databases import PARTICIPANTS, Databases
from octopus_pipeline.people.migration.grouping import ENGINE_MEMORY
from octopus_pipeline.people.migration.progress import LoggedMigrationProgress
from octopus_pipeline.people.migration.run import migrate
from octopus_pipeline.sandbox.generate import CAMPAIGNS_A_PERSON
from octopus_pipeline.settings import Settings
from octopus_pipeline.store.mongo import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from pymongo.collection import Collection
    from pymongo.database import Database

    Document = dict[str, Any]

REPETITIONS = 3
TIMES = 10
_DOCUMENTS_AT_ONCE = 5_000
_START = datetime(2025, 1, 1, tzinfo=UTC)
_FLAT = 1.2
"""Ten times the rows may take so many times the memory: what is measured varies by as much."""


def run() -> Iterator[Measurement]:
    """The throughput, the backup included, as a share of reading and inserting the same documents; then the memory."""
    with workplace() as folder:
        settings = Settings(_env_file=None, octopus_data_dir=folder)  # type: ignore[call-arg]  # pydantic's
        with connect(settings) as client:
            source = client["old"]
            _fill(source[PARTICIPANTS], 1)
            ours, copies = [], []
            for _ in range(REPETITIONS):
                client.drop_database("copy")
                copies.append(seconds_of(lambda: _copy(source[PARTICIPANTS], client["copy"][PARTICIPANTS])))
                client.drop_database("people")
                ours.append(seconds_of(lambda: _migrate(source, client["people"], folder)))
            yield Measurement(
                f"migration of {ROWS:,} rows in {CAMPAIGNS} campaigns: throughput / copying them raw",
                median([copy / our for copy, our in zip(copies, ours, strict=True)]),
                least=0.5,
                how={"seconds": median(ours), "seconds_of_the_copy": median(copies)},
            )
            peaks = []
            for name, times in (("old", 1), ("much", TIMES)):
                if times > 1:
                    _fill(client[name][PARTICIPANTS], times)
                client.drop_database("people")
                receiver, sender = SPAWN.Pipe(duplex=False)
                with child(_migrate_alone, settings, name, sender) as process:
                    finish(process)
                    peaks.append(receiver.recv())
            yield Measurement(
                f"migration of {TIMES * ROWS:,} rows: peak memory / that of {ROWS:,} rows",
                peaks[1] / peaks[0],
                most=_FLAT,
                how={"mebibytes": peaks[1], "mebibytes_of_a_tenth": peaks[0]},
            )


def _copy(source: Collection[Document], target: Collection[Document]) -> None:
    target.insert_many(list(source.find()), ordered=False)


def _migrate(source: Database[Document], target: Database[Document], folder: Path) -> None:
    quiet = LoggedMigrationProgress(lambda _: None)
    with open_engine(folder / "scratch", ENGINE_MEMORY) as engine:
        migrate(Databases(source, target), engine, folder / "backups", datetime.now(UTC), quiet)


def _migrate_alone(settings: Settings, source: str, peak: Connection) -> None:
    with connect(settings) as client:
        _migrate(client[source], client["people"], settings.data_dir)
    # `ru_maxrss` would count what the parent had in memory at this process's start.
    status = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    peak.send(int(line.split()[1]) / 1024)


def _fill(participants: Collection[Document], times: int) -> None:
    """As many rows, campaigns and people as the real account has, so many times; as a sync leaves them, undisturbed."""
    documents = _documents(Random(1), ROWS * times, CAMPAIGNS * times)
    while page := list(islice(documents, _DOCUMENTS_AT_ONCE)):
        participants.insert_many(page, ordered=False)


def _documents(random: Random, rows: int, campaigns: int) -> Iterator[Document]:
    contacts = [_contact(random, number) for number in range(rows // CAMPAIGNS_A_PERSON)]
    for campaign in range(campaigns):
        synced_at = _START + timedelta(hours=campaign)
        size = rows // campaigns + (campaign < rows % campaigns)
        for contact in random.sample(contacts, size):
            opened = random.random() < 0.025
            times = (
                {"engagement_times": {"opened": {"first": synced_at, "last": synced_at}}} if opened else {}
            )
            yield {
                "campaign_id": f"{campaign:08x}-1111-4000-8000-000000000000",
                **contact,
                "engagement": {
                    "opened": opened, "clicked": False, "bounced": False, "complained": False, "unsubscribed": False
                },
                **times,
                "synced_at": synced_at,
            }  # fmt: skip


def _contact(random: Random, number: int) -> Document:
    return {
        "contact_id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "email_address": f"Person{number}@example.com",
        "status": "SUBSCRIBED",
        "fields": {
            "FirstName": None,
            "LastName": None,
            "Address": f"{random.randrange(1, 9000)} MAPLE LN",
            "City": random.choice(["MANSFIELD", "COLUMBUS", "MARION"]),
            "ZIP": str(random.randrange(43000, 45999)) if number % 2 else random.randrange(43000, 45999),
            "Cell": f"614555{number % 10000:04}" if number % 3 else "",
            "kWh": str(random.randrange(3000, 20000)) if number % 5 else random.randrange(3000, 20000),
            "annualcost": "$1,705.35",
            "AnnualSavings": "$511.61",
            "MonthlyCost": "$142.11",
            "MonthlySaving": "$42.63",
            "DailyCost": "$4.67",
        },
    }
