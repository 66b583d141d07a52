"""Merging campaigns into people's documents, against `bulk_write` of the same updates; and what readers wait for."""

from __future__ import annotations

import gc
import statistics
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from pymongo import InsertOne, UpdateOne

from benchmarks.invented_people import COUNTIES, NOW, campaign_id, fill_people
from benchmarks.measurement import Measurement, median, seconds_of
from benchmarks.workplace import CAMPAIGNS, ROWS, Size, sent_campaigns, settings_for, sync, workplace
from octopus_pipeline.people.campaign_rows import ENGAGEMENT_COLUMNS, MATCH_COLUMNS, people_seen
from octopus_pipeline.people.database import PEOPLE, prepare_people_database
from octopus_pipeline.people.documents import person_document
from octopus_pipeline.people.expressions import joined_with_new
from octopus_pipeline.people.filters import people_filter
from octopus_pipeline.people.reading import engagement_by_zip, people_page
from octopus_pipeline.people.totals import recorded_totals
from octopus_pipeline.sandbox.process import start_sandbox
from octopus_pipeline.settings import Settings
from octopus_pipeline.store.mongo import connect
from octopus_pipeline.sync.campaign import ENGAGEMENT, Stages
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.matched_rows import matched_rows
from octopus_pipeline.sync.people import write_people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymongo.collection import Collection
    from pymongo.database import Database

    from octopus_pipeline.sync.campaigns import KnownCampaign

    Document = dict[str, Any]

REPETITIONS = 3
READ_PEOPLE = 1_000_000
"""The readers' people, in as many campaigns as the real account has: each has 145,000 people, so that no reader can
afford to read a campaign, or a county, to find a page of people in it."""

READS = 60
_NO_PEOPLE = Stages(people=False, csv=False, matched_csv=False)


def run() -> Iterator[Measurement]:
    """Throughput as a share of pymongo's, the cost of ten times the rows, and the readers' slowest of twenty."""
    yield from _merging()
    yield from _reading()


def _merging() -> Iterator[Measurement]:
    seconds: dict[int, list[float]] = {}
    with workplace() as folder:
        for rows in (ROWS // 10, ROWS):
            with (
                start_sandbox(**Size(rows=rows).options(), requests_per_second=0) as sandbox,
                Connections(settings_for(sandbox, folder / str(rows))) as connections,
            ):
                campaigns = sent_campaigns(connections)
                sync(connections, campaigns, stages=_NO_PEOPLE)
                ours, peers = [], []
                for _ in range(REPETITIONS):
                    if rows == ROWS:
                        peers.append(_peer_seconds(connections, campaigns))
                    ours.append(_our_seconds(connections, campaigns))
                seconds[rows] = ours
    yield Measurement(
        f"people upsert of {ROWS:,} rows in {CAMPAIGNS} campaigns: throughput / bulk_write of the same updates",
        median([peer / our for peer, our in zip(peers, ours, strict=True)]),
        least=0.8,
        how={"seconds": median(ours), "bulk_write_seconds": median(peers)},
    )
    yield Measurement(
        "people upsert: time of 10x the rows",
        median([many / few for few, many in zip(*seconds.values(), strict=True)]),
        most=11,
    )


def _our_seconds(connections: Connections, campaigns: list[KnownCampaign]) -> float:
    """From the tables on disk to the last document, totals and all."""
    _empty(connections)
    now = datetime.now(UTC)

    def write() -> None:
        for known in campaigns:
            write_people(connections, known, ENGAGEMENT, now)

    gc.collect()
    return seconds_of(write)


def _peer_seconds(connections: Connections, campaigns: list[KnownCampaign]) -> float:
    """From operations in memory to the last document: an insert where the person is new, else the law as an update."""
    _empty(connections)
    people, known, taken = connections.people_database[PEOPLE], set[str](), 0.0
    for campaign in campaigns:
        operations = [*_operations(connections, campaign, known)]
        gc.collect()
        if operations:
            taken += _written(people, operations)
    return taken


def _written(people: Collection[Document], operations: list[UpdateOne | InsertOne[Document]]) -> float:
    return seconds_of(lambda: people.bulk_write(operations, ordered=True))


def _operations(
    connections: Connections, campaign: KnownCampaign, known: set[str]
) -> Iterator[UpdateOne | InsertOne[Document]]:
    rows = matched_rows(connections.tables, str(campaign.key), ENGAGEMENT, ENGAGEMENT_COLUMNS, MATCH_COLUMNS)
    law = _with_new_as_a_field(joined_with_new())
    for batch in rows:
        for row in people_seen(campaign.campaign.id, batch, None, NOW):
            document = person_document(row["person_ids"], [row["contact"]], [row["engagement"]], NOW)
            if row["contact_id"] in known:
                new = {"$set": {"new": {"$literal": document}}}
                yield UpdateOne({"contact_id": row["contact_id"]}, [new, *law, {"$unset": "new"}])
            else:
                known.add(row["contact_id"])
                yield InsertOne(document)


def _with_new_as_a_field(expression: Any) -> Any:
    """The law, with the field `new` for the variable that an update of a bulk cannot have."""
    if isinstance(expression, dict):
        return {name: _with_new_as_a_field(part) for name, part in expression.items()}
    if isinstance(expression, list):
        return [_with_new_as_a_field(part) for part in expression]
    is_outer = isinstance(expression, str) and expression.split(".")[1:2] in [["engagements"], ["contacts"]]
    if is_outer or expression in {"$$new.person_ids", "$$new.synced_at"}:
        return expression.replace("$$new.", "$new.", 1)
    return expression


def _empty(connections: Connections) -> None:
    database = connections.people_database
    database.client.drop_database(database.name)
    prepare_people_database(database)


def _reading() -> Iterator[Measurement]:
    with workplace() as folder:
        settings = Settings(_env_file=None, octopus_data_dir=folder)  # type: ignore[call-arg]  # pydantic's
        with connect(settings) as client:
            fill_people(client["people"], READ_PEOPLE, CAMPAIGNS)
            times = {name: _milliseconds(read) for name, read in _readers(client["people"]).items()}
    yield Measurement(
        f"the five readers' queries at {READ_PEOPLE:,} people, 10 entries each: p95 of the slowest",
        max(times.values()),
        most=100,
        unit=" ms",
        how={**times},
    )


def _readers(database: Database[Document]) -> dict[str, Callable[[], object]]:
    """The readers' queries, each for something else at every call."""
    people, chance = database[PEOPLE], Random(1)

    def page(filters: Document, campaigns: list[str] | None = None) -> object:
        start = f"person{chance.randrange(READ_PEOPLE * 9 // 10):08}"
        return people_page(people, people_filter(filters), campaigns, after=start)

    def of_a_campaign() -> object:
        campaign = campaign_id(chance.randrange(CAMPAIGNS))
        flag = chance.choice(["opened", "clicked", "not_opened", "bounced"])
        return page({"campaign": [campaign], flag: True}, [campaign])

    return {
        "totals of a campaign": lambda: recorded_totals(database, campaign_id(chance.randrange(10))),
        "engagement by ZIP code of a county": lambda: engagement_by_zip(people, chance.choice(COUNTIES)),
        "people of a campaign by filter": of_a_campaign,
        "people by match quality": lambda: page({"match": [chance.choice(["review", "unmatched"])]}),
        "people of a county": lambda: page({"county": [chance.choice(COUNTIES)]}),
    }


def _milliseconds(read: Callable[[], object]) -> float:
    """The 95th percentile."""
    read()
    return 1000 * statistics.quantiles([seconds_of(read) for _ in range(READS)], n=20)[-1]
