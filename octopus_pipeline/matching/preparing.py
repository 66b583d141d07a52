"""Preparing a county: from its cleaned records to the index that participants are matched with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.comparable import NONE, households, places, words_of
from octopus_pipeline.matching.contact_keys import contact_block, email_keys, phone_keys
from octopus_pipeline.matching.county_index import CountyIndex, gazetteer
from octopus_pipeline.matching.county_rows import county_rows
from octopus_pipeline.matching.index_file import write_index
from octopus_pipeline.matching.names import normalize_names
from octopus_pipeline.matching.other_parcels import count_others

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from octopus_pipeline.matching.comparable import Places
    from octopus_pipeline.matching.county_rows import CountyRows


@dataclass(frozen=True, slots=True)
class CountyIndexCounts:
    """What a county's index holds.

    Attributes:
        parcels: parcels with an id.
        customers: demographic records of them.
        addresses: addresses that can be found.
        numbered: of those, addresses with a house number.
        streets: distinct street names.
        crowded: addresses that share number, street and ZIP with another.
    """

    parcels: int
    customers: int
    addresses: int
    numbered: int
    streets: int
    crowded: int

    def metadata(self) -> dict[str, int | float]:
        """The counts by readable names: what an asset shows."""
        return {
            "parcels": self.parcels,
            "demographic records": self.customers,
            "addresses": self.addresses,
            "addresses with a house number": self.numbered,
            "streets": self.streets,
            "addresses of several parcels": self.crowded,
        }


def prepare_county(
    county: str, residential: pa.Table, demographic: pa.Table, path: Path
) -> CountyIndexCounts:
    """Build a county's index and write it to `path`, whole or not at all.

    `residential`, `demographic`: the county's cleaned records (`RESIDENTIAL_SCHEMA`, `DEMOGRAPHIC_SCHEMA`), in any
    order; either may be empty. Records without a parcel id cannot be referred to and are left out.

    Raises:
        IndexFileError: if it cannot be written.
    """
    index = build_index(county, county_rows(residential, demographic))
    write_index(index, path)
    places = index.gazetteer.places
    named = places.street.codes != NONE
    return CountyIndexCounts(
        parcels=index.parcels.num_rows,
        customers=index.customers.num_rows,
        addresses=int(np.count_nonzero(named)),
        numbered=int(np.count_nonzero(named & (places.number > 0))),
        streets=len(places.street.distinct),
        crowded=int(np.count_nonzero(index.gazetteer.crowd > 1)),
    )


def build_index(county: str, rows: CountyRows) -> CountyIndex:
    """Normalise a county's addresses and names, block them, and count what they have in common."""
    addresses = rows.addresses
    where = places(normalize_addresses(addresses["address"], addresses["city"], addresses["zip"]))
    owner, customer = normalize_names(addresses["owner"]), normalize_names(addresses["customer"])
    each = normalize_names(rows.customers["customer_name"])
    words = words_of(owner, customer, each)
    who = households(owner, customer, words=words)
    parcel = addresses["parcel"].to_numpy()
    told = _distinct(parcel, where)
    found = gazetteer(where.take(told), who.take(told), parcel[told])
    return CountyIndex(
        county=county,
        gazetteer=found,
        others=count_others(found),
        parcels=rows.parcels,
        customers=rows.customers,
        people=households(each, words=words),
        emails=contact_block(email_keys(rows.customers["email"])),
        phones=contact_block(phone_keys(rows.customers["mobile"])),
    )


def _distinct(parcel: NDArray[np.int32], where: Places) -> NDArray[np.int64]:
    """The rows that say something new of their parcel; `1592 HILLCREST AVE` does not beside `1592 HILLCREST AV`."""
    again = np.diff(parcel) == 0
    several = np.flatnonzero(np.append(again, False) | np.append(False, again))
    texts = (where.street, where.secondary, where.city)
    columns = (parcel, where.number, where.number_to, where.direction, where.street_type, where.zip)
    read = np.stack([*columns, *(text.codes for text in texts)], axis=1)[several]
    _, first = np.unique(read, axis=0, return_index=True)
    return np.setdiff1d(np.arange(len(parcel)), np.delete(several, first), assume_unique=True)
