"""Whatever goes wrong with an answer: the truth in the end, or a named failure that left no trace."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from octopus_pipeline.emailoctopus.credentials import Version
from octopus_pipeline.emailoctopus.errors import (
    EmailOctopusError,
    InvalidKeyError,
    NotFoundError,
    ProtocolError,
    UnavailableError,
)
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox.faults import FaultKind, FaultRule, RetryHeader
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sync.account import CampaignFailure
from octopus_pipeline.sync.campaign import CampaignResult
from octopus_pipeline.sync.campaigns import KnownCampaign
from octopus_pipeline.sync.reports import ReportCountError
from octopus_pipeline.sync.state import campaign_state
from octopus_pipeline_tests.emailoctopus.clients import VERSIONS
from octopus_pipeline_tests.sync.conftest import Bench, open_bench
from octopus_pipeline_tests.sync.history import (
    Trace,
    assert_nothing_fell,
    assert_tells_no_secret,
    assert_true,
    trace,
    unfinished_files,
)

BRIEF = 3
"""So many bad answers in a row are borne: the client of these tests asks four times."""

BORNE = {
    **{
        f"429-{header}": FaultRule(FaultKind.RATE_LIMITED, count=BRIEF, seconds=2, header=header)
        for header in RetryHeader
    },
    **{
        f"status-{status}": FaultRule(FaultKind.SERVER_ERROR, count=BRIEF, status=status)
        for status in (500, 502, 503)
    },
    "cut": FaultRule(FaultKind.CUT, count=BRIEF),
    "hang": FaultRule(FaultKind.HANG, path="*/reports*", count=1, seconds=2),
    "invalid-json": FaultRule(FaultKind.INVALID_JSON, count=BRIEF),
    "html": FaultRule(FaultKind.HTML, count=BRIEF, status=200),
    "every-page-twice": FaultRule(FaultKind.REPEATED_PAGE),
}

FATAL: dict[str, tuple[FaultRule, type[Exception]]] = {
    "429": (FaultRule(FaultKind.RATE_LIMITED, report=Report.OPENED), UnavailableError),
    "status-503": (FaultRule(FaultKind.SERVER_ERROR, report=Report.SENT, status=503), UnavailableError),
    "no-summary": (FaultRule(FaultKind.SERVER_ERROR, status=500), UnavailableError),
    "cut-later": (FaultRule(FaultKind.CUT, report=Report.SENT, skip=1), UnavailableError),
    "hang": (FaultRule(FaultKind.HANG, report=Report.BOUNCED, seconds=2), UnavailableError),
    "invalid-json": (FaultRule(FaultKind.INVALID_JSON, report=Report.SENT), UnavailableError),
    "html": (FaultRule(FaultKind.HTML, report=Report.OPENED, status=200), UnavailableError),
    "cursor-for-ever": (FaultRule(FaultKind.REPEATED_CURSOR, report=Report.SENT), ProtocolError),
    "short-report": (FaultRule(FaultKind.SHORT_REPORT, report=Report.SENT), ReportCountError),
    "vanished": (FaultRule(FaultKind.VANISHED, skip=1), NotFoundError),
}


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Version:
    """Each version of the API."""
    chosen: Version = request.param
    return chosen


@pytest.fixture(scope="module")
def bench(
    version: Version, mongo_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """An account that was synced once; from test to test, time passes in it."""
    settings = {
        **mongo_settings,
        "mongo_database": f"test_{uuid.uuid4().hex}",
        "octopus_contacts_max_age_minutes": 0,
    }
    account = generate_account(seed=11, campaigns=10, rows=900)
    with open_bench(account, settings, tmp_path_factory.mktemp("faults"), version) as opened:
        opened.sync()
        yield opened
        opened.database.client.drop_database(opened.database.name)


@pytest.fixture
def three(bench: Bench) -> list[KnownCampaign]:
    """Three campaigns after six more hours: the most read one, whom all the harm befalls, and two others."""
    bench.sandbox.control.set_faults([])
    bench.sandbox.control.advance(6, seed=bench.sandbox.control.statistics().total)
    campaigns = bench.campaigns()
    return sorted(campaigns, key=lambda one: -len(bench.account.rows(one.campaign.id, Report.OPENED)))[:3]


@pytest.mark.parametrize("rule", BORNE.values(), ids=BORNE)
def test_bad_answers_that_pass_leave_no_trace(
    bench: Bench, three: list[KnownCampaign], rule: FaultRule
) -> None:
    before = [trace(bench, known) for known in three]
    bench.sandbox.control.reset_statistics()
    bench.sandbox.control.set_faults([rule])
    outcomes = bench.sync(three)
    struck = bench.sandbox.control.statistics().faults
    assert struck[rule.fault] >= (rule.count or 1)
    assert all(isinstance(outcome, CampaignResult) for outcome in outcomes.values())
    for known, earlier in zip(three, before, strict=True):
        assert_true(bench, known, earlier)
    assert_nothing_fell(before, [trace(bench, known) for known in three])
    assert unfinished_files(bench) == []


@pytest.mark.parametrize(("rule", "error"), FATAL.values(), ids=FATAL)
def test_bad_answers_that_stay_fail_their_campaign_alone(
    bench: Bench, three: list[KnownCampaign], rule: FaultRule, error: type[Exception]
) -> None:
    before = [trace(bench, known) for known in three]
    victim, *others = three
    bench.sandbox.control.set_faults([replace(rule, path=f"*/campaigns/{victim.campaign.id}/*")])
    outcomes = bench.sync(three)
    failure = outcomes[victim.campaign.id]
    assert isinstance(failure, CampaignFailure)
    assert type(failure.error) is error
    assert (victim.campaign.id in str(failure.error)) or (str(victim.key) in str(failure.error))
    assert_tells_no_secret(failure.error, bench.sandbox.api_key)
    assert campaign_state(bench.database, victim.campaign.id).error == error.__name__
    assert trace(bench, victim) == before[0]
    for known, earlier in zip(others, before[1:], strict=True):
        assert_true(bench, known, earlier)
    assert unfinished_files(bench) == []
    bench.sandbox.control.set_faults([])
    assert isinstance(bench.sync([victim])[victim.campaign.id], CampaignResult)
    assert_true(bench, victim, before[0])
    assert campaign_state(bench.database, victim.campaign.id).failures == 0


def test_a_report_a_little_shorter_than_before_takes_nothing_back(bench: Bench) -> None:
    """Within the drift that the settings allow it is believed, but flags only rise."""
    bench.sandbox.control.set_faults([])
    campaigns = bench.campaigns()
    bench.sync(campaigns)
    before = {known.campaign.id: trace(bench, known) for known in campaigns}
    little = FaultRule(FaultKind.SHORT_REPORT, report=Report.OPENED)
    bench.sandbox.control.set_faults([little])
    outcomes = bench.sync(campaigns)
    shorter = [
        known
        for known in campaigns
        if isinstance(outcome := outcomes[known.campaign.id], CampaignResult)
        and Report.OPENED in outcome.downloads
        and outcome.downloads[Report.OPENED].contacts < outcome.downloads[Report.OPENED].expected.unique
    ]
    assert shorter
    for known in campaigns:
        assert_true(bench, known, before[known.campaign.id])


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (FaultRule(FaultKind.WRONG_KEY, path="*/reports*", skip=4), InvalidKeyError),
        (FaultRule(FaultKind.SERVER_ERROR), UnavailableError),
    ],
    ids=["wrong-key", "outage"],
)
def test_what_concerns_everybody_ends_the_sync(
    bench: Bench, three: list[KnownCampaign], rule: FaultRule, error: type[Exception]
) -> None:
    before = [trace(bench, known) for known in three]
    bench.sandbox.control.set_faults([rule])
    with pytest.raises(error) as raised:
        bench.sync(three)
    assert_tells_no_secret(raised.value, bench.sandbox.api_key)
    for known, earlier in zip(three, before, strict=True):
        assert_untouched_or_true(bench, known, earlier)
    assert unfinished_files(bench) == []
    bench.sandbox.control.set_faults([])
    bench.sync(three)
    for known, earlier in zip(three, before, strict=True):
        assert_true(bench, known, earlier)


def test_a_sync_that_ends_for_everybody_does_not_wait_for_what_it_called_off(
    bench: Bench, three: list[KnownCampaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_a_time = bench.connections.settings.model_copy(update={"emailoctopus_connections": 1})
    monkeypatch.setattr(bench.connections, "settings", one_at_a_time)
    bench.sandbox.control.set_faults([FaultRule(FaultKind.WRONG_KEY, report=Report.SENT)])
    with pytest.raises(InvalidKeyError):
        bench.sync(three)


@pytest.mark.parametrize("path", ["*/lists", "*/lists/*/contacts"])
def test_contacts_that_cannot_be_read_stop_what_needs_them_and_lose_nothing(
    bench: Bench, version: Version, three: list[KnownCampaign], path: str
) -> None:
    before = [trace(bench, known) for known in three]
    bench.sandbox.control.set_faults([FaultRule(FaultKind.CUT, path=path)])
    if version == "v2":
        for error in errors_of(bench, three):
            assert isinstance(error, UnavailableError)
            assert_tells_no_secret(error, bench.sandbox.api_key)
        assert [trace(bench, known) for known in three] == before
    bench.sandbox.control.set_faults([])
    bench.sync(three)
    for known, earlier in zip(three, before, strict=True):
        assert_true(bench, known, earlier)


def errors_of(bench: Bench, campaigns: list[KnownCampaign]) -> list[Exception]:
    """Why each of the campaigns failed, or the sync as a whole."""
    try:
        outcomes = bench.sync(campaigns)
    except EmailOctopusError as error:
        return [error]
    failures = [one for one in outcomes.values() if isinstance(one, CampaignFailure)]
    assert len(failures) == len(campaigns)
    return [failure.error for failure in failures]


def test_a_listing_that_fails_is_an_error_and_never_an_empty_account(
    bench: Bench, three: list[KnownCampaign]
) -> None:
    before = list(bench.database.campaigns.find())
    bench.sandbox.control.set_faults([FaultRule(FaultKind.HTML, path="*/campaigns", status=200)])
    with pytest.raises(UnavailableError) as raised:
        bench.campaigns()
    assert_tells_no_secret(raised.value, bench.sandbox.api_key)
    assert list(bench.database.campaigns.find()) == before


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_of_faults_ends_in_the_truth(
    bench: Bench, version: Version, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    caplog.set_level("DEBUG", "octopus_pipeline")
    bench.sandbox.control.set_faults([])
    bench.sandbox.control.advance(24, seed=seed)
    campaigns = bench.campaigns()
    first = before = [trace(bench, known) for known in campaigns]
    rng = Random(f"{seed} {version}")
    for _ in range(3):
        bench.sandbox.control.set_faults(mixture(rng))
        outcomes = sync_whatever_happens(bench, campaigns)
        for known, earlier in zip(campaigns, before, strict=True):
            match outcomes.get(known.campaign.id):
                case CampaignResult():
                    assert_true(bench, known, earlier)
                case CampaignFailure() as failure:
                    assert_tells_no_secret(failure.error, bench.sandbox.api_key)
                    assert trace(bench, known) == earlier
                case None:
                    assert_untouched_or_true(bench, known, earlier)
        after = [trace(bench, known) for known in campaigns]
        assert_nothing_fell(before, after)
        assert unfinished_files(bench) == []
        before = after
    bench.sandbox.control.set_faults([])
    bench.sync(campaigns)
    for known, earlier in zip(campaigns, first, strict=True):
        assert_true(bench, known, earlier)
    assert bench.sandbox.api_key not in caplog.text


def mixture(rng: Random) -> list[FaultRule]:
    """A few faults at once, each striking some of the calls."""
    passing = [rule for name, rule in BORNE.items() if name != "hang"]
    lasting = [rule for name, (rule, _) in FATAL.items() if name != "hang"]
    rates = {FaultKind.WRONG_KEY: 0.01}
    chosen = [*rng.sample(passing, 3), *rng.sample(lasting, 2), FaultRule(FaultKind.WRONG_KEY)]
    return [
        replace(
            rule,
            path="*/campaigns/*",
            skip=rng.randint(0, 5),
            count=None,
            rate=rates.get(rule.fault, rng.choice([0.02, 0.1, 0.3])),
            seed=rng.randrange(1_000_000),
        )
        for rule in chosen
    ]


def sync_whatever_happens(
    bench: Bench, campaigns: list[KnownCampaign]
) -> dict[str, CampaignResult | CampaignFailure]:
    """What became of each campaign; nothing is known of any if the sync ended for everybody."""
    try:
        return bench.sync(campaigns)
    except EmailOctopusError as error:
        assert_tells_no_secret(error, bench.sandbox.api_key)
        return {}


def assert_untouched_or_true(bench: Bench, known: KnownCampaign, before: Trace) -> None:
    if trace(bench, known) != before:
        assert_true(bench, known, before)
