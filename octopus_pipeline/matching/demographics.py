"""The household's demographic record of each participant: by e-mail, telephone, parcel, or name on the street."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.matching.blocking import name_keys, ranges
from octopus_pipeline.matching.coded import Coded
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.contact_keys import email_keys, phone_keys, rows_with
from octopus_pipeline.matching.residences import Quality, Reason
from octopus_pipeline.matching.sorting import stable_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from octopus_pipeline.matching.coded import Codes
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.prepared import PreparedCounty
    from octopus_pipeline.matching.residences import Residences

    Rows = NDArray[np.int64]

BY_CONTACT: Final = 0.99
"""The score of a record with the participant's own e-mail address or telephone number: set, not measured."""

BY_NAME: Final = 0.95
"""The score of the only record on the participant's street with the same last and given name: set, not measured."""


class DemographicMethod(Coded):
    """How a demographic record was found."""

    EMAIL = "e-mail"
    PHONE = "phone"
    PARCEL = "parcel"
    NAME_ON_STREET = "name on the street"


@dataclass(frozen=True, slots=True)
class Demographics:
    """One entry a participant.

    Attributes:
        county: index into the counties asked, NONE without a record.
        row: the row of that county's customers.
        score: see BY_CONTACT, BY_NAME; by parcel the residence's; NaN without a record.
        quality, method, reason: as texts; '' where there is none.
        agrees: 1 if e-mail, telephone or name tell of the residence's parcel, 0 if of another, NONE if not both do.
    """

    county: NDArray[np.int32]
    row: Rows
    score: NDArray[np.float64]
    quality: Codes
    method: Codes
    reason: Codes
    agrees: NDArray[np.int8]

    @classmethod
    def nobody(cls, residences: Residences) -> Demographics:
        """No record for anybody, for the reason that there is no residence."""
        count = len(residences.score)
        return cls(
            np.full(count, NONE, np.int32), np.full(count, NONE, np.int64), np.full(count, np.nan),
            np.full(count, Quality.NO_MATCH.code, np.int8), np.full(count, NONE, np.int8), residences.reason.copy(),
            np.full(count, NONE, np.int8),
        )  # fmt: skip

    def take_in(
        self,
        who: Rows,
        county: NDArray[np.int32],
        row: Rows,
        *,
        score: NDArray[np.float64] | float,
        quality: Codes | int,
        method: DemographicMethod,
    ) -> None:
        """Give participants their records."""
        self.county[who], self.row[who], self.score[who] = county, row, score
        self.quality[who], self.method[who], self.reason[who] = quality, method.code, NONE


def find_demographics(
    emails: pa.ChunkedArray,
    phones: pa.ChunkedArray,
    ours: Places,
    names: Households,
    residences: Residences,
    counties: Mapping[str, PreparedCounty],
) -> Demographics:
    """The demographic record of each participant; the first kind of evidence that tells of exactly one wins."""
    found = Demographics.nobody(residences)
    matched = np.isin(residences.quality, (Quality.EXACT.code, Quality.FUZZY.code))
    home = _home_parcels(residences, matched, counties)
    cleaned = {
        DemographicMethod.EMAIL: cleaning.emails(emails),
        DemographicMethod.PHONE: cleaning.phones(phones),
    }
    for method, contacts in cleaned.items():
        who, county, row, parcel = records_with(method, contacts, counties)
        open_still = found.county[who] == NONE
        at_home = (home[who, 0] == county) & (home[who, 1] == parcel)
        _take_only(found, who, county, row, parcel, open_still, at_home, method)
    for place, prepared in enumerate(counties.values()):
        left = np.flatnonzero(
            (found.county == NONE)
            & (residences.county == place)
            & (residences.quality != Quality.NO_MATCH.code)
        )
        _by_parcel(found, left, place, prepared, residences, names)
    left = np.flatnonzero((found.county == NONE) & (names.last[:, 0] != NONE) & (names.first[:, 0] != NONE))
    _by_name(found, left, counties, ours.take(left), names.take(left))
    parcel = _parcels(found.county, found.row, counties)
    known = matched & (found.county != NONE) & (found.method != DemographicMethod.PARCEL.code)
    found.agrees[known] = ((home[:, 0] == found.county) & (home[:, 1] == parcel))[known]
    return found


