"""A county's parcels in the form that participants are compared with, and what is needed to judge the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.blocking import block, name_keys, number_keys
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.context import count_streets

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from octopus_pipeline.matching.blocking import Block
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.context import Streets
    from octopus_pipeline.matching.weights import OtherWeights


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """A county's addresses, to be searched; a row an address of a parcel, which has two if its records differ.

    The rows are ascending by parcel.

    Attributes:
        places, households: what is compared.
        parcel: of each row the parcel, a row of `CountyIndex.parcels`.
        crowd: of each row how many parcels have its number, street and ZIP.
        number_blocks, name_block: the rows by the keys of `blocking`.
        streets: the streets and areas that the county has.
    """

    places: Places
    households: Households
    parcel: NDArray[np.int32]
    crowd: NDArray[np.int32]
    number_blocks: list[Block]
    name_block: Block
    streets: Streets


@dataclass(frozen=True, slots=True)
class CountyIndex:
    """A county, prepared.

    Attributes:
        county: its key.
        gazetteer: its addresses.
        others: what its other parcels have in common with a participant.
        parcels: `PARCEL_SCHEMA`, ascending by parcel_id.
        customers: `parcel`, the row in `parcels`, and `CUSTOMER_FIELDS` of a demographic record; ascending by parcel.
        people: the names of each of `customers`, in the words of the gazetteer's households.
        emails, phones: the rows of `customers` by the keys of their e-mail and telephone (`contact_keys`).
    """

    county: str
    gazetteer: Gazetteer
    others: OtherWeights
    parcels: pa.Table
    customers: pa.Table
    people: Households
    emails: Block
    phones: Block


def gazetteer(where: Places, who: Households, parcel: NDArray[np.int32]) -> Gazetteer:
    """Block a county's addresses and count its streets; the arguments have a row an address."""
    return Gazetteer(
        places=where,
        households=who,
        parcel=parcel,
        crowd=_crowd(where, parcel),
        number_blocks=[block(keys) for keys in number_keys(where)],
        name_block=block(name_keys(where, who)),
        streets=count_streets(where),
    )


def _crowd(where: Places, parcel: NDArray[np.int32]) -> NDArray[np.int32]:
    street = where.street.codes.astype(np.int64) << 12 | (where.street_type + 1) << 4 | (where.direction + 1)
    number = where.number.astype(np.int64) << 17 | where.zip
    streets, numbers = (np.unique(keys, return_inverse=True)[1].astype(np.int64) for keys in (street, number))
    _, spots = np.unique(numbers << 32 | streets, return_inverse=True)
    # A parcel with two addresses at one spot, whose cities differ, is no crowd.
    sizes = np.bincount(np.unique(spots.astype(np.int64) << 32 | parcel) >> 32)
    nowhere = (where.number == 0) | (where.street.codes == NONE)
    return np.where(nowhere, 1, sizes[spots]).astype(np.int32)
