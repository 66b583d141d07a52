"""Reading the summaries of many campaigns: one that cannot be read is named, and keeps none of the others back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.errors import (
    EmailOctopusError,
    InvalidKeyError,
    MissingKeyError,
    NotFoundError,
)
from octopus_pipeline.sync.campaigns import record_statistics
from octopus_pipeline.sync.outage import OutageWatch
from octopus_pipeline.sync.state import forget_unread_summary, record_failed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from octopus_pipeline.emailoctopus.records import Summary
    from octopus_pipeline.sync.campaigns import KnownCampaign
    from octopus_pipeline.sync.connections import Connections


_NOT_SENT_YET = "CAMPAIGN_NOT_SENT"
"""API v1.6's code for the summary of a campaign that is not sent; read literally, also of one that is being sent."""


@dataclass(frozen=True, slots=True)
class SummariesRead:
    """The summaries that were read, and by partition key why others were not."""

    summaries: list[Summary] = field(default_factory=list)
    unread: dict[str, EmailOctopusError] = field(default_factory=dict)


def read_summaries(
    connections: Connections, campaigns: Sequence[KnownCampaign], now: datetime
) -> SummariesRead:
    """Read the summaries of campaigns, concurrently, and remember their counts, and who failed.

    A campaign that vanished since it was listed is left out, and so is one whose summary there is only once all of it
    was sent (API v1.6).

    Raises:
        MissingKeyError, InvalidKeyError: what concerns every campaign.
        UnavailableError: EmailOctopus is down.
    """
    read, outage = SummariesRead(), OutageWatch(connections)
    pool = ThreadPoolExecutor(connections.settings.emailoctopus_connections)
    try:
        summaries = {
            pool.submit(connections.octopus.summary, known.campaign.id): known for known in campaigns
        }
        for future in as_completed(summaries):
            known = summaries[future]
            try:
                read.summaries.append(future.result())
            except NotFoundError:
                continue
            except (MissingKeyError, InvalidKeyError):
                raise
            except EmailOctopusError as error:
                if error.code == _NOT_SENT_YET:
                    continue
                outage.failed(error)
                read.unread[str(known.key)] = error
                record_failed(connections.database, known.campaign.id, type(error).__name__, now, {})
            else:
                outage.succeeded()
    finally:
        pool.shutdown(cancel_futures=True)
    for summary in read.summaries:
        record_statistics(connections.database, summary, now)
        forget_unread_summary(connections.database, summary.campaign_id)
    return read
