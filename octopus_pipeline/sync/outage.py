"""Telling an outage of EmailOctopus from trouble with single campaigns: waiting for each of many would take hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.errors import EmailOctopusError, UnavailableError

if TYPE_CHECKING:
    from octopus_pipeline.sync.connections import Connections

OUTAGE_AFTER = 3
"""So many campaigns in a row without an answer, and EmailOctopus is asked whether it is there at all."""


class OutageWatch:
    """Hears how campaigns fared, and ends the work when EmailOctopus is down."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._unanswered = 0

    def succeeded(self) -> None:
        """A campaign was read."""
        self._unanswered = 0

    def failed(self, error: Exception) -> None:
        """A campaign was not read.

        Raises:
            UnavailableError: `error` itself, if EmailOctopus does not even list its campaigns.
        """
        if not isinstance(error, UnavailableError):
            return
        self._unanswered += 1
        if self._unanswered < OUTAGE_AFTER:
            return
        try:
            next(self._connections.octopus.campaigns(), None)
        except EmailOctopusError:
            raise error from None
        self._unanswered = 0
