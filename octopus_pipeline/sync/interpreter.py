"""How Python itself is set while a sync lasts: its defaults are for programs of few threads and few objects."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SWITCH_SECONDS = 0.0005
"""A thread that merges must not keep those that talk to the API from going on: by default Python lets it for 5 ms."""

COLLECT_AFTER = 50_000
"""Pages and documents are many objects and no cycles: looking for cycles every 700 of them takes two thirds of the time
in which MongoDB's operations are built."""


@contextmanager
def tuned_interpreter() -> Iterator[None]:
    """Set Python up for many threads that handle many small objects, and back at the end."""
    switch_interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(COLLECT_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(switch_interval)
        gc.set_threshold(*thresholds)
