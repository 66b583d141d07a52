"""The one thing all our errors have in common."""

from __future__ import annotations


class PipelineError(Exception):
    """An error whose words are fit for everyone: they hold no personal data and no secret, and say what to do."""
