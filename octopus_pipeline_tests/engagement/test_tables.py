"""Pages of API records as batches of declared tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from octopus_pipeline.emailoctopus.records import Contact, ContactStatus, ReportRow
from octopus_pipeline.engagement.tables import (
    CONTACT_SCHEMA,
    ENGAGEMENT_SCHEMA,
    REPORT_SCHEMA,
    contact_batch,
    report_batch,
)

MONDAY = datetime(2025, 9, 29, 13, 0, 1, tzinfo=UTC)


def test_a_page_of_a_report_keeps_rows_of_both_api_versions() -> None:
    fields = {"kWh": 11369, "City": None, "Topics": ["solar"]}
    rows = [
        ReportRow("ann", "ann@example.com", MONDAY, ContactStatus.SUBSCRIBED, fields, MONDAY),
        ReportRow("bob", None, None),
    ]
    batch = report_batch(rows)
    assert batch.schema.equals(REPORT_SCHEMA)
    ann, bob = batch.to_pylist()
    assert tuple(ann.values()) == (
        "ann",
        "ann@example.com",
        MONDAY,
        "subscribed",
        '{"kWh":11369,"City":null,"Topics":["solar"]}',
        MONDAY,
    )
    assert tuple(bob.values()) == ("bob", None, None, None, None, None)


def test_a_page_of_contacts_keeps_fields_and_tags() -> None:
    person = Contact(
        "ann", "list-1", "ann@example.com", ContactStatus.PENDING, {"a.b": "$1"}, ("vip",), MONDAY, None
    )
    batch = contact_batch([person])
    assert batch.schema.equals(CONTACT_SCHEMA)
    assert tuple(batch.to_pylist()[0].values()) == (
        "list-1",
        "ann",
        "ann@example.com",
        "pending",
        '{"a.b":"$1"}',
        '["vip"]',
        MONDAY,
        None,
    )


@pytest.mark.parametrize("schema", [REPORT_SCHEMA, CONTACT_SCHEMA, ENGAGEMENT_SCHEMA])
def test_every_column_says_what_it_is(schema: object) -> None:
    assert all(field.metadata[b"description"] for field in schema)  # type: ignore[attr-defined]


def test_empty_pages_are_empty_batches() -> None:
    assert report_batch([]).num_rows == contact_batch([]).num_rows == 0
