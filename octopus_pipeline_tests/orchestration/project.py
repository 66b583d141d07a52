"""The project on a real Dagster instance in a temporary folder: what its tests launch, and what they read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.orchestration.jobs import LIST_CAMPAIGNS, SYNC_CAMPAIGNS, range_tags, sync_config
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.sync.campaigns import campaign_of_key
from octopus_pipeline.sync.plan import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from octopus_pipeline.settings import Settings
    from octopus_pipeline_tests.sync.conftest import Bench

CAMPAIGN_ASSETS = [
    *(
        dg.AssetKey(["reports", name])
        for name in ("sent", "opened", "clicked", "bounced", "complained", "unsubscribed")
    ),
    dg.AssetKey("engagement"),
    dg.AssetKey("campaign_participants"),
    dg.AssetKey("residence_matches"),
    dg.AssetKey("demographic_matches"),
    dg.AssetKey("people"),
    dg.AssetKey("campaign_csv"),
    dg.AssetKey("matched_participants_csv"),
]


@dataclass(frozen=True)
class Project:
    """A bench, and the Dagster instance in `home` that works on it."""

    bench: Bench
    instance: dg.DagsterInstance
    home: Path

    @property
    def settings(self) -> Settings:
        return self.bench.connections.settings

    @property
    def definitions(self) -> dg.Definitions:
        """The project's definitions over the bench's connections."""
        return build_definitions(self.settings, connections=self.bench.connections, loggers={})

    def run(self, job: str, **options: Any) -> dg.ExecuteInProcessResult:
        """Run a job in this process, on the instance."""
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False, **options
        )

    def list_campaigns(self) -> list[str]:
        """Materialise `campaigns`; the partitions there are then."""
        assert self.run(LIST_CAMPAIGNS.name).success
        return self.partitions()

    def partitions(self) -> list[str]:
        """The campaigns' partitions in their order."""
        return list(self.instance.get_dynamic_partitions(CAMPAIGN_PARTITIONS.name or ""))

    def sync(self, keys: Sequence[str], mode: Mode = Mode.RESYNC) -> dg.ExecuteInProcessResult:
        """Run `sync_campaigns` over partitions that are neighbours."""
        return self.run(SYNC_CAMPAIGNS.name, tags=range_tags(keys[0], keys[-1]), run_config=sync_config(mode))

    def campaign_id(self, key: str) -> str:
        """The campaign of a partition."""
        return campaign_of_key(self.bench.database, key).campaign.id

    def materialized(self, asset: dg.AssetKey | str, key: str) -> dg.AssetMaterialization | None:
        """An asset's last materialisation of a partition."""
        asset_key = dg.AssetKey.from_user_string(asset) if isinstance(asset, str) else asset
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=[key]), limit=1
        ).records
        return records[0].asset_materialization if records else None

    def events_as_text(self) -> str:
        """Everything the instance tells of its runs."""
        return "\n".join(
            str(record.event_log_entry)
            for run in self.instance.get_runs()
            for record in self.instance.get_records_for_run(run.run_id).records
        )


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    """Whether each check that a run made passed, by check and partition."""
    return {(one.check_name, str(one.partition)): one.passed for one in result.get_asset_check_evaluations()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step of a run says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    told = event.step_failure_data.user_failure_data
    assert told
    assert told.description
    return told.description
