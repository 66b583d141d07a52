"""The step that takes campaigns from the API to their CSVs: thirteen assets, several campaigns at once.

One step, not thirteen: a step that fails skips all that follows for *every* campaign of its run, so only a step that
holds a campaign's whole way can finish the good ones and still fail for the bad. Each asset is recorded as soon as
its campaign is done; at the end the step fails if any campaign did, and Dagster counts just those as failed.
"""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg

from octopus_pipeline.assets.checks import CHECK_SPECS, check_evaluations, drift_evaluation
from octopus_pipeline.assets.contacts import list_materialization
from octopus_pipeline.assets.engagement import (
    CSV_KEY,
    CSV_SPEC,
    DEMOGRAPHIC_KEY,
    ENGAGEMENT_KEY,
    ENGAGEMENT_SPEC,
    PARTICIPANTS_KEY,
    PARTICIPANTS_SPEC,
    PEOPLE_KEY,
    RESIDENCE_KEY,
    csv_metadata,
    engagement_metadata,
    participants_metadata,
)
from octopus_pipeline.assets.failures import failure_of, plain_failures
from octopus_pipeline.assets.matches import (
    DEMOGRAPHIC_SPEC,
    MATCHED_CSV_KEY,
    MATCHED_CSV_SPEC,
    RESIDENCE_SPEC,
    matched_csv_metadata,
    matches_metadata,
)
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.assets.people import PEOPLE_SPEC, people_metadata
from octopus_pipeline.assets.progress import ProgressOf
from octopus_pipeline.assets.reports import REPORT_KEYS, REPORT_SPECS, Asked, report_metadata
from octopus_pipeline.assets.run_lease import run_lease
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.account import CampaignFailure, sync_campaigns
from octopus_pipeline.sync.campaign import ENGAGEMENT, CampaignResult, Stages
from octopus_pipeline.sync.campaigns import UnknownCampaignError, campaign_of_key
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.contacts import ListRefresh
from octopus_pipeline.sync.plan import Mode
from octopus_pipeline.sync.reports import ReportCountError

CAMPAIGNS_A_RUN = 25
"""Campaigns a backfill puts in one run: runs cost 3.5 s each, materialisations 15 ms (measured)."""

_FAILED = "failed_campaigns"


class SyncConfig(dg.Config):
    """How much of each campaign is asked for."""

    mode: Mode = Mode.RESYNC
    """RESYNC asks for every report that is not empty, REFRESH for those whose totals changed."""


@dg.multi_asset(
    specs=[
        *REPORT_SPECS,
        ENGAGEMENT_SPEC,
        PARTICIPANTS_SPEC,
        RESIDENCE_SPEC,
        DEMOGRAPHIC_SPEC,
        PEOPLE_SPEC,
        CSV_SPEC,
        MATCHED_CSV_SPEC,
    ],
    check_specs=CHECK_SPECS,
    partitions_def=CAMPAIGN_PARTITIONS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.multi_run(CAMPAIGNS_A_RUN),
)
def campaign_sync(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    connections: dg.ResourceParam[Connections],
    progress_of: dg.ResourceParam[ProgressOf],
) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """Read, merge, match, write and export the run's campaigns."""
    failed: dict[str, str] = {}
    stages = _stages(context.selected_asset_keys)
    with run_lease(context.instance, context.run.run_id, connections.locks_folder), plain_failures():
        asked = Asked(connections) if stages.reports else None
        campaigns = []
        for key in context.partition_keys:
            try:
                campaigns.append(campaign_of_key(connections.database, key))
            except UnknownCampaignError as error:
                failed[key] = str(error)
        outcomes = sync_campaigns(
            connections,
            campaigns,
            stages=stages,
            mode=config.mode,
            now=datetime.now(UTC),
            progress=progress_of(context.log.info),
        )
        try:
            for outcome in outcomes:
                if isinstance(outcome, ListRefresh):
                    yield list_materialization(outcome)
                elif isinstance(outcome, CampaignFailure):
                    key, reason = str(outcome.known.key), failure_of(outcome.error)
                    failed[key] = reason.splitlines()[0]
                    context.log.error(f"{key}: {reason}")
                    if isinstance(outcome.error, ReportCountError):
                        yield drift_evaluation(key, outcome.error, context.instance)
                else:
                    yield from _materializations(context, connections, outcome, asked)
                    yield from check_evaluations(outcome, context.instance, connections.settings)
        except PipelineError as error:
            if failed:
                raise dg.Failure(
                    f"{error}\nBefore that failed:\n{_named(failed)}", allow_retries=False
                ) from None
            raise
        if asked:
            told = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in asked.so_far().items())
            context.log.info(f"asked of EmailOctopus: {told}")
    if failed:
        raise _campaigns_failed(failed, len(context.partition_keys))


def failed_campaigns_of(failure_metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, str]:
    """The partitions that a failed `campaign_sync` names, each with its reason; empty if it failed as a whole."""
    told = failure_metadata.get(_FAILED)
    return cast("dict[str, str]", told.value) if isinstance(told, dg.JsonMetadataValue) else {}


def _campaigns_failed(failed: dict[str, str], tried: int) -> dg.Failure:
    return dg.Failure(
        f"{len(failed)} of {tried} campaigns failed; the others are synced. Run these again:\n{_named(failed)}",
        metadata={_FAILED: dg.MetadataValue.json(failed)},
        allow_retries=False,
    )


def _named(failed: Mapping[str, str]) -> str:
    return "\n".join(f"  {key}: {reason}" for key, reason in sorted(failed.items()))


def _stages(selected: set[dg.AssetKey]) -> Stages:
    return Stages(
        reports=frozenset(report for report, key in REPORT_KEYS.items() if key in selected),
        engagement=ENGAGEMENT_KEY in selected,
        participants=PARTICIPANTS_KEY in selected,
        matches=bool({RESIDENCE_KEY, DEMOGRAPHIC_KEY} & selected),  # both are of one making
        people=PEOPLE_KEY in selected,
        csv=CSV_KEY in selected,
        matched_csv=MATCHED_CSV_KEY in selected,
    )


def _materializations(
    context: dg.AssetExecutionContext, connections: Connections, result: CampaignResult, asked: Asked | None
) -> Iterator[dg.AssetMaterialization]:
    key, tables = str(result.known.key), connections.tables
    metadata: dict[dg.AssetKey, dict[str, Any]] = {}
    if result.summary is not None:  # else the account has no reports of it now, and none was asked for
        metadata |= {
            asset: report_metadata(result, result.summary, report, tables, asked)
            for report, asset in REPORT_KEYS.items()
        }
    if result.engagement:
        sample = next(tables.batches(ENGAGEMENT, key, batch_rows=5), None)
        metadata[ENGAGEMENT_KEY] = engagement_metadata(
            result.engagement, sample.to_pylist() if sample else [], tables.location(ENGAGEMENT, key)
        )
    if result.stored:
        metadata[PARTICIPANTS_KEY] = participants_metadata(result.stored, connections.settings.mongo_database)
    if result.matches:
        metadata |= matches_metadata(result.matches, tables, key)
    if result.people:
        metadata[PEOPLE_KEY] = people_metadata(result.people, connections.settings.mongo_people_database)
    metadata[CSV_KEY] = csv_metadata(result)
    metadata[MATCHED_CSV_KEY] = matched_csv_metadata(result.matched_files)
    for asset, shown in metadata.items():
        if asset in context.selected_asset_keys:
            yield dg.AssetMaterialization(asset, partition=key, metadata=shown)
