"""Texts of a fixed list that stand in arrays as codes: comparing a million of them takes no time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from octopus_pipeline.matching.comparable import NONE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int8]


class Coded(StrEnum):
    """A text whose code is its place in the list."""

    @property
    def code(self) -> int:
        """What stands for it in an array."""
        return list(type(self)).index(self)

    @classmethod
    def texts(cls, codes: Codes) -> pa.Array:
        """The texts of an array of codes, null for NONE."""
        return pa.array(list(cls), pa.string()).take(pa.array(codes, mask=codes == NONE))
