"""What was learned of a county's participants, in a small file beside its index."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from octopus_pipeline.matching.weights import OWN_SHAPES, OwnWeights
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path


def weights_path(index: Path) -> Path:
    """The file of the weights that go with an index."""
    return index.with_suffix(".weights.npz")


def write_weights(own: OwnWeights, path: Path) -> None:
    """Write learned weights in place of the former ones, whole or not at all; equal ones leave the file as it is."""
    former = read_weights(path)
    if former is not None and all(
        np.array_equal(getattr(former, name), getattr(own, name)) for name in OWN_SHAPES
    ):
        return
    with whole_file(path) as file:
        np.savez(file, **{name: getattr(own, name) for name in OWN_SHAPES})


def read_weights(path: Path) -> OwnWeights | None:
    """Learned weights; None if there are none that can be read, or not for the tables that are used now."""
    try:
        with np.load(path) as found:
            tables = {name: found[name] for name in OWN_SHAPES}
    except (OSError, EOFError, BadZipFile, KeyError, ValueError):
        return None
    if any(tables[name].shape != shape for name, shape in OWN_SHAPES.items()):
        return None
    return OwnWeights(**tables)
