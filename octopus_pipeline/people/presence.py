"""Whether every contact of a campaign is in somebody's document, with all that it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pymongo.collection import Collection

_READ_AT_ONCE = 50_000
_SCHEMA = pa.schema([("contact_id", pa.string()), *((flag, pa.bool_()) for flag in FLAGS)])


def contacts_missing(people: Collection[dict[str, Any]], campaign_id: str, contacts: pa.Table) -> int:
    """How many contacts' persons lack the campaign, or a flag that the contact has: none, if all is well.

    Args:
        people: the documents.
        campaign_id: the campaign.
        contacts: its contacts: `contact_id` and flags.
    """
    found = pa.Table.from_batches(_entries(people, campaign_id), _SCHEMA)

    def is_among(ids: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.is_in(contacts["contact_id"], ids.combine_chunks())

    there = is_among(found["contact_id"])
    for flag in FLAGS:
        having = found["contact_id"].filter(found[flag])
        there = pc.and_(there, pc.or_(pc.invert(contacts[flag]), is_among(having)))
    missing: int = pc.sum(pc.invert(there), min_count=0).as_py()
    return missing


def _entries(people: Collection[dict[str, Any]], campaign_id: str) -> Iterator[pa.RecordBatch]:
    """The contacts of the people who have an entry of the campaign, each with that entry's flags."""
    documents = people.find(
        {"engagements.campaign_id": campaign_id},
        {
            "_id": False,
            "contacts.contact_id": True,
            "engagements": {"$elemMatch": {"campaign_id": campaign_id}},
        },
    )
    rows: list[Sequence[Any]] = []
    for document in documents:
        (entry,) = document["engagements"]
        flags = [entry[flag] for flag in FLAGS]
        rows.extend((contact["contact_id"], *flags) for contact in document["contacts"])
        if len(rows) >= _READ_AT_ONCE:
            yield _batch(rows)
            rows.clear()
    if rows:
        yield _batch(rows)


def _batch(rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)
