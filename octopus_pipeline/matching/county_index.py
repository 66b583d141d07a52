"""A county's parcels in the form that participants are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.blocking import block, name_keys, number_keys
from octopus_pipeline.matching.comparable import households, places
from octopus_pipeline.matching.context import count_streets
from octopus_pipeline.matching.names import normalize_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Block
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.context import Streets


@dataclass(frozen=True, slots=True)
class CountyIndex:
    places: Places
    households: Households
    parcel: NDArray[np.int32]
    spot: NDArray[np.int32]
    spot_size: NDArray[np.int32]
    number_blocks: list[Block]
    name_block: Block
    streets: Streets
    parcel_ids: pa.Array


def build_index(ids: pa.Array, address, city, zips, owner, customer) -> CountyIndex:
    return index_of(ids, normalize_addresses(address, city, zips), normalize_names(owner), normalize_names(customer))


def index_of(ids, addresses, owners, customers) -> CountyIndex:
    where = places(addresses)
    who = households(owners, customers)
    spot, spot_size = spots(where)
    return CountyIndex(
        places=where,
        households=who,
        parcel=np.arange(len(ids), dtype=np.int32),
        spot=spot,
        spot_size=spot_size,
        number_blocks=[block(keys) for keys in number_keys(where)],
        name_block=block(name_keys(where, who)),
        streets=count_streets(where),
        parcel_ids=ids,
    )


def spots(where: Places) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For each parcel an id of its number, street and ZIP, units aside, and how many parcels have it."""
    number = where.number.astype(np.int64) << 32 | (where.street.codes + 1)
    rest = where.zip.astype(np.int64) << 16 | (where.street_type + 1) << 4 | (where.direction + 1)
    _, numbers = np.unique(number, return_inverse=True)
    _, rests = np.unique(rest, return_inverse=True)
    _, spot, size = np.unique(numbers.astype(np.int64) << 32 | rests, return_inverse=True, return_counts=True)
    alone = (where.number == 0) | (where.street.codes < 0)
    return spot.astype(np.int32), np.where(alone, 1, size[spot]).astype(np.int32)
