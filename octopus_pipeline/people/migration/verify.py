"""Whether the target holds all that the source says: row by row, summed a campaign, and field by field on a sample.

It shares nothing with the migration but the law of who is one person (`identity`) and of what a telephone number and a
ZIP code are: source and target are each read as they are into tables, and compared there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_texts
from octopus_pipeline.engagement.merge import load_source
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE
from octopus_pipeline.people.identity import UNKNOWN_CONTACT, person_ids
from octopus_pipeline.people.migration.databases import PARTICIPANTS, require_migratable
from octopus_pipeline.people.migration.sample import Difference, sampled_differences
from octopus_pipeline.people.migration.source import id_text, shown_id
from octopus_pipeline.people.totals import OF_NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from octopus_pipeline.people.migration.databases import Databases

    Document = dict[str, Any]
    Counts = dict[str, int]

_DOCUMENTS_AT_ONCE = 5_000
COUNTED = ("people", *FLAGS)

_FLAG_FIELDS = [pa.field(flag, pa.bool_()) for flag in FLAGS]
_OLD = pa.schema(
    [*(pa.field(name, pa.string()) for name in ("shown_id", "campaign", "contact", "person")), *_FLAG_FIELDS]
)
_ENTRY = pa.schema([pa.field("document", pa.int64()), pa.field("campaign", pa.string()), *_FLAG_FIELDS])
_CONTACT = pa.schema([pa.field("document", pa.int64()), pa.field("contact", pa.string())])

_MISSING = f"""
SELECT shown_id, entry.campaign IS NULL AS is_missing FROM old
    LEFT JOIN contact USING (contact)
    LEFT JOIN entry ON entry.document = contact.document AND entry.campaign = old.campaign
WHERE entry.campaign IS NULL OR {" OR ".join(f"(old.{flag} AND NOT entry.{flag})" for flag in FLAGS)}"""  # noqa: S608

_LINKED = """
CREATE OR REPLACE TEMP TABLE linked AS
SELECT DISTINCT contact, person FROM old
WHERE contact IN (SELECT contact FROM old GROUP BY contact HAVING count(DISTINCT person) > 1)"""
_SPREAD = """
UPDATE label SET name = least_name FROM (
    SELECT one.person AS who, min(label.name) AS least_name
    FROM linked AS one JOIN linked AS other USING (contact) JOIN label ON label.person = other.person
    GROUP BY one.person
) WHERE who = person AND least_name < name"""
_OLD_SUMS = f"""
SELECT campaign, count(DISTINCT name) AS people,
    {", ".join(f"count(DISTINCT name) FILTER ({flag}) AS {flag}" for flag in FLAGS)}
FROM old JOIN label USING (person) GROUP BY campaign"""  # noqa: S608
_NEW_SUMS = f"""
SELECT campaign, count(*) AS people, {", ".join(f"count(*) FILTER ({flag}) AS {flag}" for flag in FLAGS)}
FROM entry GROUP BY campaign"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared and found; ids are of documents and campaigns, never of people."""

    documents: int
    left_out: dict[str, list[str]]
    """By reason the source's documents that cannot be carried."""
    missing: list[str]
    """Source's documents that the target does not have, though they can be carried."""
    lowered: list[str]
    """Source's documents with a flag that the target does not have."""
    people: tuple[int, int]
    """In the source and in the target."""
    entries: tuple[int, int]
    sums: dict[str, tuple[Counts, Counts]]
    """By campaign the counts of people and of each flag, in the source and in the target."""
    wrong_totals: list[str]
    """Campaigns whose document counts otherwise than their people do."""
    seed: int
    sampled: int
    differences: list[Difference] = field(default_factory=list)

    @property
    def differing(self) -> list[str]:
        """Campaigns whose counts are not exactly the source's."""
        return sorted(campaign for campaign, (old, new) in self.sums.items() if old != new)

    @property
    def is_exact(self) -> bool:
        """Whether the target has what the source has and, of its campaigns, no more."""
        return not self.differing

    @property
    def is_well(self) -> bool:
        """Whether nothing of the source is missing; more may have come since."""
        return not (self.missing or self.lowered or self.wrong_totals or self.differences)


def verify(databases: Databases, engine: DuckDBPyConnection, seed: int, sample: int = 200) -> Verification:
    """Compare the target with the source.

    Args:
        databases: both are only read.
        engine: of `engagement.merge.open_engine`.
        seed: chooses the sample.
        sample: how many contacts are compared field by field.

    Raises:
        MigrationError: these databases cannot be compared.
    """
    require_migratable(databases)
    source, target = databases.source, databases.target
    left_out: dict[str, list[str]] = {}
    counted: Counter[str] = Counter()
    _load(engine, "old", _OLD, _old_rows(source[PARTICIPANTS].find(), left_out, counted))
    _load(engine, "entry", _ENTRY, _entries(target[PEOPLE].find({}, {"engagements": True})))
    _load(engine, "contact", _CONTACT, _contacts(target[PEOPLE].find({}, {"contacts.contact_id": True})))
    _label(engine)
    unlike = engine.execute(_MISSING).fetchall()
    sampled, differences = sampled_differences(databases, _sample(engine, seed, sample))
    old, new = _sums(engine, _OLD_SUMS), _sums(engine, _NEW_SUMS)
    return Verification(
        documents=counted["documents"],
        left_out=left_out,
        missing=sorted(shown for shown, is_missing in unlike if is_missing),
        lowered=sorted(shown for shown, is_missing in unlike if not is_missing),
        people=(
            _count(engine, "SELECT count(DISTINCT name) FROM label"),
            target[PEOPLE].count_documents({}),
        ),
        entries=(sum(one["people"] for one in old.values()), sum(one["people"] for one in new.values())),
        sums={campaign: (counts, new.get(campaign, OF_NOBODY)) for campaign, counts in sorted(old.items())},
        wrong_totals=_wrong_totals(target[CAMPAIGNS].find({}, {"campaign_id": True, "totals": True}), new),
        seed=seed,
        sampled=sampled,
        differences=differences,
    )


