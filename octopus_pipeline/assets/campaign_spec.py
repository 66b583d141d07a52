"""What the assets of a campaign have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, PERSONAL
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


def campaign_spec(
    key: dg.AssetKey,
    *,
    deps: Iterable[dg.AssetKey | dg.AssetDep],
    description: str,
    group: str,
    kinds: set[str],
    columns: dg.TableSchema | None = None,
) -> dg.AssetSpec:
    """An asset with one partition a campaign and personal data in it.

    It is skippable: a step that makes several of them may be asked for some, and may fail for some campaigns.
    """
    metadata: dict[str, Any] = {"dagster/column_schema": columns} if columns else {}
    return dg.AssetSpec(
        key,
        deps=deps,
        description=description,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        tags=PERSONAL,
        partitions_def=CAMPAIGN_PARTITIONS,
        skippable=True,
        metadata=metadata,
    )
