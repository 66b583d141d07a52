"""Syncing many campaigns at once: reports are fetched side by side while finished campaigns are merged and written.

Each campaign has a thread of its own that reads like the sync of one campaign; the requests of all go through one
bounded pool, and a few campaigns at a time are merged and written. So the API's rate limit, not our own work, sets
the pace. Each campaign stands for itself: its failure is an outcome, and the others go on.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from octopus_pipeline.emailoctopus.errors import InvalidKeyError, MissingKeyError
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.whole_csv import require_writable
from octopus_pipeline.store.mongo import MongoUnavailableError, lost
from octopus_pipeline.sync.campaign import ENGAGEMENT, CampaignResult, Stages
from octopus_pipeline.sync.contacts import ListRefresh, expected_pages, lists_in_need, refresh_list
from octopus_pipeline.sync.decisions import DecisionError, read_decisions
from octopus_pipeline.sync.finishing import Finisher
from octopus_pipeline.sync.interpreter import tuned_interpreter
from octopus_pipeline.sync.match_ahead import match_ahead
from octopus_pipeline.sync.outage import OutageWatch
from octopus_pipeline.sync.plan import Mode, pages_of, report_counts, reports_to_fetch
from octopus_pipeline.sync.reports import ReportDownload, download_report, table_of
from octopus_pipeline.sync.state import campaign_state, record_failed
from octopus_pipeline.sync.working import at_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from octopus_pipeline.emailoctopus.records import Report, Summary
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections
    from octopus_pipeline.sync.progress import Progress

_LAST = 20
"""So many of the smallest campaigns are kept for the end."""

_EVERYONES_ERRORS = (MissingKeyError, InvalidKeyError, MongoUnavailableError, DecisionError)


class SyncStoppedError(PipelineError):
    """The sync was stopped: a report being read is dropped, what was finished stays."""


@dataclass(frozen=True, slots=True)
class CampaignFailure:
    """A campaign that could not be synced; its earlier data is untouched."""

    known: KnownCampaign
    error: Exception


Outcome = CampaignResult | CampaignFailure | ListRefresh
"""What a sync tells as it happens: a campaign is settled, or a contact list that campaigns need was refreshed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to ask for of one campaign."""

    known: KnownCampaign
    summary: Summary
    reports: frozenset[Report]


def sync_campaigns(
    connections: Connections,
    campaigns: Sequence[KnownCampaign],
    *,
    stages: Stages,
    mode: Mode,
    now: datetime,
    progress: Progress,
) -> Iterator[Outcome]:
    """Take campaigns through the wanted stages and yield each one's outcome as it is settled.

    A contact list that was refreshed on the way is told before the campaigns that needed it.

    Raises:
        MissingKeyError, InvalidKeyError, MongoUnavailableError: what concerns every campaign ends the sync.
        UnavailableError: EmailOctopus is down.
        TableWriteError, CsvWriteError: tables or CSVs cannot be written where they are to go.
        DecisionError: an analyst's decision on a match cannot be understood.
    """
    connections.tables.require_writable()
    if stages.exports:
        require_writable(connections.settings.export_dir)
    if stages.matches:
        read_decisions(connections)  # a mistake in them concerns every campaign
    sync = _AccountSync(connections, stages, mode, now, progress)
    outage, done = OutageWatch(connections), 0
    with at_work(connections.locks_folder), tuned_interpreter(), closing(sync):
        for outcome in sync.outcomes(campaigns):
            if isinstance(outcome, ListRefresh):
                yield outcome
                continue
            if isinstance(outcome, CampaignFailure) and isinstance(outcome.error, _EVERYONES_ERRORS):
                raise outcome.error
            done += 1
            progress.campaign(str(outcome.known.key), done=done, of=len(campaigns))
            yield outcome
            if isinstance(outcome, CampaignResult):
                outage.succeeded()
            else:
                outage.failed(outcome.error)


class _AccountSync:
    """One run of `sync_campaigns` and its threads."""

    def __init__(
        self, connections: Connections, stages: Stages, mode: Mode, now: datetime, progress: Progress
    ) -> None:
        self._connections = connections
        self._stages = stages
        self._mode = mode
        self._now = now
        self._progress = progress
        self._expected_pages = 0
        self._stopped = threading.Event()
        width = connections.settings.emailoctopus_connections
        self._requests = ThreadPoolExecutor(width, "request")
        self._campaigns = ThreadPoolExecutor(2 * width, "campaign")
        self._finisher = Finisher(connections, stages, now)
        self._lists: dict[str, Future[ListRefresh]] = {}
        self._list_sizes: dict[str, int] = {}

    def close(self) -> None:
        """Let no new work begin, end reports at their next page, and wait for what is being written."""
        self._stopped.set()
        self._requests.shutdown(cancel_futures=True)
        self._campaigns.shutdown(cancel_futures=True)
        self._finisher.close()

    def outcomes(self, campaigns: Sequence[KnownCampaign]) -> Iterator[Outcome]:
        """Settle every campaign; the largest begin, since theirs is the longest chain of pages.

        Of one that the account has no reports of now, what was read before is merged and exported anew.
        """
        asked = [known for known in campaigns if self._stages.reports and known.is_readable]
        others = [known for known in campaigns if not (self._stages.reports and known.is_readable)]
        if self._stages.matches:
            match_ahead(self._connections, [str(known.key) for known in others], ENGAGEMENT, self._now)
        yield from self._settle(
            {self._campaigns.submit(self._finish, known, None, []): known for known in others}, {}
        )
        summaries = {
            self._requests.submit(self._connections.octopus.summary, known.campaign.id): known
            for known in asked
        }
        if self._mode is Mode.RESYNC:  # before the reports: many wait for a long list
            self._start_lists(asked)
        plans = []
        for future in as_completed(summaries):
            known = summaries[future]
            try:
                plans.append(self._plan(known, future.result()))
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this campaign's outcome
                yield self._failure(known, None, error)
        if self._mode is Mode.REFRESH:
            self._start_lists([plan.known for plan in plans if plan.reports])
        self._finisher.expect(self._expected_pages)
        plans = self._in_order(plans)
        yield from self._settle(
            {
                self._campaigns.submit(self._fetch_and_finish, plan, rank): plan.known
                for rank, plan in enumerate(plans, start=1)
            },
            {plan.known.campaign.id: plan.summary for plan in plans},
        )

    def _in_order(self, plans: list[_Plan]) -> list[_Plan]:
        """First campaigns that wait for no long contact list; of these large and small in turn; the smallest last.

        The large must begin early, page after page as they are, and the small give the writers work meanwhile; the
        last, many short chains of pages, use the whole limit to the end.
        """

        def wait(plan: _Plan) -> int:
            return max((self._list_sizes.get(one, 0) for one in plan.known.campaign.list_ids), default=0)

        by_size = sorted(plans, key=lambda plan: -plan.summary.sent)
        body, last = by_size[:-_LAST], by_size[-_LAST:]
        in_turn = islice(chain.from_iterable(zip(body, reversed(body), strict=True)), len(body))
        return [*sorted(in_turn, key=wait), *last]

    def _settle(
        self,
        futures: Mapping[Future[CampaignResult], KnownCampaign],
        summaries: Mapping[str, Summary],
    ) -> Iterator[Outcome]:
        of_campaigns: dict[Future[Any], KnownCampaign] = dict(futures)
        for future in as_completed([*of_campaigns, *self._lists.values()]):
            known = of_campaigns.get(future)
            try:
                yield future.result()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is a campaign's outcome
                if known is not None:  # a list's error is told by the campaigns that needed it
                    yield self._failure(known, summaries.get(known.campaign.id), error)

    def _failure(self, known: KnownCampaign, summary: Summary | None, error: Exception) -> CampaignFailure:
        counts = report_counts(summary) if summary else {}
        try:
            if isinstance(error, PyMongoError):
                raise error
            if not isinstance(error, MongoUnavailableError):
                name = type(error).__name__
                record_failed(self._connections.database, known.campaign.id, name, self._now, counts)
        except PyMongoError as broken:
            return CampaignFailure(known, lost(broken, self._connections.database.client))
        return CampaignFailure(known, error)

    def _plan(self, known: KnownCampaign, summary: Summary) -> _Plan:
        state = campaign_state(self._connections.database, known.campaign.id)
        present = [
            report
            for report in self._stages.reports
            if self._connections.tables.exists(table_of(report), str(known.key))
        ]
        wanted = self._stages.reports & reports_to_fetch(summary, state, present, self._mode)
        pages = sum(pages_of(summary.count(report).total) for report in wanted)
        self._expected_pages += pages
        self._progress.expect(pages)
        return _Plan(known, summary, frozenset(wanted))

    def _start_lists(self, campaigns: Sequence[KnownCampaign]) -> None:
        """Begin to refresh the contact lists of the campaigns whose engagement will be merged anew."""
        if (
            not campaigns
            or not self._stages.engagement
            or self._connections.settings.emailoctopus_api_version == "v1.6"
        ):
            return  # v1.6's reports carry the fields themselves
        ids = {list_id for known in campaigns for list_id in known.campaign.list_ids}
        max_age = self._connections.settings.contacts_max_age
        for contact_list in lists_in_need(self._connections, ids, self._now, max_age=max_age):
            self._progress.expect(expected_pages(self._connections, contact_list))
            self._list_sizes[contact_list.id] = sum(filter(None, contact_list.counts.values()))
            self._lists[contact_list.id] = self._requests.submit(
                refresh_list,
                self._connections,
                contact_list,
                self._now,
                max_age=max_age,
                on_page=self._page,
            )

    def _fetch_and_finish(self, plan: _Plan, rank: int) -> CampaignResult:
        downloads = [
            self._requests.submit(
                download_report,
                self._connections,
                plan.known,
                report,
                plan.summary,
                self._page,
                rank=rank,
            )
            for report in sorted(plan.reports, key=lambda one: -plan.summary.count(one).total)
        ]
        lists = [self._lists[one] for one in plan.known.campaign.list_ids if one in self._lists]
        try:
            read = [download.result() for download in downloads]
            for refresh in lists:
                refresh.result()
            return self._finish(plan.known, plan.summary, read)
        finally:
            # Not for those that can be cancelled: a pool that was shut down never tells of their end.
            done, _ = wait([download for download in downloads if not download.cancel()])
            for download in done:
                if not download.exception():
                    self._connections.tables.discard(download.result().table)

    def _finish(
        self, known: KnownCampaign, summary: Summary | None, downloads: list[ReportDownload]
    ) -> CampaignResult:
        with self._finisher.turn():
            # Here, not before: of campaigns that wait for their turn none begins once the sync was stopped.
            if self._stopped.is_set():
                raise SyncStoppedError
            for report in downloads:
                self._connections.tables.publish(report.table)
            return self._finisher.finish(known, summary, downloads)

    def _page(self, rows: int) -> None:
        if self._stopped.is_set():
            raise SyncStoppedError
        self._progress.page(rows)
