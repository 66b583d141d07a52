"""What participants' own parcels look like where nothing was learned yet: usual rates of mistakes, set by hand.

They begin the learning, and have the weight of a hundred participants in it; the shares are of what people do in
mailing lists, in round numbers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.context import Area, Street
from octopus_pipeline.matching.levels import City, Number, Part, Secondary, Zip
from octopus_pipeline.matching.weights import (
    AREAS,
    CITIES,
    NUMBERS,
    PARTS,
    SECONDARIES,
    STREETS,
    ZIPS,
    OwnWeights,
    logarithms,
    normalised,
)

if TYPE_CHECKING:
    from octopus_pipeline.matching.weights import Table


def usual_weights() -> OwnWeights:
    """The weights to match with before any were learned."""
    return logarithms(usual_shares())


@cache
def usual_shares() -> OwnWeights:
    """The same as shares."""
    prior = np.empty((STREETS, AREAS, 2))
    prior[:] = np.array([0.5, 0.7, 0.9, 0.92])[:, None, None]
    prior[..., 0] *= 0.3
    prior[:, Area.BOTH_UNKNOWN] *= 0.2
    number = _table((2, NUMBERS), {
        (1, Number.SAME): 0.955, (1, Number.IN_RANGE): 0.005, (1, Number.SLIP): 0.028, (1, Number.UNNUMBERED): 0.008,
        (1, Number.OTHER): 0.004, (0, Number.MISSING): 1,
    })  # fmt: skip
    name = np.tile(normalised(np.array([0.86, 0.10, 0.015, 0.02, 0.004, 0.001])), (STREETS + 1, 1))
    name[Street.NAME : STREETS] = normalised(np.array([0.97, 0.015, 0.005, 0.007, 0.002, 0.001]))
    secondary = _table((2, SECONDARIES), {
        (1, Secondary.SAME): 0.25, (1, Secondary.THEIRS_MISSING): 0.27, (1, Secondary.OTHER): 0.01,
        (1, Secondary.SAME_OF_SEVERAL): 0.45, (1, Secondary.THEIRS_MISSING_OF_SEVERAL): 0.01,
        (1, Secondary.OTHER_OF_SEVERAL): 0.01,
        (0, Secondary.NEITHER): 0.95, (0, Secondary.NEITHER_OF_SEVERAL): 0.01,
        (0, Secondary.OURS_MISSING): 0.02, (0, Secondary.OURS_MISSING_OF_SEVERAL): 0.02,
    })  # fmt: skip
    person = np.array([0.70, 0.03, 0.03, 0.12, 0.01, 0.04, 0.07, 1.0])
    return OwnWeights(
        prior=np.clip(prior, 1e-4, 0.99),
        number=number,
        name=name,
        parts=_usual_parts(),
        area=_usual_area(),
        secondary=secondary,
        person=person,
    )


def _usual_parts() -> Table:
    """Types and directions; a street that is known, but not as written, has one of them wrong."""
    kind, direction = _usual_part(missing=0.08, other=0.02), _usual_part(missing=0.12, other=0.03)
    both = np.stack([kind[:, None, :, None] * direction[None, :, None, :]] * (STREETS + 1))
    agree = [Part.SAME, Part.NEITHER]
    both[Street.NAME][np.ix_(range(2), range(2), agree, agree)] *= 0.01
    return normalised(both, 2)


def _usual_part(missing: float, other: float) -> Table:
    table = np.full((2, PARTS), 1e-5)
    there, lacking = table[1], table[0]
    there[[Part.SAME, Part.OTHER, Part.OTHER_KNOWN]] = 1 - missing - other, other, other / 10
    there[[Part.THEIRS_MISSING, Part.THEIRS_MISSING_KNOWN]] = missing / 4, missing / 40
    lacking[[Part.NEITHER, Part.OURS_MISSING, Part.OURS_MISSING_KNOWN]] = 1 - missing, missing, missing / 10
    return normalised(table)


def _usual_area() -> Table:
    zips = np.zeros((AREAS, ZIPS))
    zips[:, [Zip.SAME, Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING]] = [0.92, 0.01, 0.04, 0.03]
    zips[Area.DISAGREE, [Zip.SAME, Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING]] = [0.5, 0.12, 0.35, 0.03]
    zips[[Area.ONLY_CITY, Area.NEITHER]] = 0
    zips[[Area.ONLY_CITY, Area.NEITHER], Zip.OURS_MISSING] = 1
    unknown = [Area.UNKNOWN_ZIP, Area.BOTH_UNKNOWN]
    zips[unknown] = 0
    zips[np.ix_(unknown, [Zip.ONE_DIGIT, Zip.OTHER, Zip.THEIRS_MISSING])] = [0.3, 0.5, 0.2]
    cities = np.zeros((AREAS, CITIES))
    cities[:, [City.SAME, City.SIMILAR, City.OTHER, City.THEIRS_MISSING]] = [0.85, 0.03, 0.10, 0.02]
    cities[[Area.ONLY_ZIP, Area.NEITHER]] = 0
    cities[[Area.ONLY_ZIP, Area.NEITHER], City.OURS_MISSING] = 1
    both = zips[:, :, None] * cities[:, None, :] + 1e-5
    return normalised(np.stack([both, both], axis=1), 2)


def _table(shape: tuple[int, ...], cells: dict[tuple[int, ...], float]) -> Table:
    table = np.full(shape, 1e-5)
    for cell, value in cells.items():
        table[cell] = value
    return normalised(table)