def _parcels(county: NDArray[np.int32], row: Rows, counties: Mapping[str, PreparedCounty]) -> Rows:
    """The parcel of each record, NONE without one."""
    parcel = np.full(len(row), NONE, np.int64)
    for place, prepared in enumerate(counties.values()):
        mine = county == place
        parcel[mine] = prepared.index.customers["parcel"].to_numpy()[row[mine]]
    return parcel


def _home_parcels(
    residences: Residences, matched: NDArray[np.bool_], counties: Mapping[str, PreparedCounty]
) -> Rows:
    """County and parcel of each matched residence, NONE without one."""
    home = np.full((len(matched), 2), NONE, np.int64)
    home[matched, 0] = residences.county[matched]
    for place, prepared in enumerate(counties.values()):
        mine = np.flatnonzero(matched & (residences.county == place))
        home[mine, 1] = prepared.index.gazetteer.parcel[residences.row[mine]]
    return home


def records_with(
    method: DemographicMethod, contacts: pa.Array, counties: Mapping[str, PreparedCounty]
) -> tuple[Rows, Rows, Rows, Rows]:
    """Participant, county, record and parcel of every record that has the participant's e-mail or telephone number."""
    is_email = method is DemographicMethod.EMAIL
    keys = email_keys(contacts) if is_email else phone_keys(contacts)
    parts: list[tuple[Rows, ...]] = [(np.zeros(0, np.int64),) * 4]
    for place, prepared in enumerate(counties.values()):
        index = prepared.index
        who, row = rows_with(index.emails if is_email else index.phones, keys)
        if is_email:  # checksums may coincide
            theirs = index.customers["email"].take(pa.array(row))
            same = (
                pc.equal(contacts.take(pa.array(who)), theirs).to_numpy(zero_copy_only=False).astype(np.bool_)
            )
            who, row = who[same], row[same]
        parcel = index.customers["parcel"].to_numpy()[row].astype(np.int64)
        parts.append((who, np.full(len(who), place, np.int64), row.astype(np.int64), parcel))
    who, county, row, parcel = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = stable_order(who)  # of each county they are ascending by participant, and then by record
    return who[order], county[order], row[order], parcel[order]


def _take_only(
    found: Demographics,
    who: Rows,
    county: Rows,
    row: Rows,
    parcel: Rows,
    open_still: NDArray[np.bool_],
    at_home: NDArray[np.bool_],
    method: DemographicMethod,
) -> None:
    """Take records of exactly one parcel, or of the one that is the participant's residence."""
    has_home = np.zeros(len(found.county), np.bool_)
    has_home[who[at_home]] = True
    kept = open_still & (at_home | ~has_home[who])
    who, county, row, parcel = who[kept], county[kept], row[kept], parcel[kept]
    if not len(who):
        return
    first = np.append(True, np.diff(who) != 0)
    new_parcel = first | np.append(True, (np.diff(county) != 0) | (np.diff(parcel) != 0))
    parcels = np.add.reduceat(new_parcel, np.flatnonzero(first))
    only = np.flatnonzero(first)[parcels == 1]
    several = who[np.flatnonzero(first)[parcels > 1]]
    found.reason[several] = Reason.SEVERAL.code
    found.take_in(
        who[only],
        county[only].astype(np.int32),
        row[only],
        score=BY_CONTACT,
        quality=Quality.EXACT.code,
        method=method,
    )


def _by_parcel(
    found: Demographics,
    who: Rows,
    place: int,
    prepared: PreparedCounty,
    residences: Residences,
    names: Households,
) -> None:
    """The records of the residence's parcel: the only one, or the only one with the participant's name."""
    index = prepared.index
    parcels = index.customers["parcel"].to_numpy()
    parcel = index.gazetteer.parcel[residences.row[who]]
    start, end = np.searchsorted(parcels, parcel), np.searchsorted(parcels, parcel, side="right")
    found.reason[who[end == start]] = Reason.NO_RECORD.code
    review = residences.quality[who] == Quality.REVIEW.code
    found.quality[who[review & (end > start)]] = Quality.REVIEW.code
    one = ~review & (end == start + 1)
    chosen = [who[one], start[one]]
    several = np.flatnonzero(~review & (end > start + 1))
    found.reason[who[several]] = Reason.SEVERAL.code
    found.quality[who[several]] = Quality.REVIEW.code
    left = np.repeat(who[several], (end - start)[several])
    right = ranges(start[several], (end - start)[several])
    people = names.take(left).in_terms_of(index.people) if len(left) else names.take(left)
    rank = _name_ranks(people, index.people.take(right))
    best = _only_best(left, right, rank, index.customers["customer_name"])
    mine, row = (np.concatenate(parts).astype(np.int64) for parts in zip(chosen, best, strict=True))
    found.take_in(
        mine,
        np.full(len(mine), place, np.int32),
        row,
        score=residences.score[mine],
        quality=residences.quality[mine],
        method=DemographicMethod.PARCEL,
    )


