"""API v2: its paths, the JSON of its answers and of its errors (RFC 7807)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import orjson

from octopus_pipeline.emailoctopus.records import ContactStatus, Report
from octopus_pipeline.sandbox.account import event_order
from octopus_pipeline.sandbox.calls import Call, Endpoint, address, iso, page_limit, time_parameter
from octopus_pipeline.sandbox.directory import ContactFilter, created_order
from octopus_pipeline.sandbox.paging import START, Cursor, Page, cursor_of_url_safe, take_page, url_safe_text
from octopus_pipeline.sandbox.refusals import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octopus_pipeline.sandbox.account import Account, Campaign, Contact, ContactList, Event
    from octopus_pipeline.sandbox.paging import Order, Row

Json = dict[str, object]
Choice = TypeVar("Choice", bound=StrEnum)

_PROBLEMS = {
    Reason.INVALID_PARAMETER: (400, "bad-request", "Bad request."),
    Reason.WRONG_KEY: (401, "unauthorized", "Invalid key."),
    Reason.NOT_SENT: (403, "access-denied", "Access denied."),
    Reason.NOT_FOUND: (404, "not-found", "Resource not found."),
    Reason.METHOD_NOT_ALLOWED: (405, "method-not-allowed", "Method not allowed."),
    Reason.RATE_LIMITED: (429, "too-many-requests", "Too many requests."),
    Reason.INTERNAL_ERROR: (500, "internal-error", "Internal error."),
}


def error(refusal: Refusal) -> tuple[int, Json]:
    """The HTTP status and the body of a refusal."""
    status, slug, detail = _PROBLEMS[refusal.reason]
    body: Json = {
        "title": "An error occurred.",
        "detail": detail,
        "status": status,
        "type": f"https://emailoctopus.com/api-documentation/v2#{slug}",
    }
    if refusal.reason is Reason.INVALID_PARAMETER:
        body["errors"] = [{"parameter": refusal.subject, "detail": refusal.detail}]
    return status, body


def list_campaigns(call: Call) -> Json:
    """`GET /campaigns`."""
    page = _page(call, call.directory.campaigns(), created_order)
    return {"data": [_campaign(each) for each in page.rows], "paging": _paging(call, page.next)}


def get_campaign(call: Call) -> Json:
    """`GET /campaigns/{campaign_id}`."""
    return _campaign(call.directory.campaign(call.ids["campaign_id"]))


def list_report(call: Call) -> Json:
    """`GET /campaigns/{campaign_id}/reports`."""
    report = _choice(call, "status", Report)
    page = _page(call, call.directory.report(call.ids["campaign_id"], report), event_order)
    account = call.directory.account
    return {
        "status": report,
        "data": [_report_row(account, event) for event in page.rows],
        "paging": _paging(call, page.next),
    }


def get_summary(call: Call) -> Json:
    """`GET /campaigns/{campaign_id}/reports/summary`; API v1.6 answers the same."""
    summary = call.directory.summary(call.ids["campaign_id"])
    return {
        "id": summary.campaign_id,
        "sent": summary.sent,
        "bounced": {"soft": summary.bounced_soft, "hard": summary.bounced_hard},
        "opened": {"total": summary.opened.total, "unique": summary.opened.unique},
        "clicked": {"total": summary.clicked.total, "unique": summary.clicked.unique},
        "complained": summary.complained,
        "unsubscribed": summary.unsubscribed,
    }


def list_links(call: Call) -> Json:
    """`GET /campaigns/{campaign_id}/reports/links`, which has no pages."""
    return {"data": call.directory.links(call.ids["campaign_id"])}


def list_lists(call: Call) -> Json:
    """`GET /lists`."""
    page = _page(call, call.directory.lists(), created_order)
    return {"data": [_list(call, each) for each in page.rows], "paging": _paging(call, page.next)}


def get_list(call: Call) -> Json:
    """`GET /lists/{list_id}`."""
    return _list(call, call.directory.contact_list(call.ids["list_id"]))


def list_contacts(call: Call) -> Json:
    """`GET /lists/{list_id}/contacts`."""
    wanted = ContactFilter(
        status=_choice(call, "status", ContactStatus, default="subscribed"),
        tag=call.query.get("tag"),
        created_from=time_parameter(call, "created_at.gte"),
        created_to=time_parameter(call, "created_at.lte"),
        updated_from=time_parameter(call, "last_updated_at.gte"),
        updated_to=time_parameter(call, "last_updated_at.lte"),
    )
    page = _page(call, call.directory.contacts(call.ids["list_id"], wanted), created_order)
    return {"data": [_contact(each) for each in page.rows], "paging": _paging(call, page.next)}


def get_contact(call: Call) -> Json:
    """`GET /lists/{list_id}/contacts/{contact_id}`."""
    return _contact(call.directory.contact(call.ids["list_id"], call.ids["contact_id"]))


def list_tags(call: Call) -> Json:
    """`GET /lists/{list_id}/tags`."""
    call.directory.contact_list(call.ids["list_id"])
    page = _page(call, call.directory.tags(call.ids["list_id"]), lambda tag: (0, tag))
    return {"data": [{"tag": tag} for tag in page.rows], "paging": _paging(call, page.next)}


ENDPOINTS = (
    Endpoint("/campaigns", "campaigns", list_campaigns),
    Endpoint("/campaigns/{campaign_id}", "campaign", get_campaign),
    Endpoint("/campaigns/{campaign_id}/reports", "reports", list_report),
    Endpoint("/campaigns/{campaign_id}/reports/summary", "summary", get_summary),
    Endpoint("/campaigns/{campaign_id}/reports/links", "links", list_links),
    Endpoint("/lists", "lists", list_lists),
    Endpoint("/lists/{list_id}", "list", get_list),
    Endpoint("/lists/{list_id}/contacts", "contacts", list_contacts),
    Endpoint("/lists/{list_id}/contacts/{contact_id}", "contact", get_contact),
    Endpoint("/lists/{list_id}/tags", "tags", list_tags),
)


def _page(call: Call, rows: Sequence[Row], order: Callable[[Row], Order]) -> Page[Row]:
    return take_page(rows, order, _cursor(call), page_limit(call), call.distortion)


def _cursor(call: Call) -> Cursor:
    text = call.query.get("starting_after")
    if text is None:
        return START
    try:
        return cursor_of_url_safe(text)
    except ValueError:
        raise Refusal(Reason.INVALID_PARAMETER, "starting_after", "This value is not valid.") from None


def _paging(call: Call, cursor: Cursor | None) -> Json:
    if cursor is None:
        return {"next": None}
    text = url_safe_text(cursor)
    url = call.origin + address(call, limit=page_limit(call), starting_after=text)
    return {"next": {"url": url, "starting_after": text}}


def _choice(call: Call, name: str, choices: type[Choice], default: str = "") -> Choice:
    text = call.query.get(name, default)
    if not text:
        raise Refusal(Reason.INVALID_PARAMETER, name, "This value should not be blank.")
    try:
        return choices(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_PARAMETER, name, "The value you selected is not a valid choice."
        ) from None


def _campaign(campaign: Campaign) -> Json:
    return {
        "id": campaign.id,
        "status": campaign.status,
        "name": campaign.name,
        "subject": campaign.subject,
        "to": campaign.list_ids,
        "from": {"name": campaign.from_name, "email_address": campaign.from_email},
        "content": {"html": campaign.html},
        "created_at": iso(campaign.created_at),
        "sent_at": iso(campaign.sent_at),
    }


def _report_row(account: Account, event: Event) -> Json:
    contact = account.contacts.get(event.contact_id)
    row: Json = {
        "contact_id": event.contact_id,
        "contact_email_address": contact.email_address if contact else None,
    }
    if event.occurred_at:
        row["occurred_at"] = event.occurred_at.isoformat()
    return row


def _list(call: Call, contact_list: ContactList) -> Json:
    counts = {status: call.directory.size(contact_list.id, status) for status in ContactStatus}
    return {
        "id": contact_list.id,
        "name": contact_list.name,
        "double_opt_in": False,
        "fields": [
            {"tag": field.tag, "type": field.type, "label": field.label, "fallback": None}
            | ({"choices": field.choices} if field.choices else {})
            for field in contact_list.fields
        ],
        "tags": call.directory.tags(contact_list.id),
        # The specification's form: an array that holds one object of counts.
        "counts": [{status.value: count for status, count in counts.items()}],
        "created_at": iso(contact_list.created_at),
        "last_updated_at": iso(contact_list.last_updated_at),
    }


def _contact(contact: Contact) -> Json:
    return {
        "id": contact.id,
        "email_address": contact.email_address,
        "fields": orjson.Fragment(contact.fields_json),
        "tags": contact.tags,
        "status": contact.status,
        "created_at": iso(contact.created_at),
        "last_updated_at": iso(contact.last_updated_at),
    }
