"""The inventory of failed campaigns: bounded retries go quiet, so someone has to count what they left."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

import dagster as dg

from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.refresh import failed_campaigns


@dg.asset_check(
    asset="campaigns", description="No campaign's last sync failed. Looked at daily, and on demand."
)
def no_campaign_left_failed(connections: dg.ResourceParam[Connections]) -> dg.AssetCheckResult:
    """Names the campaigns whose last sync failed, with the kind of error and the attempts so far."""
    failed = failed_campaigns(connections)
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "failed": len(failed),
            "campaigns": dg.MetadataValue.json(
                {str(known.key): f"{state.error}, {state.failures} times" for known, state in failed}
            ),
        },
    )
