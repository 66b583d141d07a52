"""Running the project's jobs from the terminal, on the same Dagster instance as the UI."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from octopus_pipeline.assets.campaign_sync import failed_campaigns_of
from octopus_pipeline.assets.campaigns import UNREAD, add_partitions
from octopus_pipeline.assets.counties import failed_counties_of
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS, COUNTY_PARTITIONS
from octopus_pipeline.assets.progress import logged_progress
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.orchestration.instance import use_dagster_home
from octopus_pipeline.orchestration.jobs import (
    CONSOLIDATE,
    LIST_CAMPAIGNS,
    SYNC_CAMPAIGNS,
    SYNC_COUNTIES,
    campaigns_config,
    consolidate_config,
    range_tags,
    sync_config,
)
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.orchestration.migration import logged_migration_progress
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.county_source import require_fitting_counties
from octopus_pipeline.sync.known_counties import CountyStatus, known_counties
from octopus_pipeline.sync.plan import neighbours
from octopus_pipeline.terminal.progress import TerminalProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.plan import Mode

_LOGGER = "terminal"
_ALL_COUNTIES = "all counties"


class RunFailedError(PipelineError):
    """A run failed as a whole."""


@dataclass
class CountyWork:
    """What a command did about counties: their keys, and why those that failed did."""

    synced: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


@dataclass
class Work:
    """What the runs of one command did."""

    started: float = field(default_factory=time.monotonic)
    run_ids: list[str] = field(default_factory=list)
    synced: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    """Why a run failed as a whole, so that no other was begun."""
    counties: CountyWork = field(default_factory=CountyWork)

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return time.monotonic() - self.started


@dataclass(frozen=True)
class Runner:
    """Runs jobs in this process and shows their progress."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    connections: Connections
    work: Work

    def list_campaigns(self, *, summaries: bool) -> None:
        """Read the account's campaigns; with or without the summaries of those that are watched.

        A campaign whose summary cannot be read is in `work.failed`.

        Raises:
            RunFailedError: if that fails, with the error's own words.
        """
        result = self.run_whole(LIST_CAMPAIGNS.name, campaigns_config(summaries=summaries))
        self.work.failed.update(_unread_summaries(result))

    def sync_counties(self, console: Console) -> None:
        """Bring new and changed counties up to date; `work.counties` has what failed, which stops nothing else."""
        work = self.work.counties
        try:
            require_fitting_counties(self.connections)
            known = known_counties(self.connections)
        except PipelineError as error:
            work.failed[_ALL_COUNTIES] = str(error)
            return
        partitions = COUNTY_PARTITIONS.name or ""
        self.instance.add_dynamic_partitions(partitions, [one.county for one in known])
        work.gone += [one.county for one in known if one.status is CountyStatus.GONE]
        stale = {one.county for one in known if one.is_stale}
        if stale:
            console.print(f"Reading counties that are new or may have changed: {', '.join(sorted(stale))}")
        for group in neighbours(stale, self.instance.get_dynamic_partitions(partitions)):
            result = self._execute(SYNC_COUNTIES.name, {}, range_tags(group[0], group[-1]), None)
            failed = _failed_counties(result)
            if not result.success and not failed:
                work.failed[_ALL_COUNTIES] = _failure(result)
                return
            work.failed.update(failed)
            work.synced += [county for county in group if county not in failed]

    def sync(self, keys: set[str], mode: Mode, assets: Sequence[dg.AssetKey] | None = None) -> None:
        """Sync the campaigns of some partitions, neighbours in one run; what failed is in `work.failed`.

        A run that fails for another reason than some of its campaigns ends the work: `work.stopped` says why.
        """
        # Partitions live in Dagster's own storage, which may be newer than the database.
        add_partitions(self.instance, known_campaigns(self.connections.database))
        ordered = self.instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or "")
        for group in neighbours(keys, ordered):
            tags = range_tags(group[0], group[-1])
            result = self._execute(SYNC_CAMPAIGNS.name, sync_config(mode), tags, assets)
            failed = _failed_campaigns(result)
            if not result.success and not failed:
                self.work.stopped = _failure(result)
                return
            self.work.failed.update(failed)
            synced = [key for key in group if key not in failed]
            self.work.synced += synced
            for key in synced:  # its summary, which could not be read before, could
                self.work.failed.pop(key, None)

    def consolidate(self, config: Mapping[str, object]) -> dict[str, Any]:
        """Write the consolidated table that the config asks for; its rows, people, campaigns and file.

        Raises:
            RunFailedError: if that fails, with the error's own words.
        """
        result = self.run_whole(CONSOLIDATE.name, consolidate_config(config))
        metadata = result.asset_materializations_for_node("consolidated_csv")[0].metadata
        told = {"rows": "dagster/row_count", **{name: name for name in ("people", "campaigns", "file")}}
        return {name: metadata[key].value for name, key in told.items()}

    def run_whole(self, job: str, config: Mapping[str, object] | None = None) -> dg.ExecuteInProcessResult:
        """Run a job that is about everything.

        Raises:
            RunFailedError: if it fails, with the error's own words.
        """
        result = self._execute(job, dict(config or {}), {}, None)
        if not result.success:
            raise RunFailedError(_failure(result))
        return result

    def _execute(
        self,
        job: str,
        run_config: dict[str, object],
        tags: dict[str, str],
        assets: Sequence[dg.AssetKey] | None,
    ) -> dg.ExecuteInProcessResult:
        result = self.definitions.resolve_job_def(job).execute_in_process(
            run_config={**run_config, "loggers": {_LOGGER: {}}},
            instance=self.instance,
            tags=tags,
            raise_on_error=False,
            asset_selection=assets,
        )
        self.work.run_ids.append(result.run_id)
        return result


@contextmanager
def runner(settings: Settings, console: Console, *, verbose: bool) -> Iterator[Runner]:
    """What runs this command's jobs: progress on the terminal, every run in the instance that the UI shows."""
    use_dagster_home(settings)
    with (
        Connections(settings) as connections,
        dg.DagsterInstance.get() as instance,
        TerminalProgress(console) as bars,
    ):
        definitions = build_definitions(
            settings,
            progress_of=lambda log: bars.beside(logged_progress(log)),
            migration_progress_of=lambda log: bars.migration_beside(logged_migration_progress(log)),
            connections=connections,
            loggers={_LOGGER: _terminal_logger(logging.DEBUG if verbose else logging.CRITICAL)},
        )
        yield Runner(definitions, instance, connections, Work())


def _terminal_logger(level: int) -> dg.LoggerDefinition:
    @dg.logger
    def terminal(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("octopus", level)  # apart from every other logger's handlers
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        return logger

    return terminal


def _failure(result: dg.ExecuteInProcessResult) -> str:
    for description, _ in _step_failures(result):
        if description:
            return description
    return f"run {result.run_id} failed for an unforeseen reason; `octopus dev` shows it"


def _unread_summaries(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    metadata = result.asset_materializations_for_node("campaigns")[0].metadata
    unread = metadata.get(UNREAD)
    return cast("dict[str, str]", unread.value) if isinstance(unread, dg.JsonMetadataValue) else {}


def _failed_campaigns(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {key: why for _, told in _step_failures(result) for key, why in failed_campaigns_of(told).items()}


def _failed_counties(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {key: why for _, told in _step_failures(result) for key, why in failed_counties_of(told).items()}


def _step_failures(
    result: dg.ExecuteInProcessResult,
) -> list[tuple[str | None, Mapping[str, dg.MetadataValue[Any]]]]:
    """What the steps that failed said: words, and metadata."""
    told = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
    return [(one.description, one.metadata) for one in told if one]
