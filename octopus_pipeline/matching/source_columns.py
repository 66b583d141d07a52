"""Columns of a participant's two matches beside other columns, named after the match they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from octopus_pipeline.matching.households import DEMOGRAPHIC_MATCH_SCHEMA, RESIDENCE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

RESIDENCE_PREFIX: Final = "residence_"
DEMOGRAPHIC_PREFIX: Final = "demographic_"


def source_columns(residence: Iterable[str], demographic: Iterable[str]) -> pa.Schema:
    """Some columns of `RESIDENCE_SCHEMA` and of `DEMOGRAPHIC_MATCH_SCHEMA` with their prefixes."""
    return pa.schema(
        [
            *(RESIDENCE_SCHEMA.field(name).with_name(RESIDENCE_PREFIX + name) for name in residence),
            *(
                DEMOGRAPHIC_MATCH_SCHEMA.field(name).with_name(DEMOGRAPHIC_PREFIX + name)
                for name in demographic
            ),
        ]
    )
