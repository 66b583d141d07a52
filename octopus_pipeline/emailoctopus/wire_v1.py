"""API v1.6 on the wire: one path a report, nested contacts, `paging: []` at the end, error codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.reading import (
    as_mapping,
    contact_fields,
    items,
    mapping,
    member,
    nullable_text,
    optional_text,
    optional_time,
    text,
)
from octopus_pipeline.emailoctopus.records import ContactStatus, ReportRow
from octopus_pipeline.emailoctopus.wire import PAGE_SIZE, ApiError, Resource, Wire, contact

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.emailoctopus.reading import Json
    from octopus_pipeline.emailoctopus.records import Contact, Report


class WireV1(Wire):
    """API v1.6, which EmailOctopus calls legacy."""

    root = "/api/1.6"

    def contacts(
        self, list_id: str, status: ContactStatus, updated_since: datetime | None
    ) -> Resource[list[Contact]]:
        """A list's contacts of one status, in pages.

        v1.6 filters neither by status nor by time: each page holds what is wanted of a page of all contacts.
        """

        def wanted(found: Contact) -> bool:
            changed_at = found.last_updated_at
            is_recent = updated_since is None or changed_at is None or changed_at >= updated_since
            return found.status is status and is_recent

        def read(body: Json) -> list[Contact]:
            return [
                found for found in items(body, "data", partial(contact, list_id=list_id)) if wanted(found)
            ]

        path = f"{self.contacts_path(list_id)}?limit={PAGE_SIZE}"
        return Resource(f"{status} contacts of list {list_id}", path, read)

    def report_path(self, report: Report) -> str:
        """A path a report; there is no `page` here: the API ignores it and repeats the first."""
        return f"reports/{report}?limit={PAGE_SIZE}"

    def report_row(self, source: Json) -> ReportRow:
        """Read a row with its contact; of one deleted since, only the id is left."""
        found = mapping(source, "contact")
        occurred_at = optional_time(source, "occurred_at")
        if found.get("deleted"):
            return ReportRow(contact_id=text(found, "id"), email_address=None, occurred_at=occurred_at)
        return ReportRow(
            contact_id=text(found, "id"),
            email_address=nullable_text(found, "email_address"),
            occurred_at=occurred_at,
            status=member(found, "status", ContactStatus),
            fields=contact_fields(found, "fields"),
            contact_updated_at=optional_time(found, "last_updated_at"),
        )

    def next_page(self, body: Json) -> str | None:
        """The next page's link, which is relative; `paging` is `[]` on a report's last page."""
        paging = body.get("paging")
        return optional_text(as_mapping(paging, "paging"), "next") if paging else None

    def api_error(self, body: object) -> ApiError | None:
        """The error of a body `{error: {code, message}}`; some clients saw the two without the wrapper."""
        if not isinstance(body, Mapping):
            return None
        error = body["error"] if isinstance(body.get("error"), Mapping) else body
        if not isinstance(error.get("code"), str):
            return None
        return ApiError(error["code"], str(error.get("message", "no reason given")))
