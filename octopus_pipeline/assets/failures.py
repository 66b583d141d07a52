"""What is said of an error: our own errors speak for themselves, others might quote somebody's data."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator


def failure_of(error: BaseException) -> str:
    """An error in words fit for logs and alerts.

    Of an unforeseen error only its type and the lines of code it passed are told: its own words may hold data.
    """
    if isinstance(error, PipelineError):
        return str(error)
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"unforeseen {type(error).__name__}; please report it with these lines of code:\n{lines}"


@contextmanager
def plain_failures() -> Iterator[None]:
    """Let an error in the block fail the step in plain words, and leave no chained one that quotes data."""
    try:
        yield
    except dg.Failure:
        raise
    except Exception as error:  # noqa: BLE001  # all become a Failure of the step
        raise dg.Failure(failure_of(error), allow_retries=False) from None
