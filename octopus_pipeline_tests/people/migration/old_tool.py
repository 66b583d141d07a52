"""Databases as the old tool left them: invented people, and everything that was found broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bson import Binary, DatetimeMS, Int64, ObjectId
from hypothesis import strategies as st

from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from pymongo.database import Database

    Document = dict[str, Any]

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
NOTHING_DONE = dict.fromkeys(FLAGS, False)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def old_document(campaign_id: object, contact_id: object, email: object, **more: object) -> Document:
    """As the old tool wrote a campaign's contact: with no flag set."""
    return {
        "campaign_id": campaign_id,
        "contact_id": contact_id,
        "email_address": email,
        "status": "SUBSCRIBED",
        "fields": {"FirstName": None, "Address": "345 MAPLE LN", "ZIP": "44906", "Cell": "", "kWh": 11369},
        "engagement": dict(NOTHING_DONE),
        "synced_at": at(0),
        **more,
    }


def without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


ANN, BOB = "ann@example.com", "bob@example.com"
UUID_ID = UUID("11111111-2222-4333-8444-555555555555")

BROKEN: list[Document] = [
    old_document("spring", "a", ANN),
    old_document(
        "spring", "a", ANN, engagement={**NOTHING_DONE, "opened": True}
    ),  # a duplicate that says more
    old_document("spring", "a", ANN, fields={"kWh": "12000", "Cell": "614-555-0101"}, synced_at=at(5)),
    old_document(
        "autumn", "b", "Ann@Example.COM", fields={"kWh": Int64(900), "zip": 43215.0}, synced_at=at(9)
    ),
    old_document("winter", "a", "ann@new.example.com", synced_at=at(7)),  # she changed the address
    old_document("autumn", "c", BOB, status=None, engagement={"clicked": 1, "opened": None}),
    old_document("autumn", "d", None, fields={"CELL": "(614) 555-0102"}),
    old_document("autumn", "e", None),  # deleted before its address was known
    without(old_document("winter", "f", "eve@example.com"), "engagement", "fields", "status", "synced_at"),
    without(old_document("winter", "x", "carl@example.com"), "contact_id"),
    old_document("winter", None, None, fields={"Cell": "614 555 0103"}),
    old_document(7, Int64(12), "dora@example.com"),  # ids of another type
    old_document(Binary.from_uuid(UUID_ID), ObjectId(b"0123456789ab"), "finn@example.com"),
    old_document(
        "winter", "g", "gus@example.com", fields=["none"], engagement="none", status=3, synced_at="now"
    ),
    old_document("winter", "m", "max@example.com", synced_at=DatetimeMS(10**15)),  # beyond Python's dates
    old_document("winter", "h", "no address", fields={"Deep": {"list": [1, None], "$set": "a.b"}}),
    old_document(
        "spring",
        "c",
        BOB,
        engagement={**NOTHING_DONE, "opened": True},
        engagement_times={"opened": {"first": at(1), "last": at(3)}, "clicked": None},
    ),
]
NOT_CARRIED: list[Document] = [
    without(old_document("x", "i", "ida@example.com"), "campaign_id"),
    old_document("", "j", "jan@example.com"),
    old_document({"id": "x"}, "k", "kim@example.com"),
    old_document("winter", None, None),
    old_document("winter", ["l"], 5),
]
OLD_CAMPAIGNS: list[Document] = [
    {"campaign_id": "spring", "name": "Spring", "subject": "Save", "status": "sent", "sent_at": at(0),
     "to_lists": ["l1"], "statistics": {"sent": 9}, "synced_at": at(1)},
    {"campaign_id": "spring", "name": "Spring again", "synced_at": at(3)},
    {"campaign_id": "autumn", "name": None, "sent_at": "2024-09-06T10:00:00+00:00"},
    {"campaign_id": "draft", "name": "Draft", "created_at": DatetimeMS(10**15), "status": "DRAFT", "to_lists": "none"},
    {"name": "nameless"},
]  # fmt: skip


def fill_old(database: Database[Document], documents: list[Document] = [*BROKEN, *NOT_CARRIED]) -> None:  # noqa: B006
    """An old tool's database, without any index."""
    if documents:
        database["participants"].insert_many([dict(one) for one in documents])
    database["campaigns"].insert_many([dict(one) for one in OLD_CAMPAIGNS])


CONTACTS = st.sampled_from(["a", "b", "c", "d", None])
EMAILS = st.sampled_from([None, ANN, "ANN@example.com", BOB, "carl@example.com", "broken"])
VALUES = st.sampled_from(["", None, "12000", 11369, 1.5, True])
ENGAGEMENTS = st.none() | st.dictionaries(st.sampled_from(FLAGS), st.sampled_from([True, False, None, 1]))
OLD_DOCUMENTS = st.lists(
    st.builds(
        old_document,
        st.sampled_from(["autumn", "spring", "winter", None]),
        CONTACTS,
        EMAILS,
        status=st.sampled_from(["subscribed", "UNSUBSCRIBED", None]),
        fields=st.none() | st.dictionaries(st.sampled_from(["kWh", "Cell", "ZIP"]), VALUES),
        engagement=ENGAGEMENTS,
        synced_at=st.none() | st.integers(0, 2).map(at),
    ),
    min_size=1,
    max_size=12,
)
"""Few contacts and addresses, so that they are shared in every way."""
