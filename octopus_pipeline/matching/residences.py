"""Which parcel each participant lives at, if that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.candidates import find_candidates
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.context import Street
from octopus_pipeline.matching.county_choice import LEAST, choose_counties
from octopus_pipeline.matching.levels import City, Name, Number, Part, Person, Secondary, Zip
from octopus_pipeline.matching.posterior import posteriors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from octopus_pipeline.matching.candidates import Candidates
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.prepared import PreparedCounty

MATCH: Final = 0.95
"""From this probability on a parcel is the participant's."""

REVIEW: Final = 0.5
"""From this probability on somebody should have a look."""


class Quality(StrEnum):
    """What became of a participant."""

    EXACT = "exact"
    FUZZY = "fuzzy"
    REVIEW = "review"
    NO_MATCH = "no_match"


class Method(StrEnum):
    """What a match rests on."""

    ADDRESS_EXACT = "address exact"
    ADDRESS_NORMALISED = "address normalised"
    STATE_ROUTE = "state route"
    ADDRESS_AND_CITY = "address and city"
    ADDRESS_SIMILAR = "address similar"
    NAME_AND_ADDRESS = "name and address"


class Reason(StrEnum):
    """Why there is no match."""

    NO_ADDRESS = "no address"
    PO_BOX = "PO box"
    ZIP_OUTSIDE = "ZIP outside loaded counties"
    COUNTY_NOT_LOADED = "county not loaded"
    STREET_UNKNOWN = "street unknown"
    NUMBER_UNKNOWN = "number unknown"
    SEVERAL = "several equal candidates"
    WEAK = "evidence too weak"


@dataclass(frozen=True, slots=True)
class Residences:
    """One entry a participant.

    Attributes:
        county: index into the counties asked, NONE without a candidate.
        row: the best candidate's row of that county's gazetteer.
        score: the probability that its parcel is the participant's; NaN without a candidate.
        rival: the probability of the next parcel.
        quality, method, reason: as texts; '' where there is none.
    """

    counties: list[str]
    county: NDArray[np.int32]
    row: NDArray[np.int64]
    score: NDArray[np.float64]
    quality: NDArray[np.object_]
    method: NDArray[np.object_]
    reason: NDArray[np.object_]


def find_residences(
    ours: Places,
    names: Households,
    po_box: NDArray[np.bool_],
    verbatim: pa.Array,
    counties: Mapping[str, PreparedCounty],
) -> Residences:
    """The parcel of each participant.

    `ours`, `names`, `po_box`: participants, normalised; `verbatim`: the address as they wrote it.
    """
    listed = list(counties)
    choice = choose_counties(ours, listed, {name: county.city_parcels for name, county in counties.items()})
    keys = number_keys(ours)
    found: list[tuple[int, NDArray[np.int64], Candidates]] = []
    street = np.full(len(ours), NONE, np.int8)
    for place, (name, county) in enumerate(counties.items()):
        share = choice.shares[name]
        rows = np.flatnonzero((share >= LEAST) & (ours.street.codes != NONE))
        if not len(rows):
            continue
        candidates = find_candidates(
            county.index,
            county.own,
            ours.take(rows),
            names.take(rows),
            [key[rows] for key in keys],
            share[rows],
        )
        street[rows] = np.maximum(street[rows], candidates.context.street)
        found.append((place, rows, candidates))
    best = _best(found, counties, len(ours))
    quality = np.full(len(ours), Quality.NO_MATCH, object)
    method = np.full(len(ours), "", object)
    is_match = (best.score >= MATCH) & ~best.outdone
    is_review = ~is_match & ((best.all >= REVIEW) | best.exact)
    quality[is_review] = Quality.REVIEW
    rows = np.flatnonzero(is_match)
    quality[rows] = np.where(best.exact[rows], Quality.EXACT, Quality.FUZZY)
    method[rows] = best.method[rows]
    _tell_verbatim(method, rows, best, verbatim, counties, listed)
    reason = _reasons(ours, po_box, choice.zip_known, choice.zip_prepared, street)
    several = (best.rival > 1 - MATCH) | best.outdone | (best.exact & ~is_match)
    reason[is_review] = np.where(several[is_review], Reason.SEVERAL, Reason.WEAK)
    reason[is_match] = ""
    return Residences(listed, best.county, best.row, best.score, quality, method, reason)


