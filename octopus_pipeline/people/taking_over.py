"""Documents of people that another tool wrote: taken over into this project's shape, nothing of them lost.

Such a document has `contact_id`, perhaps `engagements` and references, but no `contacts`. It is set aside under a name
of its own, so that the unique index can be made; then it is merged by the law like all that is seen, and goes. A
crash at any moment is mended by the next call.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.campaign_rows import said, zip_texts
from octopus_pipeline.people.documents import MATCH
from octopus_pipeline.people.identity import UNKNOWN_CONTACT, person_ids
from octopus_pipeline.people.merging import merge_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.collection import Collection

    Document = dict[str, Any]

_SET_ASIDE = "taken_over_from"
OTHERS: Final[Document] = {"contacts.contact_id": None}
"""The query for documents of another tool."""

_OURS = frozenset(
    {
        "_id", "contact_id", "email_address", "phone_number", "status", "zip", "fields", "engagements", "residence_ref",
        "demographic_ref", "match_quality", "match_reason", "synced_at", _SET_ASIDE,
    }
)  # fmt: skip
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def set_aside(people: Collection[Document]) -> bool:
    """Give every document of another tool a name of its own; whether there is any."""
    if people.find_one(OTHERS, {"_id": True}) is None:
        return False
    own = {"$concat": ["taken over:", {"$toString": "$_id"}]}
    people.update_many(
        OTHERS | {_SET_ASIDE: {"$exists": False}},
        [{"$set": {_SET_ASIDE: {"$ifNull": ["$contact_id", ""]}, "contact_id": own}}],
    )
    return True


def take_over(people: Collection[Document]) -> None:
    """Merge what was set aside into people's documents."""
    for document in people.find(OTHERS):
        rows = list(_rows(document))
        merge_people(people, rows)
        others = {name: value for name, value in document.items() if name not in _OURS}
        if others:
            kept = {"$mergeObjects": [{"$literal": others}, "$$ROOT"]}
            people.update_one({"contact_id": rows[0]["contact_id"]}, [{"$replaceWith": kept}])
        people.delete_one({"_id": document["_id"]})


def _rows(document: Document) -> Iterator[Document]:
    """A document of another tool as rows, one an entry."""
    known = str(document.get(_SET_ASIDE) or "")
    address = document.get("email_address") or (known if "@" in known else None)
    phone = document.get("phone_number") or (None if "@" in known else known)
    phones = cleaning.phones(cleaning.column([phone]))
    named = pa.array([str(document["_id"])])
    ((person,), (number,)) = (
        column.to_pylist() for column in (person_ids(cleaning.column([address]), phones, named), phones)
    )
    fields = document.get("fields")
    record = {
        "updated_at": None,
        "seen_at": _time(document.get("synced_at")),
        "email_address": address,
        "phone_number": number,
        "status": str(document["status"]).upper() if document.get("status") else None,
        "zip": zip_texts(cleaning.column([document.get("zip")])).to_pylist()[0],
        "fields": said(fields) if isinstance(fields, dict) else {},
    }
    seen = {
        "contact_id": person,
        "person_ids": [person],
        "contact": {"contact_id": f"{UNKNOWN_CONTACT}{person}", "record": record, "match": _match(document)},
        "synced_at": _time(document.get("synced_at")) or _LONG_AGO,
    }
    entries: list[Document | None] = [
        one for one in document.get("engagements") or [] if isinstance(one, dict) and one.get("campaign_id")
    ]
    for entry in entries or [None]:
        yield seen | {"engagement": _entry(entry)}


def _entry(entry: Document | None) -> Document | None:
    if entry is None:
        return None
    first = _time(entry.get("engaged_at"))
    return {
        "campaign_id": str(entry["campaign_id"]),
        **{flag: bool(entry.get(flag)) for flag in FLAGS},
        "engaged_at": first,
        "last_engaged_at": _time(entry.get("last_engaged_at")) or first,
    }


def _match(document: Document) -> Document | None:
    refs = {name: document.get(name) or None for name in ("residence_ref", "demographic_ref")}
    if not any(refs.values()):
        return None
    return dict.fromkeys(MATCH) | refs | {"match_quality": document.get("match_quality")}


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
