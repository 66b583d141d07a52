"""What the erasers of all places work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from octopus_pipeline.erasure.certificate import Duty, Register, Removed
    from octopus_pipeline.suppression.suppressed import Suppressed
    from octopus_pipeline.sync.connections import Connections


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure in hand, while nobody else works on people's data.

    Attributes:
        connections: where everything is.
        suppressed: who is erased; erasers go by it alone, and not by who was asked for.
        register: what was done so far.
        was_interrupted: whether an erasure before this one was: then also what is made of other things (a CSV of its
            tables) is made anew, though those need no change any more.
        now: when this happens.
    """

    connections: Connections
    suppressed: Suppressed
    register: Register
    was_interrupted: bool
    now: datetime

    @property
    def is_any_removed(self) -> bool:
        """Whether anything had to be removed, by this erasure or by one that was interrupted."""
        return self.was_interrupted or bool(self.register.certificate.removed)


if TYPE_CHECKING:
    Eraser = Callable[[Erasure], Iterator[Removed | Duty]]
    """Brings one kind of place to what the list of erased people demands, whatever was there, and tells what it did."""
