"""Parcels with too many people: a sign that a building was taken for a house, or a street for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.parcel_records import Parcel
from octopus_pipeline.sync.side_by_side import side_by_side

if TYPE_CHECKING:
    from octopus_pipeline.store.tables import TableStore

MANY_PEOPLE = 6
"""So many distinct people of one campaign do not live in a house for one family."""


def collisions(tables: TableStore, key: str, engagement: str, residences: str) -> dict[str, int]:
    """COUNTY/PARCEL -> distinct people, of parcels with `MANY_PEOPLE` or more, none of whom names a unit.

    Where somebody names a unit the parcel is a building with several homes.

    Args:
        tables: where the tables are.
        key: the campaign's partition.
        engagement: the table of its contacts.
        residences: the table of their residences, row by row the same contacts.
    """
    homes = tables.read(residences, key, ["county", "parcel_id"]).drop_null()
    counted = homes.group_by(["county", "parcel_id"]).aggregate([([], "count_all")])
    crowded = counted.filter(pc.greater_equal(counted["count_all"], MANY_PEOPLE))
    if not crowded.num_rows:
        return {}
    # A parcel id may be two counties': rows of the other one are told apart below.
    ids = pc.unique(crowded["parcel_id"])
    suspects: dict[Parcel, set[str]] = {
        Parcel(*names): set()
        for names in zip(crowded["county"].to_pylist(), crowded["parcel_id"].to_pylist(), strict=True)
    }
    people = tables.batches(engagement, key, ["contact_id", "email_address", "address"])
    for contacts, matches in side_by_side(
        people, tables.batches(residences, key, ["contact_id", "county", "parcel_id"])
    ):
        chosen = pc.fill_null(pc.is_in(matches.column("parcel_id"), ids), fill_value=False)
        contacts, matches = contacts.filter(chosen), matches.filter(chosen)
        units = normalize_addresses(contacts.column("address"))["unit"].to_pylist()
        who = pc.coalesce(pc.utf8_lower(contacts.column("email_address")), contacts.column("contact_id"))
        for person, unit, *names in zip(
            who.to_pylist(),
            units,
            matches.column("county").to_pylist(),
            matches.column("parcel_id").to_pylist(),
            strict=True,
        ):
            parcel = Parcel(*names)
            if unit:
                suspects.pop(parcel, None)
            elif parcel in suspects:
                suspects[parcel].add(person)
    return {
        str(parcel): len(found) for parcel, found in sorted(suspects.items()) if len(found) >= MANY_PEOPLE
    }
