"""The consolidated table as terminal and UI ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.exports.consolidated import Consolidated, write_consolidated
from octopus_pipeline.sync.campaigns import known_campaigns
from octopus_pipeline.sync.working import at_work

if TYPE_CHECKING:
    from octopus_pipeline.people.filters import PeopleFilter
    from octopus_pipeline.people.queries import Rows
    from octopus_pipeline.sync.connections import Connections


def consolidate(connections: Connections, filters: PeopleFilter, rows: Rows, file: str) -> Consolidated:
    """Write the consolidated table (`exports.consolidated`).

    Args:
        connections: where people are, and what the settings say.
        filters: who; its campaigns may also be named by their partitions.
        rows: what a row is.
        file: the file, in the exports folder unless it is absolute.
    """
    if filters.campaign:
        ids = {str(known.key): known.campaign.id for known in known_campaigns(connections.database)}
        chosen = tuple(ids.get(name, name) for name in filters.campaign)
        filters = filters.model_copy(update={"campaign": chosen})
    settings = connections.settings
    with at_work(connections.locks_folder):
        return write_consolidated(
            connections.people_database, settings.export_dir / file, filters, rows, settings.time_zone
        )
