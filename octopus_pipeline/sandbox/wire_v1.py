"""API v1.6: its paths, the JSON of its answers and of its errors.

Enumerations are in upper case, report rows hold the whole contact, and `next` is a relative link that
contains the API key. Reports are paged by the cursor `last`: as in the original, their `page` is ignored.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson

from octopus_pipeline.emailoctopus.records import ContactStatus, Report
from octopus_pipeline.sandbox import wire_v2
from octopus_pipeline.sandbox.account import event_order
from octopus_pipeline.sandbox.calls import Call, Endpoint, address, iso, page_limit
from octopus_pipeline.sandbox.directory import ContactFilter
from octopus_pipeline.sandbox.paging import (
    START,
    Cursor,
    Distortion,
    Mark,
    cursor_of_padded,
    padded_text,
    take_page,
)
from octopus_pipeline.sandbox.refusals import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octopus_pipeline.sandbox.account import Account, Campaign, Contact, ContactList, Event
    from octopus_pipeline.sandbox.paging import Row

Json = dict[str, object]
PREFIX = "/api/1.6"

_PROBLEMS = {
    Reason.INVALID_PARAMETER: (400, "INVALID_PARAMETERS", "Parameters are missing or invalid."),
    Reason.WRONG_KEY: (403, "API_KEY_INVALID", "Your API key is invalid."),
    Reason.NOT_SENT: (403, "CAMPAIGN_NOT_SENT", "This campaign has not been sent."),
    Reason.FEATURE_DISABLED: (403, "CAMPAIGN_FEATURE_DISABLED", "This feature is off for this campaign."),
    Reason.NOT_FOUND: (404, "NOT_FOUND", "The requested endpoint does not exist."),
    Reason.METHOD_NOT_ALLOWED: (405, "NOT_FOUND", "The requested endpoint does not exist."),
    Reason.RATE_LIMITED: (429, "TOO_MANY_REQUESTS", "Too many requests."),
    Reason.INTERNAL_ERROR: (500, "UNKNOWN", "An unknown error has occurred."),
}
_OF_OPENS = {Report.OPENED, Report.NOT_OPENED}
_NOT_FOUND = {
    "campaign": ("CAMPAIGN_NOT_FOUND", "The campaign could not be found."),
    "list": ("LIST_NOT_FOUND", "The list could not be found."),
    "contact": ("MEMBER_NOT_FOUND", "The contact could not be found."),
}


def error(refusal: Refusal) -> tuple[int, Json]:
    """The HTTP status and the body of a refusal."""
    status, code, message = _PROBLEMS[refusal.reason]
    if refusal.reason is Reason.NOT_FOUND:
        code, message = _NOT_FOUND.get(refusal.subject, (code, message))
    return status, {"error": {"code": code, "message": message}}


def list_campaigns(call: Call) -> Json:
    """`GET /campaigns`."""
    rows, paging = _numbered_page(call, call.directory.campaigns())
    return {"data": [_campaign(each) for each in rows], "paging": paging}


def get_campaign(call: Call) -> Json:
    """`GET /campaigns/:campaignId`."""
    return _campaign(call.directory.campaign(call.ids["campaign_id"]))


def list_report(report: Report, call: Call) -> Json:
    """`GET /campaigns/:campaignId/reports/opened` and the like; `paging` is an array on the last page."""
    campaign = call.directory.reported_campaign(call.ids["campaign_id"])
    if report in _OF_OPENS and not campaign.tracks_opens:
        raise Refusal(Reason.FEATURE_DISABLED, "campaign")
    rows = call.directory.report(campaign.id, report)
    page = take_page(rows, event_order, _cursor(call), page_limit(call), call.distortion)
    account = call.directory.account
    following: object = []
    if page.next:
        following = {"next": address(call, limit=page_limit(call), last=padded_text(page.next))}
    return {"data": [_report_row(account, event) for event in page.rows], "paging": following}


def list_links(call: Call) -> Json:
    """`GET /campaigns/:campaignId/reports/links`."""
    return {**wire_v2.list_links(call), "paging": []}


def list_lists(call: Call) -> Json:
    """`GET /lists`."""
    rows, paging = _numbered_page(call, call.directory.lists())
    return {"data": [_list(call, each) for each in rows], "paging": paging}


def get_list(call: Call) -> Json:
    """`GET /lists/:listId`."""
    return _list(call, call.directory.contact_list(call.ids["list_id"]))


def list_contacts(status: ContactStatus | None, call: Call) -> Json:
    """`GET /lists/:listId/contacts`, all of them or those of one status."""
    rows, paging = _numbered_page(call, call.directory.contacts(call.ids["list_id"], ContactFilter(status)))
    return {"data": [_contact(each) for each in rows], "paging": paging}


def get_contact(call: Call) -> Json:
    """`GET /lists/:listId/contacts/:contactId`."""
    return _contact(call.directory.contact(call.ids["list_id"], call.ids["contact_id"]))


_CAMPAIGN = PREFIX + "/campaigns/{campaign_id}"
_LIST = PREFIX + "/lists/{list_id}"

ENDPOINTS = (
    Endpoint(f"{PREFIX}/campaigns", "campaigns", list_campaigns),
    Endpoint(_CAMPAIGN, "campaign", get_campaign),
    Endpoint(f"{_CAMPAIGN}/reports/summary", "summary", wire_v2.get_summary),
    Endpoint(f"{_CAMPAIGN}/reports/links", "links", list_links),
    *(
        Endpoint(f"{_CAMPAIGN}/reports/{each}", f"reports/{each}", partial(list_report, each))
        for each in Report
    ),
    Endpoint(f"{PREFIX}/lists", "lists", list_lists),
    Endpoint(_LIST, "list", get_list),
    Endpoint(f"{_LIST}/contacts", "contacts", partial(list_contacts, None)),
    *(
        Endpoint(f"{_LIST}/contacts/{status}", "contacts", partial(list_contacts, status))
        for status in ContactStatus
    ),
    Endpoint(f"{_LIST}/contacts/{{contact_id}}", "contact", get_contact),
)


def _numbered_page(call: Call, rows: Sequence[Row]) -> tuple[Sequence[Row], Json]:
    limit = page_limit(call)
    text = call.query.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise Refusal(Reason.INVALID_PARAMETER, "page", "This value should be at least 1.")
    number, mark = int(text), call.query.get("mark")
    taken = rows[(number - 1) * limit : number * limit]
    following = address(call, limit=limit, page=number + 1) if number * limit < len(rows) else None
    if mark == Mark.LOOP or call.distortion is Distortion.REPEATED_CURSOR:
        following = address(call, limit=limit, page=number, mark=Mark.LOOP)
    elif call.distortion is Distortion.REPEATED_PAGE and mark is None:
        following = address(call, limit=limit, page=number, mark=Mark.AGAIN)
    elif call.distortion is Distortion.SHORT_REPORT:
        taken, following = taken[: len(taken) // 2], None
    previous = address(call, limit=limit, page=number - 1) if number > 1 else None
    return taken, {"previous": previous, "next": following}


def _cursor(call: Call) -> Cursor:
    text = call.query.get("last")
    if text is None:
        return START
    try:
        return cursor_of_padded(text)
    except ValueError:
        raise Refusal(Reason.INVALID_PARAMETER, "last") from None


def _campaign(campaign: Campaign) -> Json:
    return {
        "id": campaign.id,
        "status": campaign.status.upper(),
        "name": campaign.name,
        "subject": campaign.subject,
        "to": campaign.list_ids,
        "from": {"name": campaign.from_name, "email_address": campaign.from_email},
        "content": {"html": campaign.html, "plain_text": "Read on: " + " ".join(campaign.links)},
        "created_at": iso(campaign.created_at),
        "sent_at": iso(campaign.sent_at),
    }


def _report_row(account: Account, event: Event) -> Json:
    contact = account.contacts.get(event.contact_id)
    row: Json = {"contact": _contact(contact) if contact else _deleted_contact(event.contact_id)}
    if event.occurred_at:
        row["occurred_at"] = event.occurred_at.isoformat()
    return row


def _contact(contact: Contact) -> Json:
    return {
        "id": contact.id,
        "email_address": contact.email_address,
        "fields": orjson.Fragment(contact.fields_json),
        "tags": contact.tags,
        "status": contact.status.upper(),
        "created_at": contact.created_at.isoformat(),
        "last_updated_at": contact.last_updated_at.isoformat(),
    }


def _deleted_contact(contact_id: str) -> Json:
    nothing = dict.fromkeys(("email_address", "fields", "tags", "status", "created_at", "last_updated_at"))
    return {"id": contact_id, **nothing, "deleted": True}


def _list(call: Call, contact_list: ContactList) -> Json:
    return {
        "id": contact_list.id,
        "name": contact_list.name,
        "double_opt_in": False,
        "fields": [
            {"tag": field.tag, "type": _field_type(field.type), "label": field.label, "fallback": None}
            for field in contact_list.fields
        ],
        "counts": {status.value: call.directory.size(contact_list.id, status) for status in ContactStatus},
        "created_at": iso(contact_list.created_at),
    }


def _field_type(type_name: str) -> str:
    """API v1.6 knows numbers, dates and text only."""
    return type_name.upper() if type_name in {"number", "date"} else "TEXT"
