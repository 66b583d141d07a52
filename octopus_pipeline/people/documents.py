"""The document of a person in `empowersave_development.participants`, and the law by which two of one person join.

```
contact_id         the person (`identity`): of all ids the one of its newest record with an e-mail address
person_ids         every id that the person was known by, ascending
contacts           EmailOctopus's contacts that are this person, ascending by contact_id:
                   {contact_id, record, match}; the record is what the newest reading said of the contact,
                   {updated_at, seen_at, email_address, phone_number, status, zip, fields}, the match where it lives,
                   {matched_at, updated_at, match_quality, match_reason, residence_ref, demographic_ref} or null
engagements        one entry a campaign, ascending by campaign_id:
                   {campaign_id, opened, clicked, bounced, complained, unsubscribed, engaged_at, last_engaged_at}
synced_at          when the document last learned something
```

All else is worked out of these: `email_address`, `phone_number`, `status` (upper case), `zip` (five digits: the
residence's, else the contact's own) and `fields`, of which the newest value that is not empty wins; `residence_ref`,
`demographic_ref`, `match_quality` and `match_reason`, those of the newest contact that was found; `county`, the
residence's, else the record's; `campaigns_received`, `campaigns_opened` and so on, `first_engaged_at` and
`last_engaged_at`; `flags`, to look people up by: each flag that any entry has (`opened`), and with its campaign
(`opened d1ebd096`).

Joining is a maximum or a minimum in a total order, element by element: neither order nor repetition matters. The
server joins with the same law (`expressions`); here it is for documents that are made before they are stored.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Part = dict[str, Any]

RECORD = ("updated_at", "seen_at", "email_address", "phone_number", "status", "zip", "fields")
"""What is known of a contact; records are compared in this order, so that the newest is the greatest."""

MATCH = ("matched_at", "updated_at", "match_quality", "match_reason", "residence_ref", "demographic_ref")
"""Where a contact lives; of two matches the one made with newer counties and decisions is the greater."""

NEWEST = ("email_address", "phone_number", "status", "zip")
"""Of these the newest record that says something is believed."""


def person_document(
    person_ids: Iterable[str], contacts: Iterable[Part], engagements: Iterable[Part], synced_at: datetime
) -> Part:
    """The document of a person of whom all this was seen; of a contact or a campaign there may be several parts."""
    of_contact = _joined(contacts, "contact_id", _joined_contacts)
    of_campaign = _joined(engagements, "campaign_id", _joined_engagements)
    by_age = of_contact
    if len(of_contact) > 1:  # seldom, and the keys cost more than all else here
        by_age = sorted(of_contact, key=lambda one: (bson_order(one["record"]), one["contact_id"]))
    ids = sorted(set(person_ids))
    return {
        "contact_id": _canonical_id(ids, by_age),
        "person_ids": ids,
        "contacts": of_contact,
        "engagements": of_campaign,
        "synced_at": synced_at,
        **_newest(by_age),
        **_summary(of_campaign),
    }


def joined_document(documents: Sequence[Part]) -> Part:
    """The one document of a person who has several."""
    return person_document(
        [one for document in documents for one in document["person_ids"]],
        [contact for document in documents for contact in document["contacts"]],
        [entry for document in documents for entry in document["engagements"]],
        max(document["synced_at"] for document in documents),
    )


def _canonical_id(person_ids: Iterable[str], contacts_by_age: Iterable[Mapping[str, Any]]) -> str:
    """Of all ids of a person the one to be called by.

    It is that of the newest contact with an e-mail address; else a telephone number; else the least id.
    """
    ids = sorted(person_ids)
    addresses = [contact["record"]["email_address"] or "" for contact in contacts_by_age]
    known: list[str] = [one for address in addresses if (one := address.strip().lower()) in ids]
    if known:
        return known[-1]
    return min(ids, key=lambda one: ("@" not in one, not one.isdigit(), one))


def bson_order(value: Any) -> tuple[Any, ...]:
    """A key that sorts values of documents as the server does (MongoDB manual, "Comparison/Sort Order")."""
    if value is None:
        return (_rank(value),)
    if isinstance(value, bool | str | datetime):
        return (_rank(value), value)
    if isinstance(value, dict):
        return (_rank(value), tuple((_rank(part), name, bson_order(part)) for name, part in value.items()))
    if isinstance(value, list):
        return (_rank(value), tuple(bson_order(part) for part in value))
    if isinstance(value, int | float):
        return (_rank(value), *((0, 0) if math.isnan(value) else (1, value)))
    return (_rank(value), type(value).__name__, str(value))


def _rank(value: object) -> int:
    ranks: tuple[tuple[type | tuple[type, ...], int], ...] = (
        (bool, 40), ((int, float), 10), (str, 15), (dict, 20), (list, 25), (datetime, 45),
    )  # fmt: skip
    if value is None:
        return 5
    return next((rank for kind, rank in ranks if isinstance(value, kind)), 50)


def _joined(parts: Iterable[Part], key: str, join: Callable[[Part, Part], Part]) -> list[Part]:
    """The parts, those with the same key joined, ascending by it."""
    joined: dict[str, Part] = {}
    for part in parts:
        former = joined.get(part[key])
        joined[part[key]] = part if former is None else join(former, part)
    return [joined[one] for one in sorted(joined)]


def _joined_contacts(one: Part, other: Part) -> Part:
    greatest = {name: max(one[name], other[name], key=bson_order) for name in ("record", "match")}
    return {"contact_id": one["contact_id"], **greatest}


def _joined_engagements(one: Part, other: Part) -> Part:
    def times(name: str) -> list[datetime]:
        return [time for time in (one[name], other[name]) if time is not None]

    return {
        "campaign_id": one["campaign_id"],
        **{flag: one[flag] or other[flag] for flag in FLAGS},
        "engaged_at": min(times("engaged_at"), default=None),
        "last_engaged_at": max(times("last_engaged_at"), default=None),
    }


def _newest(contacts: Iterable[Part]) -> Part:
    """What is believed of a person, of contacts the newest of which comes last."""
    person: Part = dict.fromkeys((*NEWEST, "fields", *MATCH[2:]))
    person["fields"] = {}
    for contact in contacts:
        record, match = contact["record"], contact["match"] or dict.fromkeys(MATCH)
        person |= {name: record[name] for name in NEWEST if record[name] is not None}
        person["fields"] = person["fields"] | record["fields"]
        if match["residence_ref"] or (person["residence_ref"] is None and match["match_quality"]):
            person |= {name: match[name] for name in ("match_quality", "match_reason")}
        person |= {name: match[name] for name in ("residence_ref", "demographic_ref") if match[name]}
    home, customer = person["residence_ref"] or {}, person["demographic_ref"] or {}
    person["zip"] = home.get("parcel_zip") or person["zip"]
    person["county"] = home.get("county") or customer.get("county")
    return person


def flag_of(flag: str, campaign_id: str) -> str:
    """How `flags` says that a person has the flag in the campaign."""
    return f"{flag} {campaign_id}"


def _summary(engagements: list[Part]) -> Part:
    of_flag = {flag: [entry["campaign_id"] for entry in engagements if entry[flag]] for flag in FLAGS}
    first = [entry["engaged_at"] for entry in engagements if entry["engaged_at"]]
    last = [entry["last_engaged_at"] for entry in engagements if entry["last_engaged_at"]]
    return {
        "campaigns_received": len(engagements),
        **{f"campaigns_{flag}": len(campaigns) for flag, campaigns in of_flag.items()},
        "first_engaged_at": min(first, default=None),
        "last_engaged_at": max(last, default=None),
        "flags": [
            word
            for flag, campaigns in of_flag.items()
            if campaigns
            for word in (flag, *(flag_of(flag, campaign_id) for campaign_id in campaigns))
        ],
    }
