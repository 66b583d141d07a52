"""How a run shows its progress."""

from __future__ import annotations

from collections.abc import Callable

from octopus_pipeline.sync.progress import LoggedProgress, Progress

ProgressOf = Callable[[Callable[[str], None]], Progress]
"""Makes a run's `Progress` from what writes a line to its log."""


def logged_progress(log: Callable[[str], None]) -> Progress:
    """Progress as lines of the run's log."""
    return LoggedProgress(log)
