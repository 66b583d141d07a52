"""The law by which people's documents merge, as MongoDB aggregation expressions: the server merges, atomically.

A document is made of two lists that are joined element by element, `engagements` by campaign and `contacts` by contact
id; everything else is worked out of these. Each join is a minimum or maximum in a total order: neither the order of
updates nor their repetition changes what comes out, whoever writes at the same time.
"""

from __future__ import annotations

from typing import Any

from octopus_pipeline.engagement.tables import FLAGS

Expression = Any
"""An aggregation expression."""


def new_person() -> list[Expression]:
    """Stages that make of `contact_id`, `engagement`, `contact` and `synced_at` the document of a person seen once."""
    once = {
        "_id": "$$REMOVE",
        "contact_id": "$contact_id",
        "engagements": ["$engagement"],
        "contacts": ["$contact"],
        "synced_at": "$synced_at",
    }
    return [{"$replaceWith": once}, {"$unset": "_id"}, {"$replaceWith": _derived()}]


def merged_with_new() -> list[Expression]:
    """Stages that merge the document of a person with `$$new`, the document of the same person seen once more."""
    engagement = {
        "campaign_id": "$$new.campaign_id",
        **{flag: {"$or": [f"$$former.{flag}", f"$$new.{flag}"]} for flag in FLAGS},
        "engaged_at": {"$min": ["$$former.engaged_at", "$$new.engaged_at"]},
        "last_engaged_at": {"$max": ["$$former.last_engaged_at", "$$new.last_engaged_at"]},
    }
    contact = {
        "contact_id": "$$new.contact_id",
        "record": _greater("record"),
        "match": _greater("match"),
    }
    joined = {
        "engagements": _with_element("engagements", "campaign_id", engagement),
        "contacts": _with_element("contacts", "contact_id", contact),
        "synced_at": {"$max": ["$synced_at", "$$new.synced_at"]},
    }
    return [{"$set": joined}, {"$replaceWith": _derived()}]


def _with_element(array: str, key: str, merged: Expression) -> Expression:
    """The list, ascending by `key`, with the first element of `$$new`'s merged into it.

    `merged` is made of `$$new`, that element, and `$$former`, the one that has its key, or an empty one.
    """

    def those(comparison: str) -> Expression:
        return {"$filter": {"input": f"${array}", "cond": {comparison: [f"$$this.{key}", f"$$new.{key}"]}}}

    former = {"$ifNull": [{"$first": those("$eq")}, {}]}
    element = {"$let": {"vars": {"former": former}, "in": merged}}
    every = {"$concatArrays": [those("$lt"), [element], those("$gt")]}
    return {"$let": {"vars": {"new": {"$first": f"$$new.{array}"}}, "in": every}}


def _greater(name: str) -> Expression:
    """Of the former and the new element the greater part; null and missing are less than anything."""
    former, new = {"$ifNull": [f"$$former.{name}", None]}, f"$$new.{name}"
    return {"$cond": [{"$gt": [new, former]}, new, former]}


def _derived() -> Expression:
    """What is worked out of a document's `contacts` and `engagements`.

    Contacts count in the order of their records, the newest last: of each field the newest that is not empty wins.
    """
    contacts = {"$sortArray": {"input": "$contacts", "sortBy": {"record": 1, "contact_id": 1}}}
    newest = {
        name: {"$ifNull": [f"$$this.record.{name}", f"$$value.{name}", None]}
        for name in ("email_address", "phone_number", "status")
    }
    refs = {
        name: {"$ifNull": [f"$$this.match.{name}", f"$$value.{name}", None]}
        for name in ("residence_ref", "demographic_ref")
    }
    nowhere_yet = {"$eq": [{"$ifNull": ["$$value.residence_ref", None]}, None]}
    lives_there = {"$ne": [{"$ifNull": ["$$this.match.residence_ref", None]}, None]}
    quality = {
        name: {
            "$cond": [
                {"$or": [lives_there, nowhere_yet]},
                {"$ifNull": [f"$$this.match.{name}", None]},
                f"$$value.{name}",
            ]
        }
        for name in ("match_quality", "match_reason")
    }
    fields = {"$mergeObjects": ["$$value.fields", "$$this.record.fields"]}
    told = {**newest, "fields": fields, **refs, **quality}
    counts = {
        f"campaigns_{flag}": {"$size": {"$filter": {"input": "$engagements", "cond": f"$$this.{flag}"}}}
        for flag in FLAGS
    }
    summary = {
        "campaigns_received": {"$size": "$engagements"},
        **counts,
        "first_engaged_at": {"$min": "$engagements.engaged_at"},
        "last_engaged_at": {"$max": "$engagements.last_engaged_at"},
    }
    person = {"$reduce": {"input": contacts, "initialValue": {}, "in": told}}
    return {"$mergeObjects": ["$$ROOT", person, summary]}
