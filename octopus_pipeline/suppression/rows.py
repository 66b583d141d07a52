"""Rows without the people who were erased: one transformation, of what is read and of what is stored.

Each function gives the rows as they may be kept and how many of them had to change. Doing it again changes nothing.
What EmailOctopus tells of a contact that was deleted there is what stays here of one who was erased: that somebody
received, opened, clicked. So every count stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_columns
from octopus_pipeline.matching.residences import Quality
from octopus_pipeline.suppression.suppressed import PSEUDONYM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octopus_pipeline.suppression.suppressed import Suppressed

    Change = Callable[[Suppressed, pa.RecordBatch], tuple[pa.RecordBatch, int]]

ERASED: Final = "erased"
"""The reason why somebody who was erased has no household."""

_PERSONAL = ("email_address", "status", "fields", "contact_updated_at", *FIELD_TAGS)
_OF_RECORD = ("customer_name", "email", "mobile")
_CELL = list(FIELD_TAGS).index("cell")


def contacts_of_campaign(suppressed: Suppressed, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Rows of a report or of engagement: a pseudonym stays of an erased contact, and what it did, and when."""
    theirs = _erased_contacts(suppressed, batch)
    if not any(theirs):
        return batch, 0
    ids = zip(batch.column("contact_id").to_pylist(), theirs, strict=True)
    changed: dict[str, pa.Array] = {
        "contact_id": pa.array(
            [suppressed.pseudonym(one) if erased else one for one, erased in ids], pa.string()
        )
    }
    mask = pa.array(theirs)
    for name in _PERSONAL:
        if name in batch.schema.names:
            changed[name] = pc.if_else(mask, None, batch.column(name))
    return _with(batch, changed), sum(theirs)


def contacts_of_list(suppressed: Suppressed, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Rows of a contact list: an erased contact is not on it."""
    theirs = _erased_contacts(suppressed, batch)
    return (batch.filter(pc.invert(pa.array(theirs))), sum(theirs)) if any(theirs) else (batch, 0)


def households(suppressed: Suppressed, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Rows of a table of matches: nobody looks for the household of an erased contact.

    Where the household's record names somebody erased, others who live there keep the match without that name.
    """
    ids = batch.column("contact_id").to_pylist()
    theirs = [suppressed.is_contact(one, None, None) for one in ids]
    if any(theirs):
        pairs = zip(ids, theirs, strict=True)
        pseudonyms = [suppressed.pseudonym(one) if erased else one for one, erased in pairs]
        batch = _with(batch, {"contact_id": pa.array(pseudonyms, pa.string())})
    batch, nobodies = without_household(batch)
    if "mobile" not in batch.schema.names:
        return batch, nobodies
    batch, records = county_records(suppressed, batch)
    return batch, nobodies + records


def without_household(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Rows of a table of matches: pseudonyms have none, and the reason says so."""
    is_pseudonym = pc.starts_with(batch.column("contact_id"), PSEUDONYM)
    done = pc.fill_null(pc.equal(batch.column("reason"), ERASED), fill_value=False)
    mask = pc.and_not(is_pseudonym, done)
    if not mask.true_count:
        return batch, 0
    nothing = {"match_quality": str(Quality.NO_MATCH), "reason": ERASED}
    changed = {
        field.name: pc.if_else(mask, pa.scalar(nothing.get(field.name), field.type), batch.column(field.name))
        for field in batch.schema
        if field.name != "contact_id"
    }
    return _with(batch, changed), mask.true_count


def county_records(suppressed: Suppressed, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Households' records: one that names somebody erased, by e-mail address or telephone number, names nobody."""
    emails = cleaning.emails(batch.column("email")).to_pylist()
    phones = cleaning.phones(batch.column("mobile")).to_pylist()
    theirs = [suppressed.is_person(*names) for names in zip(emails, phones, strict=True)]
    if not any(theirs):
        return batch, 0
    mask = pa.array(theirs)
    changed = {name: pc.if_else(mask, None, batch.column(name)) for name in _OF_RECORD}
    return _with(batch, changed), sum(theirs)


CHANGES: Final[Mapping[str, Change]] = {
    "reports": contacts_of_campaign,
    "engagement": contacts_of_campaign,
    "contacts": contacts_of_list,
    "residence_matches": households,
    "demographic_matches": households,
    "county_demographic": county_records,
}
"""The tables with rows of people, by the first part of their names, and what is done to their rows."""


def _erased_contacts(suppressed: Suppressed, batch: pa.RecordBatch) -> list[bool]:
    emails = cleaning.emails(batch.column("email_address")).to_pylist()
    phones = phones_of(batch).to_pylist()
    rows = zip(batch.column("contact_id").to_pylist(), emails, phones, strict=True)
    return [suppressed.is_contact(*row) for row in rows]


def phones_of(batch: pa.RecordBatch) -> pa.Array:
    """The telephone number of each contact, as its column or its fields say it."""
    if "cell" in batch.schema.names:
        return cleaning.phones(batch.column("cell"))
    fields = batch.column("fields")
    if fields.null_count == batch.num_rows:  # API v2's reports
        return pa.nulls(batch.num_rows, pa.string())
    return cleaning.phones(field_columns(fields.to_pylist())[_CELL])


def _with(batch: pa.RecordBatch, changed: Mapping[str, pa.Array]) -> pa.RecordBatch:
    columns = [changed.get(field.name, batch.column(field.name)).cast(field.type) for field in batch.schema]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
