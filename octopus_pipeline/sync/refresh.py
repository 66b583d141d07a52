"""What is new in the account, and which campaigns need a sync now: those whose summary is not the one last synced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.sync.campaigns import known_campaigns, list_campaigns, watched
from octopus_pipeline.sync.plan import is_stale
from octopus_pipeline.sync.state import CampaignState, campaign_states
from octopus_pipeline.sync.summaries import read_summaries

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.emailoctopus.errors import EmailOctopusError
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections


def read_account(
    connections: Connections, now: datetime
) -> tuple[list[KnownCampaign], dict[str, EmailOctopusError]]:
    """List the account and read the summaries of the campaigns that are watched.

    Costs the campaign pages and one request a watched campaign, nothing else.

    Returns:
        All campaigns, as they are now, and by partition key why a summary could not be read.
    """
    campaigns = list_campaigns(connections, now)
    read = read_summaries(connections, watched(campaigns, connections, now), now)
    return known_campaigns(connections.database), read.unread


def stale_campaigns(connections: Connections) -> list[KnownCampaign]:
    """The campaigns whose remembered statistics differ from what was synced, in the order they were sent.

    Asks nothing of the API. One that failed several times at these very statistics is left out; the inventory
    of failed campaigns names it.
    """
    states = campaign_states(connections.database)
    return [
        known
        for known in known_campaigns(connections.database)
        if known.is_readable
        and is_stale(known.counts, states.get(known.campaign.id, CampaignState(known.campaign.id)))
    ]


def failed_campaigns(connections: Connections) -> list[tuple[KnownCampaign, CampaignState]]:
    """The campaigns whose last sync failed, of those that the account still has."""
    states = campaign_states(connections.database)
    return [
        (known, states[known.campaign.id])
        for known in known_campaigns(connections.database)
        if known.is_readable and known.campaign.id in states and states[known.campaign.id].failures
    ]
