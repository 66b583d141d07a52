"""The lists of a generated account and the contacts on them, with everything odd that real fields hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from octopus_pipeline.emailoctopus.records import ContactStatus
from octopus_pipeline.sandbox.account import Contact, ContactField, ContactList
from octopus_pipeline.sandbox.people import MONEY_TAGS, Person, invent_person

if TYPE_CHECKING:
    from random import Random

    from octopus_pipeline.sandbox.account import Account, Fields

LIST_NAMES = ("Ohio households", "Partner referrals", "Energy clinic sign-ups", "Winter crisis programme")
TAGS = ("heap", "pipp", "renter", "owner", "évaluation")

ODD_FIELDS: tuple[Fields, ...] = (
    {"Address": "345 MAPLE LN\nREAR BUILDING"},
    {"Address": '12 MAIN ST, APT 4, "THE OLD MILL"'},
    {"Address": "77 CAÑON CT", "City": "MONTRÉAL ☃"},
    {"Address": '=HYPERLINK("http://example.com","345 MAPLE LN")'},
    {"Cell": "+16145550100"},
    {"Address": "-12 HILLCREST AV"},
    {"Address": "@HOME"},
    {"Address": "360 CADIZ\r\nNEW ATHENS RD", "City": "CADIZ\t"},
    {"Address": None, "City": None},
    {"Address": "", "ZIP": ""},
    {"ZIP": "44906-1234"},
    {"kWh": None, "annualcost": "", "MonthlyCost": None},
    {"Cell": "(614) 555-0142", "Address": "  1010  oh-314  "},
)
"""What some contacts hold instead: line breaks, quotes, commas, unicode, would-be formulas, gaps."""

_EVERY_ODD_PERSON = 9
_ON_ANOTHER_LIST = 0.12
_SECOND_AFTER = timedelta(seconds=1)


def build_lists(rng: Random, count: int, created_at: datetime) -> list[ContactList]:
    """`count` lists; the last has two fields whose tags hold a dot and a dollar sign, and a choice field."""
    lists = []
    for index in range(count):
        name = LIST_NAMES[index] if index < len(LIST_NAMES) else f"Outreach {index + 1}"
        lists.append(ContactList(invent_id(rng), name, _household_fields(), created_at, created_at))
    lists[-1].fields += [
        ContactField("Utility.Account", "Utility account", "text"),
        ContactField("$Program", "Programme", "text"),
        ContactField("Topics", "Topics of interest", "choice_multiple", ("solar", "heat", "windows")),
    ]
    return lists


def add_contacts(rng: Random, account: Account, people: int, imported_before: datetime) -> None:
    """Put `people` invented people on the account's lists, about one in eight on two of them."""
    lists = list(account.lists.values())
    weights = [1.2 * max(1, len(lists) - 1)] + [1.0] * (len(lists) - 1)
    homes = rng.choices(range(len(lists)), weights, k=people)
    for number, home in enumerate(homes):
        person = invent_person(rng, number)
        if number % _EVERY_ODD_PERSON == 0:
            person.fields.update(ODD_FIELDS[number // _EVERY_ODD_PERSON % len(ODD_FIELDS)])
        _add_contact(rng, account, lists[home], person, imported_before)
        if len(lists) > 1 and rng.random() < _ON_ANOTHER_LIST:
            other = (home + 1 + rng.randrange(len(lists) - 1)) % len(lists)
            # People type their address as they like: the second list spells it with capitals.
            again = Person(person.email_address.title(), person.fields)
            _add_contact(rng, account, lists[other], again, imported_before)


def invent_id(rng: Random) -> str:
    """An id shaped like EmailOctopus's (a version-1 UUID)."""
    start, middle, end = rng.getrandbits(48), rng.getrandbits(12), rng.getrandbits(48)
    return f"{start >> 16:08x}-{start & 0xFFFF:04x}-11f0-9{middle:03x}-{end:012x}"


def _household_fields() -> list[ContactField]:
    numbers = {"kWh": "number"}
    tags = ("FirstName", "LastName", "Address", "City", "ZIP", "Cell", "kWh", *MONEY_TAGS)
    return [
        ContactField("EmailAddress", "Email address", "text"),
        *(ContactField(tag, tag, numbers.get(tag, "text")) for tag in tags),
    ]


def _add_contact(
    rng: Random, account: Account, contact_list: ContactList, person: Person, imported_before: datetime
) -> None:
    created_at = imported_before - _SECOND_AFTER * rng.randrange(1, 60 * 86_400)
    age_seconds = int((account.now - created_at).total_seconds())
    fields = person.fields
    if any(field.tag == "$Program" for field in contact_list.fields):
        fields = fields | {
            "Utility.Account": f"{rng.randrange(10**9):010d}",
            "$Program": rng.choice(("HEAP", "PIPP", None)),
            "Topics": rng.choice((["solar", "heat"], ["windows"], [])),
        }
    contact = Contact(
        id=invent_id(rng),
        list_id=contact_list.id,
        email_address=person.email_address,
        status=_status(rng),
        fields_json=orjson.dumps(fields).decode(),
        tags=tuple(tag for tag in TAGS if rng.random() < 0.1),
        created_at=created_at,
        last_updated_at=created_at + _SECOND_AFTER * rng.randrange(age_seconds),
    )
    account.contacts[contact.id] = contact


def _status(rng: Random) -> ContactStatus:
    share = rng.random()
    if share < 0.02:
        return ContactStatus.PENDING
    return ContactStatus.UNSUBSCRIBED if share < 0.035 else ContactStatus.SUBSCRIBED
