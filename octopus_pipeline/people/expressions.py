"""The law of `documents` as MongoDB aggregation expressions: the server joins, atomically, whoever writes meanwhile."""

from __future__ import annotations

from typing import Any

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.documents import NEWEST, flag_of

Expression = Any
"""An aggregation expression."""


def new_person() -> list[Expression]:
    """Stages that make of a row seen (`merging`) the document of a person seen once."""
    once = {
        "contact_id": "$contact_id",
        "person_ids": "$person_ids",
        "contacts": ["$contact"],
        "engagements": {"$cond": [{"$gt": ["$engagement", None]}, ["$engagement"], []]},
        "synced_at": "$synced_at",
    }
    return [{"$replaceWith": once}, {"$replaceWith": _derived()}]


def joined_with_new() -> list[Expression]:
    """Stages that join the document of a person with `$$new`, the document of the same person seen once more."""
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
    ids = {"$setUnion": ["$person_ids", "$$new.person_ids"]}
    joined = {
        "person_ids": {"$sortArray": {"input": ids, "sortBy": 1}},
        "contacts": _with_element("contacts", "contact_id", contact),
        "engagements": {
            "$cond": [
                {"$gt": ["$$new.engagements", []]},
                _with_element("engagements", "campaign_id", engagement),
                "$engagements",
            ]
        },
        "synced_at": {"$max": ["$synced_at", "$$new.synced_at"]},
    }
    return [{"$set": joined}, {"$replaceWith": _derived()}]


def _with_element(array: str, key: str, merged: Expression) -> Expression:
    """The list, ascending by `key`, with the only element of `$$new`'s merged into it.

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
    """What is worked out of a document's `contacts` and `engagements`."""
    of_flag = {flag: {"$filter": {"input": "$engagements", "cond": f"$$this.{flag}"}} for flag in FLAGS}
    counts = {f"campaigns_{flag}": {"$size": f"$${flag}"} for flag in FLAGS}
    summary = {
        "campaigns_received": {"$size": "$engagements"},
        **counts,
        "first_engaged_at": {"$min": "$engagements.engaged_at"},
        "last_engaged_at": {"$max": "$engagements.last_engaged_at"},
        "flags": {"$concatArrays": [_words(flag) for flag in FLAGS]},
    }
    home, customer = "$$person.residence_ref", "$$person.demographic_ref"
    where = {
        "zip": {"$ifNull": [f"{home}.parcel_zip", "$$person.zip", None]},
        "county": {"$ifNull": [f"{home}.county", f"{customer}.county", None]},
    }
    every = {"$mergeObjects": ["$$ROOT", "$$person", where, summary]}
    return {"$let": {"vars": {"person": _newest(), **of_flag}, "in": every}}


def _words(flag: str) -> Expression:
    """A flag as `flags` says it, of the variable that holds the entries which have it."""
    of_campaigns = {
        "$map": {"input": f"$${flag}", "in": {"$concat": [flag_of(flag, ""), "$$this.campaign_id"]}}
    }
    return {"$cond": [{"$gt": [f"$${flag}", []]}, {"$concatArrays": [[flag], of_campaigns]}, []]}


def _newest() -> Expression:
    """What is believed of a person: a fold over its contacts, the one with the newest record last."""
    contacts = {"$sortArray": {"input": "$contacts", "sortBy": {"record": 1, "contact_id": 1}}}
    newest = {name: {"$ifNull": [f"$$this.record.{name}", f"$$value.{name}", None]} for name in NEWEST}
    refs = {
        name: {"$ifNull": [f"$$this.match.{name}", f"$$value.{name}", None]}
        for name in ("residence_ref", "demographic_ref")
    }

    def is_told(path: str) -> Expression:
        return {"$gt": [path, None]}

    told = {
        "$or": [
            is_told("$$this.match.residence_ref"),
            {
                "$and": [
                    {"$not": is_told("$$value.residence_ref")},
                    is_told("$$this.match.match_quality"),
                ]
            },
        ]
    }
    quality = {
        name: {"$ifNull": [{"$cond": [told, f"$$this.match.{name}", f"$$value.{name}"]}, None]}
        for name in ("match_quality", "match_reason")
    }
    fields = {"$mergeObjects": ["$$value.fields", "$$this.record.fields"]}
    return {
        "$reduce": {
            "input": contacts,
            "initialValue": {},
            "in": {**newest, "fields": fields, **refs, **quality},
        }
    }