def _only_best(left: Rows, right: Rows, rank: Rows, customers: pa.ChunkedArray) -> tuple[Rows, Rows]:
    """Of each participant the record whose name agrees best, if only one does so, or all such are of one name."""
    if not len(left):
        return left, right
    starts = np.flatnonzero(np.diff(left, prepend=NONE))
    highest = np.repeat(np.maximum.reduceat(rank, starts), np.diff(starts, append=len(left)))
    left, right = left[rank == highest], right[rank == highest]
    starts = np.flatnonzero(np.diff(left, prepend=NONE))
    written = pc.fill_null(customers.take(pa.array(right)), "").combine_chunks().dictionary_encode()
    name = written.indices.to_numpy()
    first = starts[np.minimum.reduceat(name, starts) == np.maximum.reduceat(name, starts)]
    return left[first], right[first]


def _by_name(
    found: Demographics,
    who: Rows,
    counties: Mapping[str, PreparedCounty],
    ours: Places,
    names: Households,
) -> None:
    """The only household on the street, in the ZIP or city, with the last and a given name of a participant `who`.

    A given name is no initial: of those the street may have any number.
    """
    spelt_out = np.append(pc.greater(pc.binary_length(names.words), 1).to_numpy(zero_copy_only=False), False)
    names = replace(names, first=np.where(spelt_out[names.first], names.first, NONE))
    parts = [np.zeros((4, 0), np.int64)]
    for place, prepared in enumerate(counties.values()):
        left, row = _namesakes(prepared, ours, names)
        parcel = prepared.index.customers["parcel"].to_numpy()[row]
        parts.append(np.stack([left, np.full(len(left), place), parcel, row]))
    each = np.concatenate(parts, axis=1)
    left, county, parcel, row = each[:, stable_order(each[0])]
    first = np.flatnonzero(np.diff(left, prepend=NONE))
    last = np.append(first[1:], len(left))[: len(first)] - 1
    only = first[(county[first] == county[last]) & (parcel[first] == parcel[last])]
    found.take_in(
        who[left[only]],
        county[only].astype(np.int32),
        row[only],
        score=BY_NAME,
        quality=Quality.FUZZY.code,
        method=DemographicMethod.NAME_ON_STREET,
    )


def _namesakes(prepared: PreparedCounty, ours: Places, names: Households) -> tuple[Rows, Rows]:
    """Pairs of a participant and a record on its street, in its ZIP or city, with its last and a given name."""
    index, county = prepared.index, prepared.index.gazetteer
    cities = ours.city.in_terms_of(county.places.city.distinct).codes
    near = (cities != NONE) & (cities < len(county.places.city.distinct))
    near |= county.streets.zips.look_up(ours.zip.astype(np.int64)) > 0
    rows = np.flatnonzero(near)
    where, people = (
        ours.take(rows).in_terms_of(county.places),
        names.take(rows).in_terms_of(county.households),
    )
    left, address = rows_with(county.name_block, name_keys(where, people)[:, 0])
    theirs = county.places.take(address)
    local = (where.zip[left] == theirs.zip) & (theirs.zip > 0)
    local |= (where.city.codes[left] == theirs.city.codes) & (theirs.city.codes != NONE)
    left, parcel = left[local], county.parcel[address[local]]
    parcels = index.customers["parcel"].to_numpy()
    start, end = np.searchsorted(parcels, parcel), np.searchsorted(parcels, parcel, side="right")
    left, right = np.repeat(left, end - start), ranges(start, end - start)
    both = _name_ranks(people.take(left), index.people.take(right)) == _BOTH
    return rows[left[both]], right[both]


_BOTH: Final = 2


def _name_ranks(mine: Households, theirs: Households) -> Rows:
    """2 where last and given name of a record are the participant's, 1 where the last name is, else 0; row by row."""
    last = _share_a_word(mine.last, theirs.last)
    return last.astype(np.int64) + (last & _share_a_word(mine.first, theirs.first))


def _share_a_word(mine: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.bool_]:
    shared = (mine[:, :, None] == theirs[:, None, :]) & (mine[:, :, None] != NONE)
    return shared.any(axis=(1, 2))  # type: ignore[no-any-return]
