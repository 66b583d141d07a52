"""API v2 on the wire: `/reports?status=`, flat report rows, `paging.next.url`, RFC 7807 errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from octopus_pipeline.emailoctopus.reading import as_mapping, nullable_text, optional_time, text
from octopus_pipeline.emailoctopus.records import ReportRow
from octopus_pipeline.emailoctopus.wire import PAGE_SIZE, ApiError, Resource, Wire, contact, listing

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.emailoctopus.reading import Json
    from octopus_pipeline.emailoctopus.records import Contact, ContactStatus, Report


class WireV2(Wire):
    """API v2."""

    root = ""

    def contacts(
        self, list_id: str, status: ContactStatus, updated_since: datetime | None
    ) -> Resource[list[Contact]]:
        """A list's contacts of one status, in pages; the API itself filters by status and time."""
        parameters = {"status": str(status), "limit": str(PAGE_SIZE)}
        if updated_since is not None:
            parameters["last_updated_at.gte"] = updated_since.isoformat(timespec="seconds")
        return listing(
            f"{status} contacts of list {list_id}",
            f"{self.contacts_path(list_id)}?{urlencode(parameters)}",
            partial(contact, list_id=list_id),
        )

    def report_path(self, report: Report) -> str:
        """One path for all reports, told apart by `status`."""
        return f"reports?status={report}&limit={PAGE_SIZE}"

    def report_row(self, source: Json) -> ReportRow:
        """Read a row, which carries neither fields nor the contact's status."""
        return ReportRow(
            contact_id=text(source, "contact_id"),
            email_address=nullable_text(source, "contact_email_address"),
            occurred_at=optional_time(source, "occurred_at"),
        )

    def next_page(self, body: Json) -> str | None:
        """The next page's URL; `paging` or its `next` missing, null, empty or of nulls all mean the end."""
        paging = body.get("paging")
        following = as_mapping(paging, "paging").get("next") if paging else None
        following = as_mapping(following or {}, "paging.next")
        return text(following, "url") if any(following.values()) else None

    def api_error(self, body: object) -> ApiError | None:
        """The error of an RFC 7807 body: the slug of its type, its detail and what it finds wrong where."""
        if not isinstance(body, Mapping) or not isinstance(body.get("detail"), str):
            return None
        kind = body.get("type")
        slug = kind.rpartition("#")[2] if isinstance(kind, str) and "#" in kind else None
        return ApiError(slug, " ".join([body["detail"], *map(_problem, body.get("errors") or ())]))


def _problem(error: object) -> str:
    if not isinstance(error, Mapping):
        return ""
    where = error.get("parameter") or error.get("pointer") or "request"
    return f"{where}: {error.get('detail', '')}"
