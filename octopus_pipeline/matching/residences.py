"""Which parcel each participant lives at, if that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.candidates import find_candidates
from octopus_pipeline.matching.coded import Coded
from octopus_pipeline.matching.comparable import NONE
from octopus_pipeline.matching.context import Street
from octopus_pipeline.matching.county_choice import LEAST, choose_counties
from octopus_pipeline.matching.levels import City, Name, Number, Part, Person, Secondary, Zip
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.sorting import is_first, stable_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from octopus_pipeline.matching.candidates import Candidates
    from octopus_pipeline.matching.coded import Codes
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.comparison import Comparison
    from octopus_pipeline.matching.prepared import PreparedCounty

MATCH: Final = 0.95
"""From this probability on a parcel is the participant's."""

REVIEW: Final = 0.5
"""From this probability on somebody should have a look."""


class Quality(Coded):
    """What became of a participant."""

    EXACT = "exact"
    FUZZY = "fuzzy"
    REVIEW = "review"
    NO_MATCH = "no_match"


class Method(Coded):
    """What a match rests on."""

    ADDRESS_EXACT = "address exact"
    ADDRESS_NORMALISED = "address normalised"
    STATE_ROUTE = "state route"
    ADDRESS_AND_CITY = "address and city"
    ADDRESS_SIMILAR = "address similar"
    NAME_AND_ADDRESS = "name and address"


class Reason(Coded):
    """Why there is no match."""

    NO_ADDRESS = "no address"
    PO_BOX = "PO box"
    ZIP_OUTSIDE = "ZIP outside loaded counties"
    COUNTY_NOT_LOADED = "county not loaded"
    STREET_UNKNOWN = "street unknown"
    NUMBER_UNKNOWN = "number unknown"
    SEVERAL = "several equal candidates"
    WEAK = "evidence too weak"
    NO_RECORD = "no demographic record"


@dataclass(frozen=True, slots=True)
class Residences:
    """One entry a participant.

    Attributes:
        county: index into the counties asked, NONE without a candidate.
        row: the best candidate's row of that county's gazetteer.
        score: the probability that its parcel is the participant's; NaN without a candidate.
        rival: the probability of the next parcel.
        quality, method, reason: codes of `Quality`, `Method` and `Reason`; NONE where there is none.
    """

    counties: list[str]
    county: NDArray[np.int32]
    row: NDArray[np.int64]
    score: NDArray[np.float64]
    quality: Codes
    method: Codes
    reason: Codes


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
    quality = np.full(len(ours), Quality.NO_MATCH.code, np.int8)
    method = np.full(len(ours), NONE, np.int8)
    is_match = (best.score >= MATCH) & ~best.outdone
    is_review = ~is_match & ((best.all >= REVIEW) | best.exact)
    quality[is_review] = Quality.REVIEW.code
    quality[is_match] = np.where(best.exact, Quality.EXACT.code, Quality.FUZZY.code)[is_match]
    rows = np.flatnonzero(is_match)
    method[rows] = best.method[rows]
    _tell_verbatim(method, rows, best, verbatim, counties, listed)
    reason = _reasons(ours, po_box, choice.zip_known, choice.zip_prepared, street)
    several = (best.rival > 1 - MATCH) | best.outdone | (best.exact & ~is_match)
    reason[is_review] = np.where(several, Reason.SEVERAL.code, Reason.WEAK.code)[is_review]
    reason[is_match] = NONE
    return Residences(listed, best.county, best.row, best.score, quality, method, reason)


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
    method: Codes


