"""The law of engagement: what merging must do, whatever the reports, their order and the runs before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.contact_fields import FIELD_TAGS
from octopus_pipeline.engagement.merge import BUCKET_SIGHTINGS, merge
from octopus_pipeline.engagement.tables import FLAGS, report_batch
from octopus_pipeline.store.tables import TableNotFoundError
from octopus_pipeline_tests.engagement.reports import (
    CONTACTS,
    REPORTS,
    Reports,
    Run,
    at,
    by_contact,
    contact,
    expected,
    merged,
    seen,
    together,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    import pyarrow as pa

    from octopus_pipeline.emailoctopus.records import Contact

SMALL = settings(max_examples=20, deadline=None)


@SMALL
@given(st.builds(Run, REPORTS, CONTACTS))
def test_merging_gives_what_the_law_says(run: Run) -> None:
    rows = merged(run)
    plain = [{name: value for name, value in row.items() if name not in FIELD_TAGS} for row in rows]
    assert by_contact(plain) == expected(run)
    assert len(rows) == len(by_contact(rows)), "one row a contact"


@SMALL
@given(st.builds(Run, REPORTS, CONTACTS), st.randoms(use_true_random=False))
def test_order_and_repetition_of_reports_and_rows_do_not_matter(run: Run, chance: random.Random) -> None:
    shuffled: Reports = {
        report: chance.sample(list(rows) * 2, 2 * len(rows))
        for report, rows in chance.sample(list(run.reports.items()), len(run.reports))
    }
    assert merged(Run(shuffled, run.contacts[::-1])) == merged(run)


@SMALL
@given(REPORTS, REPORTS, CONTACTS)
def test_runs_in_any_order_and_grouping_give_the_same(
    first: Reports, second: Reports, contacts: list[Contact]
) -> None:
    one, other = Run(first, contacts), Run(second, contacts)
    at_once = merged(together(one, other))
    assert merged(one, other) == at_once
    assert merged(other, one) == at_once
    assert merged(one, other, one) == at_once, "a run again changes nothing"


@SMALL
@given(st.builds(Run, REPORTS, CONTACTS), st.builds(Run, REPORTS, CONTACTS))
def test_nothing_ever_falls_back(earlier: Run, later: Run) -> None:
    known = merged(earlier)
    after = by_contact(merged(later, prior=known))
    for before in known:
        now = after[before["contact_id"]]
        for flag in FLAGS:
            assert now[flag] >= before[flag]
            if before[f"{flag}_first_at"]:
                assert now[f"{flag}_first_at"] <= before[f"{flag}_first_at"]
                assert now[f"{flag}_last_at"] >= before[f"{flag}_last_at"]
        for name in ("email_address", "status", "fields"):
            assert now[name] or not before[name], f"a known {name} is never lost"


def test_flags_survive_reports_merged_one_after_the_other() -> None:
    """129,483 rows showed opened=False: each report's flags overwrote those of the one before."""
    runs = [Run({report: [seen("ann", 1)]}) for report in reversed(ENGAGEMENT_REPORTS)]
    (row,) = merged(*runs)
    assert all(row[flag] for flag in FLAGS)


def test_contacts_seen_in_sent_count_in_every_later_report() -> None:
    """A set of seen contacts, shared by all reports, skipped contacts in every report after `sent`."""
    everyone = [seen("ann", 1), seen("bob", 2)]
    rows = merged(Run(dict.fromkeys(ENGAGEMENT_REPORTS, everyone)))
    assert [[row[flag] for flag in FLAGS] for row in rows] == [[True] * len(FLAGS)] * 2


def test_a_report_that_comes_short_takes_nothing_back() -> None:
    """A failed page ended a report early, and the part was merged as if it were all."""
    whole = Run({Report.SENT: [seen("ann"), seen("bob")], Report.OPENED: [seen("ann", 1), seen("bob", 2)]})
    short = Run({Report.SENT: [seen("ann")], Report.OPENED: []})
    assert merged(whole, short) == merged(whole)


