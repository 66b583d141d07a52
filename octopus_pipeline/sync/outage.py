"""Telling an outage of EmailOctopus from trouble with single campaigns: waiting for each of many would take hours."""

from __future__ import annotations

from octopus_pipeline.emailoctopus.errors import UnavailableError

OUTAGE_AFTER = 3
"""So many campaigns in a row without an answer, while nothing else was answered either, are an outage."""


class OutageWatch:
    """Hears how campaigns fared, and ends the work when EmailOctopus is down."""

    def __init__(self) -> None:
        self._unanswered = 0

    def succeeded(self) -> None:
        """A campaign was read."""
        self._unanswered = 0

    def failed(self, error: Exception) -> None:
        """A campaign was not read.

        Raises:
            UnavailableError: `error` itself, if it means that EmailOctopus is down.
        """
        if isinstance(error, UnavailableError) and not error.others_answered:
            self._unanswered += 1
            if self._unanswered >= OUTAGE_AFTER:
                raise error