_PARCEL_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class _Best:
    """The best candidate of each participant; `all` is the probability that any of the candidates is right.

    `outdone`: a likelier one has another address, and no name speaks for it. So it is where many parcels share the
    address that the participant wrote: each is unlikely, and the house on a street of like name must not win by that.
    """

    county: NDArray[np.int32]
    row: NDArray[np.int64]
    score: NDArray[np.float64]
    rival: NDArray[np.float64]
    all: NDArray[np.float64]
    exact: NDArray[np.bool_]
    outdone: NDArray[np.bool_]
    method: NDArray[np.object_]


def _best(
    found: list[tuple[int, NDArray[np.int64], Candidates]], counties: Mapping[str, PreparedCounty], count: int
) -> _Best:
    best = _Best(
        np.full(count, NONE, np.int32), np.full(count, NONE, np.int64), np.full(count, np.nan), np.zeros(count),
        np.zeros(count), np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.full(count, "", object),
    )  # fmt: skip
    if not found:
        return best
    prepared = list(counties.values())
    participant = np.concatenate([rows[candidates.compared.pairs.left] for _, rows, candidates in found])
    county = np.concatenate(
        [np.full(len(candidates.compared.pairs), place, np.int32) for place, _, candidates in found]
    )
    row = np.concatenate([candidates.compared.pairs.right for _, _, candidates in found])
    parcel = np.concatenate(
        [
            prepared[place].index.gazetteer.parcel[candidates.compared.pairs.right]
            for place, _, candidates in found
        ]
    )
    odds = np.concatenate([candidates.odds for _, _, candidates in found])
    # A parcel that was found by several addresses counts once, with the best of them.
    whole = county.astype(np.int64) << _PARCEL_BITS | parcel
    order = np.lexsort((row, -odds, whole, participant))
    same = (np.diff(participant[order]) == 0) & (np.diff(whole[order]) == 0)
    order = order[np.append(True, ~same)] if len(order) else order
    order = order[np.lexsort((whole[order], -odds[order], participant[order]))]
    participant, score = participant[order], posteriors(participant[order], odds[order])
    first = np.flatnonzero(np.diff(participant, prepend=NONE))
    best.all[participant[first]] = np.add.reduceat(score, first) if len(first) else []
    kinds = [_kinds(candidates.compared) for _, _, candidates in found]
    exact, method, named = (np.concatenate(column)[order] for column in zip(*kinds, strict=True))
    written, place = np.unique(participant[exact], return_index=True)
    taken = first.copy()
    taken[np.searchsorted(participant[first], written)] = np.flatnonzero(exact)[place]
    taken = np.where(named[first], first, taken)
    who, chosen = participant[first], order[taken]
    best.county[who], best.row[who], best.score[who] = county[chosen], row[chosen], score[taken]
    best.exact[who], best.outdone[who] = exact[taken], taken != first
    best.method[who] = np.array(_METHODS, object)[method[taken]]
    second = first + 1
    has_rival = (second < len(participant)) & (np.append(participant, NONE)[second] == who)
    best.rival[who[has_rival]] = score[second[has_rival]]
    return best


_METHODS: Final = tuple(Method)