def _best(
    found: list[tuple[int, NDArray[np.int64], Candidates]], counties: Mapping[str, PreparedCounty], count: int
) -> _Best:
    best = _Best(
        np.full(count, NONE, np.int32), np.full(count, NONE, np.int64), np.full(count, np.nan), np.zeros(count),
        np.zeros(count), np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.full(count, NONE, np.int8),
    )  # fmt: skip
    if not found:
        return best
    prepared = list(counties.values())
    places = np.array([place for place, _, _ in found], np.int32)
    county = np.repeat(places, [len(candidates.compared.pairs) for _, _, candidates in found])
    pairs = [
        (rows[each.left], each.right, prepared[place].index.gazetteer.parcel[each.right], candidates.odds)
        for place, rows, candidates in found
        for each in [candidates.compared.pairs]
    ]
    participant, row, parcel, odds = (np.concatenate(column) for column in zip(*pairs, strict=True))
    exact, method, named = (
        np.concatenate(column)
        for column in zip(*(_kinds(candidates.compared) for _, _, candidates in found), strict=True)
    )
    order = stable_order(participant)  # within a participant by county, parcel and row, as they were found
    # A parcel that was found by several addresses counts once, with the best of them.
    is_new = is_first(participant[order]) | is_first(county[order]) | is_first(parcel[order])
    order = order[_highest(odds[order], np.flatnonzero(is_new))]
    participant, odds, exact = participant[order], odds[order], exact[order]
    starts = np.flatnonzero(is_first(participant))
    if not len(starts):
        return best
    who, score = participant[starts], posteriors(participant, odds)
    best.all[who] = np.add.reduceat(score, starts)
    first = _highest(odds, starts)
    exact_first = _highest(np.where(exact, odds, -np.inf), starts)
    taken = np.where(exact[exact_first] & ~named[order[first]], exact_first, first)
    chosen = order[taken]
    best.county[who], best.row[who], best.score[who] = county[chosen], row[chosen], score[taken]
    best.exact[who], best.outdone[who] = exact[taken], taken != first
    best.method[who] = method[chosen]
    score[first] = 0
    best.rival[who] = np.maximum.reduceat(score, starts)
    return best


def _highest(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each run of values, which begin at `starts`, the place of the first highest one."""
    if not len(starts):
        return starts
    sizes = np.diff(starts, append=len(values))
    highest = np.flatnonzero(values == np.repeat(np.maximum.reduceat(values, starts), sizes))
    return highest[np.searchsorted(highest, starts)]


def _kinds(compared: Comparison) -> tuple[NDArray[np.bool_], Codes, NDArray[np.bool_]]:
    """Whether the pairs agree in all of the address, what they rest on, and whether a last name speaks for them."""
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
    method = np.full(len(compared.pairs), Method.ADDRESS_SIMILAR.code, np.int8)
    method[~same_zip & same_city & (compared.name == Name.SAME)] = Method.ADDRESS_AND_CITY.code
    method[by_name] = Method.NAME_AND_ADDRESS.code
    method[exact] = Method.ADDRESS_NORMALISED.code
    return exact, method, compared.person <= Person.LAST


def _tell_verbatim(
    method: Codes,
    rows: NDArray[np.int64],
    best: _Best,
    verbatim: pa.Array,
    counties: Mapping[str, PreparedCounty],
    listed: list[str],
) -> None:
    """Tell addresses that are written alike, and numbered routes, from others that agree once normalised."""
    for place, name in enumerate(listed):
        mine = rows[(best.county[rows] == place) & (method[rows] == Method.ADDRESS_NORMALISED.code)]
        if not len(mine):
            continue
        index = counties[name].index
        found = index.gazetteer
        theirs = index.parcels["parcel_address"].take(pa.array(found.parcel[best.row[mine]])).combine_chunks()
        alike = pc.equal(_as_compared(verbatim.take(pa.array(mine))), _as_compared(theirs))
        streets = found.places.street
        routes = pc.match_substring_regex(streets.distinct, _ROUTE).to_numpy(zero_copy_only=False)
        method[mine[routes[streets.codes[best.row[mine]]]]] = Method.STATE_ROUTE.code
        method[mine[pc.fill_null(alike, fill_value=False).to_numpy(zero_copy_only=False)]] = (
            Method.ADDRESS_EXACT.code
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
) -> Codes:
    """Why each would not be matched, if it is not: what is told last wins."""
    reason = np.full(len(ours), Reason.NUMBER_UNKNOWN.code, np.int8)
    reason[street <= Street.ELSEWHERE] = Reason.STREET_UNKNOWN.code
    has_zip = ours.zip > 0
    reason[has_zip & ~zip_prepared & (street <= Street.ELSEWHERE)] = Reason.COUNTY_NOT_LOADED.code
    reason[has_zip & ~zip_known & (street <= Street.ELSEWHERE)] = Reason.ZIP_OUTSIDE.code
    reason[ours.street.codes == NONE] = Reason.NO_ADDRESS.code
    reason[po_box] = Reason.PO_BOX.code
    return reason
