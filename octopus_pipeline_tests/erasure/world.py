"""An account that was synced with its counties and people, to erase somebody from; and what is to be compared."""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow.parquet as pq
from bson import encode

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.erasure.forgetting import ERASERS, forget
from octopus_pipeline.erasure.person import find_person
from octopus_pipeline.exports.campaign_csv import csv_counts
from octopus_pipeline.people.database import PEOPLE
from octopus_pipeline.sandbox.counties import SampleCounty, generate_counties
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.suppression.identifiers import identifier_of
from octopus_pipeline.sync.campaign import CampaignResult, stored_counts
from octopus_pipeline.sync.counties import CountyResult, CountyStages, sync_counties
from octopus_pipeline.sync.known_counties import known_counties
from octopus_pipeline_tests.sync.conftest import Bench, open_bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octopus_pipeline.emailoctopus.credentials import Version
    from octopus_pipeline.erasure.certificate import Certificate
    from octopus_pipeline.erasure.erasure import Eraser
    from octopus_pipeline.sandbox.account import Account, Contact
    from octopus_pipeline.sync.connections import Connections

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANN, BOB = "Ann.Needle@example.com", "bob.housemate@example.com"
PHONE = "6145550173"
NEEDLES = (b"ann.needle", b"quillwort")
"""What stands of Ann wherever she does, in lower case: her address, and her name."""

_MADE_ANEW = {
    "_id",
    "at",
    "began_at",
    "finished_at",
    "matched_at",
    "synced_at",
    "read_at",
    "built_at",
    "listed_at",
}


def make_account() -> tuple[Account, list[SampleCounty]]:
    """Ann is on two lists, in several campaigns, and a customer of Franklin; Bob lives with her, and has her number."""
    account = generate_account(seed=7, campaigns=4, rows=220)
    counties = [one for one in generate_counties(account, seed=3) if one.name == "Franklin"]
    [county] = counties
    customers = {str(one["email"]).lower(): one for one in county.demographic}
    at_home = {home.email_address.lower() for home in county.homes} & customers.keys()
    mailed = Counter(
        event.contact_id for reports in account.events.values() for event in reports[Report.SENT]
    )
    often = [account.contacts[one] for one, _ in mailed.most_common() if one in account.contacts]
    addresses = Counter(one.email_address.lower() for one in account.contacts.values())
    alone = [one for one in often if addresses[one.email_address.lower()] == 1]
    first = next(one for one in alone if one.email_address.lower() in at_home)
    second, bob = [next(one for one in alone if one.list_id != first.list_id), alone[-1]]
    anns, chosen = (first, second), first.email_address.lower()
    for spelling, cell, contact in zip((ANN, ANN.upper()), (PHONE, "(614) 555-0173"), anns, strict=True):
        contact.email_address = spelling
        change_fields(contact, FirstName="Anneke", LastName="Quillwort", Cell=cell)
    home = {name: anns[0].fields[name] for name in ("Address", "City", "ZIP")}
    bob.email_address = BOB
    change_fields(bob, Cell=PHONE, **home)
    customers[chosen].update(email=ANN, mobile=PHONE, customer_name="ANNEKE QUILLWORT")
    return account, counties


def change_fields(contact: Contact, **fields: Any) -> None:
    contact.fields_json = orjson.dumps(contact.fields | fields).decode()


