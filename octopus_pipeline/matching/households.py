"""Who lives behind each participant's address: the parcel, and the household's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.comparable import households, places
from octopus_pipeline.matching.names import normalize_first_last
from octopus_pipeline.matching.residences import Quality, find_residences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.matching.prepared import PreparedCounties, PreparedCounty
    from octopus_pipeline.matching.residences import Residences

PARTICIPANT_SCHEMA: Final = pa.schema(
    [pa.field(name, pa.string()) for name in ("address", "city", "zip", "first_name", "last_name", "email", "phone")]
)
"""What is known of a participant, as the contact has it."""

_TEXT, _NUMBER = pa.string(), pa.float64()

RESIDENCE_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, _TEXT) for name in ("county", "parcel_id", "parcel_address", "parcel_city")),
        pa.field("parcel_zip", pa.int32()),
        pa.field("year_built", pa.int32()),
        pa.field("match_quality", _TEXT, nullable=False),
        pa.field("match_method", _TEXT),
        pa.field("match_score", _NUMBER),
        pa.field("reason", _TEXT),
        *(pa.field(name, _TEXT) for name in ("review_county", "review_parcel_id", "review_address")),
    ]
)
"""One row a participant: the parcel, if it is matched; the best candidate, if somebody is to have a look."""

BATCH: Final = 65_536
"""Participants matched at once: what bounds memory."""


@dataclass(frozen=True, slots=True)
class HouseholdMatches:
    """Matches of participants, one row each, in their order: RESIDENCE_SCHEMA, DEMOGRAPHIC_MATCH_SCHEMA."""

    residence: pa.Table


def find_households(participants: pa.Table, counties: PreparedCounties) -> HouseholdMatches:
    """Match participants (`PARTICIPANT_SCHEMA`) with the prepared counties.

    Each row's answer depends on the row and the counties alone, not on the other rows.

    Raises:
        IndexFileError: if a county's index cannot be read.
    """
    prepared = {name: counties.county(name) for name in counties.counties}
    found = [
        _residences(participants.slice(start, BATCH), prepared)
        for start in range(0, max(participants.num_rows, 1), BATCH)
    ]
    return HouseholdMatches(pa.concat_tables(found))


def _residences(participants: pa.Table, counties: Mapping[str, PreparedCounty]) -> pa.Table:
    addresses = normalize_addresses(participants["address"], participants["city"], participants["zip"])
    names = normalize_first_last(participants["first_name"], participants["last_name"])
    po_box = addresses["po_box"].to_numpy()
    written = pc.utf8_upper(pc.fill_null(participants["address"], ""))
    verbatim = pc.replace_substring_regex(pc.utf8_trim_whitespace(written), r"\s+", " ").to_numpy()
    return _table(find_residences(places(addresses), households(names), po_box, verbatim, counties), counties)


def _table(found: Residences, counties: Mapping[str, PreparedCounty]) -> pa.Table:
    count = len(found.score)
    taken = [pa.nulls(count, field.type) for field in list(RESIDENCE_SCHEMA)[1:6]]
    county = pa.array([*found.counties, None], pa.string()).take(pa.array(found.county % (len(found.counties) + 1)))
    names = ("parcel_id", "parcel_address", "parcel_city", "parcel_zip", "year_built")
    for place, prepared in enumerate(counties.values()):
        mine = found.county == place
        if mine.any():
            rows = prepared.index.parcels.take(pa.array(prepared.index.gazetteer.parcel[found.row[mine]]))
            for position, name in enumerate(names):
                column = rows[name].combine_chunks()
                taken[position] = pc.replace_with_mask(taken[position], pa.array(mine), column)
    quality = pa.array(found.quality, _TEXT)
    matched = pc.is_in(quality, value_set=pa.array([Quality.EXACT, Quality.FUZZY]))
    review = pc.equal(quality, Quality.REVIEW)

    def where(mask: pa.Array, column: pa.Array) -> pa.Array:
        return pc.if_else(mask, column, None)

    columns = [where(matched, column) for column in (county, *taken)]
    columns += [quality, _or_null(found.method), pa.array(found.score, from_pandas=True), _or_null(found.reason)]
    columns += [where(review, column) for column in (county, taken[0], taken[1])]
    return pa.table(columns, schema=RESIDENCE_SCHEMA)


def _or_null(texts: np.ndarray) -> pa.Array:  # type: ignore[type-arg]
    return pa.array([text or None for text in texts.tolist()], _TEXT)
