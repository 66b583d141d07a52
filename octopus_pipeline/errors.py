"""The one thing all our errors have in common."""

from __future__ import annotations

from typing import Any


class PipelineError(Exception):
    """An error whose words are fit for everyone: they hold no personal data and no secret, and say what to do.

    It goes from process to process whole, whatever arguments its class is made with.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind: type[PipelineError], words: tuple[Any, ...]) -> PipelineError:
    return kind.__new__(kind, *words)
