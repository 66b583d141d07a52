"""What the account's contacts teach about how people write addresses, a county each: the weights of the matching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA
from octopus_pipeline.matching.participants import PARTICIPANT_SOURCES, participants_of
from octopus_pipeline.matching.teaching import teach
from octopus_pipeline.sync.campaign import ENGAGEMENT

if TYPE_CHECKING:
    from octopus_pipeline.sync.connections import Connections


def learn_match_weights(connections: Connections) -> dict[str, int]:
    """Learn the weights of the prepared counties from every synced campaign's contacts.

    Matches that were made with other weights are made again when their campaign is next synced or matched.

    Returns:
        How many contacts each county learned from; those with too few contacts are absent and keep what they have.

    Raises:
        DamagedTableError: if a campaign's engagement table cannot be read.
        IndexFileError: if a county's index cannot be read.
    """
    tables, columns = connections.tables, list(PARTICIPANT_SOURCES.values())
    distinct = PARTICIPANT_SCHEMA.empty_table()
    for campaign in tables.partitions(ENGAGEMENT):
        told = [participants_of(batch) for batch in tables.batches(ENGAGEMENT, campaign, columns)]
        together = pa.concat_tables([distinct, *told])
        distinct = together.group_by(PARTICIPANT_SCHEMA.names).aggregate([]).select(PARTICIPANT_SCHEMA.names)
    return teach(distinct, connections.counties)