def _old_rows(
    documents: Iterable[Document], left_out: dict[str, list[str]], counted: Counter[str]
) -> Iterator[dict[str, list[Any]]]:
    """The source as columns of `_OLD`; what is no row is added to `left_out`."""
    remaining = iter(documents)
    cell = tuple(FIELD_TAGS).index("cell")
    while page := list(islice(remaining, _DOCUMENTS_AT_ONCE)):
        counted["documents"] += len(page)
        campaigns = [id_text(one.get("campaign_id")) for one in page]
        contacts = [id_text(one.get("contact_id")) for one in page]
        emails = [value if isinstance(value := one.get("email_address"), str) else None for one in page]
        cells = [
            field_texts(tags)[cell] if isinstance(tags := one.get("fields"), dict) else None for one in page
        ]
        texts = (pa.array(one, pa.string()) for one in (emails, cells, contacts))
        persons = person_ids(*texts).to_pylist()
        rows: dict[str, list[Any]] = {name: [] for name in _OLD.names}
        for one, campaign, contact, person in zip(page, campaigns, contacts, persons, strict=True):
            shown = shown_id(one.get("_id"))
            if campaign is None or person is None:
                why = (
                    "no campaign" if campaign is None else "no contact id, e-mail address or telephone number"
                )
                left_out.setdefault(why, []).append(shown)
                continue
            told = one.get("engagement")
            flags = [isinstance(told, dict) and bool(told.get(flag)) for flag in FLAGS]
            values = [shown, campaign, contact or f"{UNKNOWN_CONTACT}{person}", person, *flags]
            for name, value in zip(_OLD.names, values, strict=True):
                rows[name].append(value)
        yield rows


def _entries(documents: Iterable[Document]) -> Iterator[dict[str, list[Any]]]:
    for number, page in _pages(documents):
        rows = [(number + place, entry) for place, one in enumerate(page) for entry in one["engagements"]]
        yield {
            "document": [document for document, _ in rows],
            "campaign": [entry["campaign_id"] for _, entry in rows],
            **{flag: [entry[flag] for _, entry in rows] for flag in FLAGS},
        }


def _contacts(documents: Iterable[Document]) -> Iterator[dict[str, list[Any]]]:
    for number, page in _pages(documents):
        rows = [
            (number + place, one["contact_id"]) for place, each in enumerate(page) for one in each["contacts"]
        ]
        yield {"document": [row[0] for row in rows], "contact": [row[1] for row in rows]}


def _pages(documents: Iterable[Document]) -> Iterator[tuple[int, list[Document]]]:
    remaining, number = iter(documents), 0
    while page := list(islice(remaining, _DOCUMENTS_AT_ONCE)):
        yield number, page
        number += len(page)


def _load(
    engine: DuckDBPyConnection, table: str, schema: pa.Schema, columns: Iterable[Mapping[str, list[Any]]]
) -> None:
    batches = (pa.record_batch(dict(one), schema=schema) for one in columns)
    load_source(engine, f"CREATE OR REPLACE TEMP TABLE {table} AS FROM source", schema, batches)


def _label(engine: DuckDBPyConnection) -> None:
    """Give each person of the source the least id of all that are one person by way of shared contacts."""
    engine.execute("CREATE OR REPLACE TEMP TABLE label AS SELECT DISTINCT person, person AS name FROM old")
    engine.execute(_LINKED)
    while _count(engine, _SPREAD):
        pass


def _count(engine: DuckDBPyConnection, statement: str) -> int:
    return int(engine.execute(statement).fetchall()[0][0])


def _sums(engine: DuckDBPyConnection, statement: str) -> dict[str, Counts]:
    return {
        campaign: dict(zip(COUNTED, counts, strict=True))
        for campaign, *counts in engine.execute(statement).fetchall()
    }


def _wrong_totals(campaigns: Iterable[Document], sums: Mapping[str, Counts]) -> list[str]:
    totals = {str(one["campaign_id"]): one.get("totals") for one in campaigns}
    return sorted(
        campaign
        for campaign in totals.keys() | sums.keys()
        if totals.get(campaign) != sums.get(campaign, OF_NOBODY)
    )


def _sample(engine: DuckDBPyConnection, seed: int, sample: int) -> list[str]:
    """Contacts with ids of their own."""
    found = engine.execute(
        "SELECT DISTINCT contact, hash(contact, $seed) AS chance FROM old WHERE NOT starts_with(contact, $unknown) "
        "ORDER BY chance, contact LIMIT $sample",
        {"seed": seed, "unknown": UNKNOWN_CONTACT, "sample": sample},
    )
    return [row[0] for row in found.fetchall()]