@dataclass
class World:
    """A synced account, to erase somebody from."""

    bench: Bench

    @property
    def connections(self) -> Connections:
        return self.bench.connections

    @property
    def folder(self) -> Path:
        return self.connections.settings.data_dir

    def sync(self) -> None:
        """Read, merge, match and export everything anew, counties and people, too."""
        counties = [one.county for one in known_counties(self.connections)]
        for county in sync_counties(self.connections, counties, stages=CountyStages(), force=True, now=NOW):
            assert isinstance(county, CountyResult), county
        for outcome in self.bench.sync().values():
            assert isinstance(outcome, CampaignResult), outcome

    def forget(
        self, who: str | None, erasers: Sequence[Eraser] = ERASERS, *, everyone: bool = False
    ) -> Certificate:
        person = who and find_person(self.connections, identifier_of(who), everyone=everyone)
        return forget(
            self.connections,
            person or None,
            on_wait=lambda: None,
            on_removed=lambda _: None,
            erasers=erasers,
        )

    def rows(self, table: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows of a campaign's table, by partition and contact."""
        tables = self.connections.tables
        return {
            (key, row["contact_id"]): row
            for key in tables.partitions(table)
            for row in tables.read(table, key).to_pylist()
        }

    def people(self) -> list[dict[str, Any]]:
        return list(self.connections.people_database[PEOPLE].find({}, {"_id": 0}))

    def person(self, email: str) -> dict[str, Any]:
        [found] = [one for one in self.people() if one["email_address"] == email]
        return found

    def counts(self) -> dict[str, Any]:
        """Everything that is counted."""
        tables = self.connections.tables
        campaigns = {}
        for known in self.bench.campaigns():
            stored = stored_counts(self.connections, known)
            reports = {
                report: (table.num_rows, len(set(table["contact_id"].to_pylist())))
                for report in ("sent", "opened", "clicked")
                if tables.exists(f"reports/{report}", str(known.key))
                for table in [tables.read(f"reports/{report}", str(known.key))]
            }
            engagement = tables.read("engagement", str(known.key))
            flags = {flag: engagement[flag].to_pylist().count(True) for flag in FLAGS}
            entries = [
                entry
                for one in self.people()
                for entry in one["engagements"]
                if entry["campaign_id"] == known.campaign.id
            ]
            [csv] = self.bench.csvs.glob(f"campaign_{known.campaign.id}_*.csv")
            campaigns[str(known.key)] = {
                "stored": stored,
                "reports": reports,
                "engagement": (engagement.num_rows, flags),
                "matched": tables.read("residence_matches", str(known.key)).num_rows,
                "people": (len(entries), {flag: sum(one[flag] for one in entries) for flag in FLAGS}),
                "csv": csv_counts(csv).rows,
            }
        return {"campaigns": campaigns, "people": len(self.people())}

    def state(self) -> dict[str, Any]:
        """All that is stored, but for what differs from run to run: ids of documents and times of writing."""
        tables = {
            str(path.relative_to(self.folder)): pq.read_table(path).to_pylist()
            for path in (self.folder / "tables").rglob("*.parquet")
        }
        files = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for folder in ("exports", "county_index")
            for path in (self.folder / folder).rglob("*")
            if path.is_file() and path.suffix != ".json"
        }
        databases = {
            f"{name}.{collection}": sorted(map(_canonical, database[collection].find()))
            for name, database in self.databases().items()
            for collection in sorted(database.list_collection_names())
            if collection != "erasures"
        }
        return {"tables": tables, "files": files, "databases": databases}

    def databases(self) -> dict[str, Any]:
        """The databases that the pipeline writes to."""
        return {"campaigns": self.connections.database, "people": self.connections.people_database}

    def places_of(self, *needles: bytes) -> set[str]:
        """Each file of the data folder and each collection in which one of the needles stands, whatever its case."""
        found = files_with(self.folder, *needles)
        for name, database in self.databases().items():
            for collection in database.list_collection_names():
                content = b"\n".join(encode(one) for one in database[collection].find()).lower()
                if any(needle in content for needle in needles):
                    found.add(f"{name}.{collection}")
        return found


def files_with(folder: Path, *needles: bytes) -> set[str]:
    """Each file below a folder in which one of the needles stands, whatever its case."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(needle in _readable(path) for needle in needles)
    }


def _readable(path: Path) -> bytes:
    """A file's bytes and, where they are compressed, its content; in lower case."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += str(pq.read_table(path).to_pylist()).encode()
    return content.lower()


def _canonical(document: Any) -> str:
    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: kept(one)
                for name, one in value.items()
                if name not in _MADE_ANEW or isinstance(one, str)
            }
        return [kept(one) for one in value] if isinstance(value, list) else value

    return repr(kept(document))


@contextmanager
def open_world(
    mongod_url: str, folder: Path, account: Account, version: Version = "v2", **settings: Any
) -> Iterator[World]:
    """A world of databases and a folder of its own; nothing is synced."""
    names = {
        name: f"test_{uuid.uuid4().hex}"
        for name in ("mongo_database", "mongo_county_database", "mongo_people_database")
    }
    chosen = {"mongo_connection_url": mongod_url, **names, **settings}
    with open_bench(account, chosen, folder, version) as bench:
        yield World(bench)
        for name in names.values():
            bench.database.client.drop_database(name)


def copy_world(synced: World, into: World) -> None:
    """Everything that was synced, into an empty world."""
    shutil.copytree(synced.folder, into.folder, dirs_exist_ok=True)
    for name in ("database", "people_database", "county_database"):
        source, target = getattr(synced.connections, name), getattr(into.connections, name)
        for collection in source.list_collection_names():
            documents = list(source[collection].find())
            if documents:
                target[collection].insert_many(documents)
