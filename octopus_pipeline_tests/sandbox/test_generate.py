"""Generated accounts: the same from the same seed, of the wanted size and shape, with every trap in the sample."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_pipeline.emailoctopus.records import CampaignStatus, Report
from octopus_pipeline.sandbox.account import Account, Fields, load_account, save_account
from octopus_pipeline.sandbox.clock import set_clock
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.people import MONEY_TAGS
from octopus_pipeline.sandbox.truth import expected_participants, expected_summary
from octopus_pipeline_tests.sandbox.accounts import all_reports

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def sizes(account: Account) -> list[int]:
    return [len(account.rows(campaign_id, Report.SENT)) for campaign_id in account.campaigns]


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(1, 12), st.integers(0, 800), st.integers(1, 4))
def test_the_same_seed_makes_an_account_of_exactly_the_wanted_size(
    seed: int, campaigns: int, more_rows: int, lists: int
) -> None:
    account = generate_account(seed=seed, campaigns=campaigns, rows=campaigns + more_rows, lists=lists)
    assert (len(account.campaigns), len(account.lists)) == (campaigns, lists)
    assert sum(sizes(account)) == campaigns + more_rows
    assert account == generate_account(
        seed=seed, campaigns=campaigns, rows=campaigns + more_rows, lists=lists
    )
    for campaign_id, _, rows in all_reports(account):
        sent = {event.contact_id for event in account.rows(campaign_id, Report.SENT)}
        assert {event.contact_id for event in rows} <= sent
        assert all(event.occurred_at is None or event.occurred_at <= account.now for event in rows)


def test_an_account_of_the_real_size_is_as_uneven_and_as_quiet_as_the_real_one() -> None:
    account = generate_account(seed=3, campaigns=69, rows=129_483)
    mailed = [size for size in sizes(account) if size]
    assert 4 <= max(mailed) / mean(mailed) <= 6
    people = {contact.email_address.lower() for contact in account.contacts.values()}
    assert 6 <= sum(mailed) / len(people) <= 10, "campaigns a person"
    totals = [expected_summary(account, campaign_id) for campaign_id in account.campaigns]
    assert 0.02 <= sum(each.opened.unique for each in totals) / sum(mailed) <= 0.03
    assert sum(each.clicked.unique for each in totals) / sum(mailed) <= 0.004
    bounced = sum(each.bounced_hard + each.bounced_soft for each in totals)
    assert bounced / sum(mailed) == pytest.approx(0.01, rel=0.1)
    assert sum(each.complained for each in totals) < sum(each.unsubscribed for each in totals) < bounced


def test_the_largest_campaign_can_be_given_its_share() -> None:
    assert max(sizes(generate_account(seed=1, campaigns=9, rows=5_000, largest_share=0.6))) == pytest.approx(
        3_000, abs=10
    )
    assert sizes(generate_account(seed=1, campaigns=1, rows=5_000, largest_share=1.0)) == [5_000]


@pytest.mark.parametrize("wrong", [{"campaigns": 0}, {"lists": 0}, {"rows": 3}])
def test_impossible_accounts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="an account needs"):
        generate_account(**{"seed": 1, "campaigns": 5, "rows": 50, "lists": 1, **wrong})


def test_the_sample_is_what_its_readme_says_it_was_made_by(tmp_path: Path) -> None:
    made = generate_account(seed=4, campaigns=10, rows=3_000, lists=3, largest_share=0.25)
    save_account(made, tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (SAMPLE / path.name).read_bytes(), path.name
    assert load_account(SAMPLE) == made
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 1_500_000


def times(account: Account) -> list[datetime]:
    """Every time in an account."""
    return [
        account.now,
        *(time for each in account.lists.values() for time in (each.created_at, each.last_updated_at)),
        *(time for each in account.contacts.values() for time in (each.created_at, each.last_updated_at)),
        *(time for each in account.campaigns.values() for time in (each.created_at, each.sent_at) if time),
        *(row.occurred_at for _, _, rows in all_reports(account) for row in rows if row.occurred_at),
    ]


def test_the_clock_moves_with_everything_that_has_a_time() -> None:
    account = load_account(SAMPLE)
    by = timedelta(days=400, seconds=5)
    moved = load_account(SAMPLE)
    set_clock(moved, account.now + by)
    was, now = times(account), times(moved)
    assert [after - before for before, after in zip(was, now, strict=True)] == [by] * len(was)
    set_clock(moved, datetime(2025, 10, 1, 16, tzinfo=UTC))
    assert moved == account


@pytest.fixture(scope="module")
def sample() -> Account:
    return load_account(SAMPLE)


@pytest.fixture(scope="module")
def fields(sample: Account) -> list[Fields]:
    """The fields of every participant of every campaign: what a sync meets."""
    return [
        person.fields
        for campaign_id in sample.campaigns
        for person in expected_participants(sample, campaign_id).values()
        if person.fields
    ]


def test_names_are_there_and_empty(fields: list[Fields]) -> None:
    assert {(each["FirstName"], each["LastName"]) for each in fields} == {(None, None)}


def test_values_come_as_numbers_as_text_and_not_at_all(fields: list[Fields]) -> None:
    assert {type(each["kWh"]) for each in fields} == {int, str, type(None)}
    assert {type(each["ZIP"]) for each in fields} == {int, str}
    assert {"", None} < {each["Address"] for each in fields}
    assert "" in {each["Cell"] for each in fields}
    money = [each[tag] for each in fields for tag in MONEY_TAGS if each[tag]]
    assert all(re.fullmatch(r"\$\d{1,3}(,\d{3})*\.\d\d", str(value)) for value in money)
    assert any("," in str(value) for value in money)
    assert {"annualcost", "AnnualSavings", "MonthlyCost", "MonthlySaving", "DailyCost"} == set(MONEY_TAGS)


@pytest.mark.parametrize(
    "trap",
    [r"\n", r"\r\n", r"\t", r'"', r",", r"[^\x00-\x7f]", r"^=", r"^\+", r"^-", r"^@", r"^ ", r"^(?=.*[A-Z])[^a-z]+$",
     r"[a-z]", r"OH-\d+", r"(?i)state route \d+", r"US-\d+", r"US Hwy \d+|US HWY \d+", r"(?i)cadiz-new athens",
     r"(?i)4th ave", r"(?i)n main st", r"(?i)apt \d", r"#\d"],
)  # fmt: skip
def test_some_field_holds_what_breaks_files_and_matching(fields: list[Fields], trap: str) -> None:
    texts = [value for each in fields for value in each.values() if isinstance(value, str)]
    assert any(re.search(trap, text) for text in texts)


def test_one_list_has_tags_that_mongodb_minds_and_a_field_of_several_choices(
    sample: Account, fields: list[Fields]
) -> None:
    tags = [{field.tag for field in each.fields} for each in sample.lists.values()]
    assert [{"Utility.Account", "$Program", "Topics"} <= each for each in tags] == [False, False, True]
    odd = [each for each in fields if "$Program" in each]
    assert odd
    assert any(isinstance(each["Topics"], list) and len(each["Topics"]) > 1 for each in odd)


def test_a_person_on_two_lists_is_two_contacts_with_addresses_of_other_case(sample: Account) -> None:
    by_address: dict[str, set[str]] = {}
    for contact in sample.contacts.values():
        by_address.setdefault(contact.email_address.lower(), set()).add(contact.list_id)
    assert any(len(lists) > 1 for lists in by_address.values())
    assert any(contact.email_address != contact.email_address.lower() for contact in sample.contacts.values())


def test_reports_name_contacts_deleted_since_and_lack_times(sample: Account) -> None:
    rows = [row for _, _, found in all_reports(sample) for row in found]
    assert any(row.contact_id not in sample.contacts for row in rows)
    oldest, _, third = list(sample.campaigns)[:3]
    assert {row.occurred_at for row in sample.rows(oldest, Report.SENT)} == {None}
    assert {row.occurred_at is None for row in sample.rows(third, Report.SENT)} == {True, False}


def test_contacts_open_and_click_several_times_and_click_without_opening(sample: Account) -> None:
    for report in (Report.OPENED, Report.CLICKED):
        rows = [
            (id_, row.contact_id)
            for id_, each, found in all_reports(sample)
            if each is report
            for row in found
        ]
        assert max(Counter(rows).values()) > 1
    clicked_only = [
        row.contact_id
        for campaign_id in sample.campaigns
        for row in sample.rows(campaign_id, Report.CLICKED)
        if row.contact_id not in {each.contact_id for each in sample.rows(campaign_id, Report.OPENED)}
    ]
    assert clicked_only
    assert all(
        found for _, report, found in all_reports(sample) if report is Report.SENT and len(found) > 200
    )


def test_campaigns_stand_in_every_state(sample: Account) -> None:
    states = Counter(each.status for each in sample.campaigns.values())
    assert states == {
        CampaignStatus.SENT: 7,
        CampaignStatus.DRAFT: 1,
        CampaignStatus.ERROR: 1,
        CampaignStatus.SENDING: 1,
    }
    drafts = [each for each in sample.campaigns.values() if each.status is CampaignStatus.DRAFT]
    assert [(each.name, each.sent_at) for each in drafts] == [(None, None)]
    sent = [each for each in sample.campaigns.values() if each.status is CampaignStatus.SENT]
    assert [len(sample.rows(each.id, Report.SENT)) for each in sent].count(0) == 1, "one went to nobody"


def test_a_campaign_that_tracks_no_opens_is_clicked_all_the_same(sample: Account) -> None:
    (untracked,) = [each.id for each in sample.campaigns.values() if not each.tracks_opens]
    assert not sample.rows(untracked, Report.OPENED)
    assert sample.rows(untracked, Report.CLICKED)


def test_campaign_names_and_ids_resemble_each_other_and_break_files(sample: Account) -> None:
    first, second = list(sample.campaigns.values())[:2]
    assert first.sent_at is not None
    assert second.sent_at is not None
    assert (first.name, first.id[:8], first.sent_at.date()) == (
        second.name,
        second.id[:8],
        second.sent_at.date(),
    )
    assert first.id != second.id
    names = [each.name for each in sample.campaigns.values() if each.status is CampaignStatus.SENT]
    assert None in names
    for trap in ("/", '"', "☀️", "?", "\\", "="):
        assert any(trap in (each.name or "") for each in sample.campaigns.values()), trap
    assert max(len(name or "") for name in names) > 200
