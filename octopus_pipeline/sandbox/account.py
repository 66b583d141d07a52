"""An EmailOctopus account as plain data, and the folder of readable files it is kept in.

The folder holds `account.json` (the clock), `lists.json`, `campaigns.json`, `contacts.jsonl` (one contact a
line) and `events.jsonl` (one report row a line). Times are whole seconds in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from octopus_pipeline.emailoctopus.records import CampaignStatus, ContactStatus, FieldValue, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Fields = dict[str, FieldValue]
"""A contact's fields by tag."""


class Event(NamedTuple):
    """One row of a campaign's report; which campaign and report, `Account.events` says.

    `occurred_at` is None where EmailOctopus leaves it out. `detail` is `hard` or `soft` for a bounce and the
    link's URL for a click, else None.
    """

    contact_id: str
    occurred_at: datetime | None
    detail: str | None = None


@dataclass(slots=True)
class Contact:
    """A person on one list. The same person on another list is another contact with another id.

    `fields_json` is the fields by tag as JSON: a million dictionaries would take too much memory.
    """

    id: str
    list_id: str
    email_address: str
    status: ContactStatus
    fields_json: str
    tags: tuple[str, ...]
    created_at: datetime
    last_updated_at: datetime

    @property
    def fields(self) -> Fields:
        """The fields by tag."""
        fields: Fields = orjson.loads(self.fields_json)
        return fields


@dataclass(slots=True)
class ContactField:
    """A field that the contacts of a list can have; `type` is API v2's (`text`, `number`, ...)."""

    tag: str
    label: str
    type: str
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class ContactList:
    """A list of contacts; its contacts name it."""

    id: str
    name: str
    fields: list[ContactField]
    created_at: datetime
    last_updated_at: datetime


@dataclass(slots=True)
class Campaign:
    """A campaign.

    `recipients` is how many contacts it is for: more than it was sent to while it is `sending`. One that does not
    track opens has no `opened` rows, whoever opened it.
    """

    id: str
    status: CampaignStatus
    name: str | None
    subject: str | None
    list_ids: tuple[str, ...]
    from_name: str
    from_email: str
    html: str
    created_at: datetime
    sent_at: datetime | None
    recipients: int = 0
    tracks_opens: bool = True
    links: tuple[str, ...] = ()


CampaignEvents = dict[Report, list[Event]]
"""The rows of a campaign's reports, each in the order of `event_order`; reports without rows are absent."""


@dataclass(slots=True)
class Account:
    """A whole account at the time `now`.

    A contact that events name but `contacts` lacks has been deleted since. Drafts have no events.
    """

    now: datetime
    lists: dict[str, ContactList] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    events: dict[str, CampaignEvents] = field(default_factory=dict)

    def rows(self, campaign_id: str, report: Report) -> list[Event]:
        """The rows of one of a campaign's six reports, oldest first."""
        return self.events.get(campaign_id, {}).get(report, [])


def milliseconds(time: datetime) -> int:
    """A time in milliseconds since 1970."""
    return int(time.timestamp()) * 1000


def event_order(event: Event) -> tuple[int, str]:
    """The key reports are sorted by: time in milliseconds, then contact; rows without a time come first."""
    return (milliseconds(event.occurred_at) if event.occurred_at else 0, event.contact_id)


def add_events(account: Account, campaign_id: str, added: CampaignEvents) -> None:
    """Put new rows among a campaign's, in order."""
    reports = account.events.setdefault(campaign_id, {})
    for report, events in added.items():
        if events:
            rows = reports.setdefault(report, [])
            rows.extend(events)
            rows.sort(key=event_order)


def save_account(account: Account, folder: Path) -> None:
    """Write the account into `folder`, which is made if need be. Equal accounts give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "account.json", {"now": account.now})
    _write_json(folder / "lists.json", list(account.lists.values()))
    _write_json(folder / "campaigns.json", list(account.campaigns.values()))
    _write_lines(folder / "contacts.jsonl", map(_contact_line, account.contacts.values()))
    _write_lines(folder / "events.jsonl", _event_lines(account))


def load_account(folder: Path) -> Account:
    """Read the account that `save_account` wrote.

    Raises:
        FileNotFoundError: if `folder` lacks one of the files.
    """
    account = Account(now=_time(orjson.loads((folder / "account.json").read_bytes())["now"]))
    for raw in orjson.loads((folder / "lists.json").read_bytes()):
        contact_list = _list(raw)
        account.lists[contact_list.id] = contact_list
    for raw in orjson.loads((folder / "campaigns.json").read_bytes()):
        campaign = _campaign(raw)
        account.campaigns[campaign.id] = campaign
    for raw in _read_lines(folder / "contacts.jsonl"):
        contact = _contact(raw)
        account.contacts[contact.id] = contact
    for campaign_id, report, contact_id, occurred_at, detail in _read_lines(folder / "events.jsonl"):
        event = Event(contact_id, _time(occurred_at) if occurred_at else None, detail)
        account.events.setdefault(campaign_id, {}).setdefault(Report(report), []).append(event)
    return account


def _write_json(path: Path, content: object) -> None:
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _write_lines(path: Path, lines: Iterable[object]) -> None:
    with path.open("wb") as file:
        file.writelines(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def _read_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from map(orjson.loads, file)


def _contact_line(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "list_id": contact.list_id,
        "email_address": contact.email_address,
        "status": contact.status,
        "fields": orjson.Fragment(contact.fields_json),
        "tags": contact.tags,
        "created_at": contact.created_at,
        "last_updated_at": contact.last_updated_at,
    }


def _event_lines(account: Account) -> Iterator[tuple[object, ...]]:
    for campaign_id, reports in account.events.items():
        for report, events in reports.items():
            for event in events:
                yield (campaign_id, report, event.contact_id, event.occurred_at, event.detail)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _list(raw: dict[str, Any]) -> ContactList:
    fields = [ContactField(**{**each, "choices": tuple(each["choices"])}) for each in raw["fields"]]
    times = {name: _time(raw[name]) for name in ("created_at", "last_updated_at")}
    return ContactList(**{**raw, **times, "fields": fields})


def _campaign(raw: dict[str, Any]) -> Campaign:
    changed = {
        "status": CampaignStatus(raw["status"]),
        "list_ids": tuple(raw["list_ids"]),
        "links": tuple(raw["links"]),
        "created_at": _time(raw["created_at"]),
        "sent_at": _time(raw["sent_at"]) if raw["sent_at"] else None,
    }
    return Campaign(**{**raw, **changed})


def _contact(raw: dict[str, Any]) -> Contact:
    return Contact(
        id=raw["id"],
        list_id=raw["list_id"],
        email_address=raw["email_address"],
        status=ContactStatus(raw["status"]),
        fields_json=orjson.dumps(raw["fields"]).decode(),
        tags=tuple(raw["tags"]),
        created_at=_time(raw["created_at"]),
        last_updated_at=_time(raw["last_updated_at"]),
    )