def _kinds(compared: Comparison) -> tuple[NDArray[np.bool_], NDArray[np.int8], NDArray[np.bool_]]:
    """Whether the pairs agree in all of the address, what they rest on, and whether a last name speaks for them.

    What they rest on is a place in `_METHODS`.
    """
    same_zip, same_city = compared.zip == Zip.SAME, compared.city == City.SAME
    exact = (
        (compared.number == Number.SAME)
        & (compared.name == Name.SAME)
        & (compared.type <= Part.NEITHER)
        & (compared.direction <= Part.NEITHER)
        & np.isin(compared.secondary % Secondary.SAME_OF_SEVERAL, (Secondary.SAME, Secondary.NEITHER))
        & (same_zip | (same_city & (compared.zip >= Zip.OURS_MISSING)))
    )
    by_name = (compared.number > Number.IN_RANGE) | (compared.name >= Name.ALIKE)
    by_name |= (compared.secondary >= Secondary.OURS_MISSING_OF_SEVERAL) & (
        compared.person <= Person.SIMILAR_LAST
    )
    method = np.full(len(compared.pairs), _METHODS.index(Method.ADDRESS_SIMILAR), np.int8)
    method[~same_zip & same_city & (compared.name == Name.SAME)] = _METHODS.index(Method.ADDRESS_AND_CITY)
    method[by_name] = _METHODS.index(Method.NAME_AND_ADDRESS)
    method[exact] = _METHODS.index(Method.ADDRESS_NORMALISED)
    return exact, method, compared.person <= Person.LAST


def _tell_verbatim(
    method: NDArray[np.object_],
    rows: NDArray[np.int64],
    best: _Best,
    verbatim: pa.Array,
    counties: Mapping[str, PreparedCounty],
    listed: list[str],
) -> None:
    """Tell addresses that are written alike, and numbered routes, from others that agree once normalised."""
    for place, name in enumerate(listed):
        mine = rows[(best.county[rows] == place) & (method[rows] == Method.ADDRESS_NORMALISED)]
        if not len(mine):
            continue
        index = counties[name].index
        found = index.gazetteer
        theirs = index.parcels["parcel_address"].take(pa.array(found.parcel[best.row[mine]])).combine_chunks()
        alike = pc.equal(_as_compared(verbatim.take(pa.array(mine))), _as_compared(theirs))
        streets = found.places.street
        routes = pc.match_substring_regex(streets.distinct, _ROUTE).to_numpy(zero_copy_only=False)
        method[mine[routes[streets.codes[best.row[mine]]]]] = Method.STATE_ROUTE
        method[mine[pc.fill_null(alike, fill_value=False).to_numpy(zero_copy_only=False)]] = (
            Method.ADDRESS_EXACT
        )


_ROUTE: Final = r"^(?:SR|US|CR|TR)\d"


def _as_compared(addresses: pa.Array) -> pa.Array:
    """Addresses in upper case, blanks single."""
    written = pc.utf8_trim_whitespace(pc.utf8_upper(addresses))
    blanks = pc.fill_null(pc.match_substring_regex(written, r"\s\s|[^\S ]"), fill_value=False)
    if not pc.any(blanks, min_count=0).as_py():
        return written
    return pc.if_else(blanks, pc.replace_substring_regex(written, r"\s+", " "), written)


def _reasons(
    ours: Places,
    po_box: NDArray[np.bool_],
    zip_known: NDArray[np.bool_],
    zip_prepared: NDArray[np.bool_],
    street: NDArray[np.int8],
) -> NDArray[np.object_]:
    """Why each would not be matched, if it is not: what is told last wins."""
    reason = np.full(len(ours), Reason.NUMBER_UNKNOWN, object)
    reason[street <= Street.ELSEWHERE] = Reason.STREET_UNKNOWN
    has_zip = ours.zip > 0
    reason[has_zip & ~zip_prepared & (street <= Street.ELSEWHERE)] = Reason.COUNTY_NOT_LOADED
    reason[has_zip & ~zip_known & (street <= Street.ELSEWHERE)] = Reason.ZIP_OUTSIDE
    reason[ours.street.codes == NONE] = Reason.NO_ADDRESS
    reason[po_box] = Reason.PO_BOX
    return reason
