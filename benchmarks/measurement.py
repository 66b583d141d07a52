"""What a benchmark measured, and whether that is good enough."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number and its bound; `how` says what the number was made from."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = ""
    how: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the number is within its bounds."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    @property
    def bound(self) -> str:
        """The bound in words; none for what is measured for information."""
        if self.least is None and self.most is None:
            return "-"
        if self.least == self.most:
            return f"{self.most:g}{self.unit}"
        return f">= {self.least:g}{self.unit}" if self.most is None else f"<= {self.most:g}{self.unit}"


def seconds_of(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median(values: list[float]) -> float:
    """The middle value, which one disturbed repetition does not move."""
    return statistics.median(values)