def test_several_rows_a_contact_become_one_with_its_first_and_last_time() -> None:
    (row,) = merged(Run({Report.OPENED: [seen("ann", 5), seen("ann", 3), seen("ann", 9), seen("ann")]}))
    assert (row["opened_first_at"], row["opened_last_at"]) == (at(3), at(9))


def test_a_click_is_an_open_at_that_moment() -> None:
    reports = {Report.OPENED: [seen("ann", 5)], Report.CLICKED: [seen("ann", 3), seen("bob", 4)]}
    ann, bob = merged(Run(reports))
    assert (ann["opened_first_at"], ann["clicked_first_at"]) == (at(3), at(3))
    assert (ann["opened_last_at"], ann["clicked_last_at"]) == (at(5), at(3))
    assert bob["opened"]
    assert bob["opened_first_at"] == at(4)


def test_a_row_without_a_time_sets_the_flag_alone() -> None:
    (row,) = merged(Run({Report.BOUNCED: [seen("ann")]}))
    assert row["bounced"]
    assert row["bounced_first_at"] is row["bounced_last_at"] is None


def test_contacts_enrich_those_of_the_reports_and_add_nobody() -> None:
    people = [contact("ann", 1, City="MARION", kWh=11369), contact("stranger", 1, City="GALION")]
    (row,) = merged(Run({Report.SENT: [seen("ann")]}, people))
    assert (row["contact_id"], row["status"], row["city"], row["kwh"]) == (
        "ann",
        "subscribed",
        "MARION",
        "11369",
    )


def test_the_contact_s_newest_record_is_taken_whole() -> None:
    old, new = contact("ann", 1, City="MARION", kWh=1), contact("ann", 2, City="GALION")
    for people in ([old, new], [new, old]):
        (row,) = merged(Run({Report.SENT: [seen("ann")]}, people))
        assert (row["city"], row["kwh"], row["contact_updated_at"]) == ("GALION", None, at(2))


def test_a_deleted_contact_stays_as_last_known() -> None:
    known = Run({Report.OPENED: [seen("ann", 1)]}, [contact("ann", 1, City="MARION")])
    deleted = Run({Report.OPENED: [seen("ann", 1, email=None)]})
    assert merged(known, deleted) == merged(known)


def test_rows_come_by_address_in_any_case_then_contact_and_nobody_s_last() -> None:
    rows = [
        seen("1", email="b@example.com"),
        seen("2", email="A@example.com"),
        seen("4", email=None),
        seen("3", email=None),
        seen("0", email="B@example.com"),
    ]
    assert [row["contact_id"] for row in merged(Run({Report.SENT: rows}))] == ["2", "0", "1", "3", "4"]


def test_nothing_in_gives_nothing_out() -> None:
    assert merged(Run({})) == []


def test_an_error_while_a_source_is_read_is_raised_as_it_is() -> None:
    def unreadable() -> Iterator[pa.RecordBatch]:
        yield report_batch([seen("ann")])
        raise TableNotFoundError("sent, partition spring")

    with pytest.raises(TableNotFoundError, match="sent, partition spring"):
        list(merge(reports={Report.SENT: unreadable()}))


def test_more_contacts_than_are_joined_at_once_are_all_there_once_and_sorted() -> None:
    many = BUCKET_SIGHTINGS + 1
    ids = [f"{number:07}" for number in range(many)]
    sent = report_batch([seen(contact_id) for contact_id in reversed(ids)])
    opened = report_batch([seen(contact_id, 1) for contact_id in ids[::3]])
    batches = list(merge(reports={Report.SENT: [sent], Report.OPENED: [opened]}))
    assert [value for batch in batches for value in batch.column("contact_id").to_pylist()] == ids
    flags = [value for batch in batches for value in batch.column("opened").to_pylist()]
    assert flags == [index % 3 == 0 for index in range(many)]
