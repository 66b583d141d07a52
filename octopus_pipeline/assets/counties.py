"""The step that brings counties up to date: their records and their index, one county after the other.

One step, not three, and each asset recorded as its county is done: see `octopus_pipeline.assets.campaign_sync`.
"""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg

from octopus_pipeline.assets.county_checks import COUNTY_CHECK_SPECS, county_check_evaluations
from octopus_pipeline.assets.county_specs import (
    COUNTY_SPECS,
    INDEX_KEY,
    TABLE_KEYS,
    index_metadata,
    table_metadata,
)
from octopus_pipeline.assets.failures import failure_of, plain_failures
from octopus_pipeline.assets.partitions import COUNTY_PARTITIONS
from octopus_pipeline.assets.run_lease import run_lease
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.counties import CountyFailure, CountyResult, CountyStages, sync_counties

COUNTIES_A_RUN = 22
"""Counties a backfill puts in one run: four runs for Ohio, as many as run at once."""

_FAILED = "failed_counties"


class CountySyncConfig(dg.Config):
    """How much of each county is done anew."""

    force: bool = False
    """Read collections and build indices that did not change, too; empty the tables of collections that are gone."""


@dg.multi_asset(
    specs=COUNTY_SPECS,
    check_specs=COUNTY_CHECK_SPECS,
    partitions_def=COUNTY_PARTITIONS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.multi_run(COUNTIES_A_RUN),
)
def county_sync(
    context: dg.AssetExecutionContext,
    config: CountySyncConfig,
    connections: dg.ResourceParam[Connections],
) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """Read, clean, store and prepare the run's counties."""
    failed: dict[str, str] = {}
    with run_lease(context.instance, context.run.run_id, connections.locks_folder), plain_failures():
        outcomes = sync_counties(
            connections,
            context.partition_keys,
            stages=_stages(context.selected_asset_keys),
            force=config.force,
            now=datetime.now(UTC),
        )
        try:
            for outcome in outcomes:
                if isinstance(outcome, CountyFailure):
                    reason = failure_of(outcome.error)
                    failed[outcome.county] = reason.splitlines()[0]
                    context.log.error(f"{outcome.county}: {reason}")
                else:
                    context.log.info(_told(outcome))
                    yield from _materializations(connections, outcome)
                    yield from county_check_evaluations(outcome, connections.settings, context.instance)
        except PipelineError as error:
            if failed:
                raise dg.Failure(
                    f"{error}\nBefore that failed:\n{_named(failed)}", allow_retries=False
                ) from None
            raise
    if failed:
        raise dg.Failure(
            f"{len(failed)} of {len(context.partition_keys)} counties failed; the others are up to date:\n"
            f"{_named(failed)}",
            metadata={_FAILED: dg.MetadataValue.json(failed)},
            allow_retries=False,
        )


def failed_counties_of(failure_metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, str]:
    """The partitions that a failed `county_sync` names, each with its reason; empty if it failed as a whole."""
    told = failure_metadata.get(_FAILED)
    return cast("dict[str, str]", told.value) if isinstance(told, dg.JsonMetadataValue) else {}


def _named(failed: Mapping[str, str]) -> str:
    return "\n".join(f"  {key}: {reason}" for key, reason in sorted(failed.items()))


def _stages(selected: set[dg.AssetKey]) -> CountyStages:
    kinds = frozenset(kind for kind, key in TABLE_KEYS.items() if key in selected)
    return CountyStages(kinds, index=INDEX_KEY in selected)


def _told(result: CountyResult) -> str:
    rows = ", ".join(
        f"{table.state.counts.rows} {kind} records {'read' if table.was_read else 'unchanged'}"
        for kind, table in result.tables.items()
    )
    index = "" if result.index is None else f"index {'built' if result.index.was_built else 'unchanged'}"
    return f"{result.county}: {', '.join(filter(None, (rows, index)))}"


def _materializations(connections: Connections, result: CountyResult) -> Iterator[dg.AssetMaterialization]:
    for kind, table in result.tables.items():
        yield dg.AssetMaterialization(
            TABLE_KEYS[kind],
            partition=result.county,
            metadata=table_metadata(
                table, connections.tables.location(TABLE_KEYS[kind].path[-1], result.county)
            ),
            tags=_version(table.state.version),
        )
    if result.index is not None:
        yield dg.AssetMaterialization(
            INDEX_KEY,
            partition=result.county,
            metadata=index_metadata(result.index, connections.settings, result.county),
            tags=_version(result.index.record.version),
        )


def _version(version: str) -> dict[str, str]:
    return {"dagster/data_version": version}
