"""Why a participant was or was not matched: everything the matching looked at, as data for people to read.

The numbers are those that `find_households` decides by, taken apart. Weights are in bits: one bit more doubles the odds
that a parcel is the participant's, one less halves them; a candidate's prior and findings add up to its odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from octopus_pipeline.counties.zip_counties import counties_of
from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.blocking import number_keys
from octopus_pipeline.matching.candidates import find_candidates
from octopus_pipeline.matching.comparable import NONE, households, places
from octopus_pipeline.matching.context import Area, Street
from octopus_pipeline.matching.county_choice import LEAST, choose_counties
from octopus_pipeline.matching.demographic_ways import demographic_ways
from octopus_pipeline.matching.findings import NATS_A_BIT, Finding, findings
from octopus_pipeline.matching.households import PARTICIPANT_SCHEMA, find_households
from octopus_pipeline.matching.names import normalize_first_last
from octopus_pipeline.matching.posterior import posteriors
from octopus_pipeline.matching.residences import MATCH, REVIEW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from octopus_pipeline.matching.candidates import Candidates
    from octopus_pipeline.matching.comparable import Households, Places
    from octopus_pipeline.matching.demographic_ways import DemographicWay
    from octopus_pipeline.matching.prepared import PreparedCounties, PreparedCounty

MOST_SHOWN: Final = 5
"""Candidates that are told one by one."""

DEMOGRAPHIC_SHOWN: Final = (
    "county", "parcel_id", "customer_name", "match_quality", "match_method", "match_score", "reason", "agrees",
)  # fmt: skip
"""What is told of a demographic record: who and how, not what the household earns and pays."""


class ShareBy(StrEnum):
    """What a county's share of a participant rests on."""

    ZIP = "ZIP"
    CITY = "city"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class ZipCounty:
    """A county of the participant's ZIP: its share of the ZIP's addresses, and whether it is loaded."""

    county: str
    share: float
    loaded: bool


@dataclass(frozen=True, slots=True)
class CountyKnowledge:
    """What a county that was looked into knows of the participant's street, ZIP and city.

    Attributes:
        county: its key.
        share: how likely it is the participant's, from 0 to 1, before its addresses are looked at.
        share_by: what that rests on.
        street, area: names of `Street` and `Area`.
        candidates: parcels of it that were compared and may be right.
    """

    county: str
    share: float
    share_by: ShareBy
    street: str
    area: str
    candidates: int


@dataclass(frozen=True, slots=True)
class CandidateExplanation:
    """A parcel that may be the participant's, and what speaks for and against it.

    Attributes:
        county, parcel_id, address, city, zip: the parcel.
        alike: addresses of the county with its number, street and ZIP, itself among them.
        prior_bits: before any parcel is compared: how often a participant of whom the county knows as much lives there.
        county_bits: the county's share.
        findings: what agrees and differs.
        bits: the sum of all these: the logarithm of the odds, other candidates aside.
        probability: the other candidates considered.
    """

    county: str
    parcel_id: str
    address: str | None
    city: str | None
    zip: int | None
    alike: int
    prior_bits: float
    county_bits: float
    findings: tuple[Finding, ...]
    bits: float
    probability: float


@dataclass(frozen=True, slots=True)
class AnalystsWord:
    """What an analyst decided of the participant: `right`, `wrong` or `parcel`, and of which parcel (COUNTY/ID)."""

    verdict: str
    parcel: str | None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a participant was or was not matched.

    Attributes:
        participant: as it was given (`PARTICIPANT_SCHEMA`).
        address: the same, normalised (`ADDRESS_SCHEMA`).
        loaded: every county that is loaded.
        zip_counties: the counties of the ZIP, the largest first.
        counties: those looked into, the likeliest first.
        candidates: the best, at most `MOST_SHOWN`.
        others, others_probability: how many more there are, and what they have together.
        none_probability: that none of the candidates is right.
        bar, review_bar: from which probability on it is a match, and something to look at.
        residence: the answer of `find_households` (`RESIDENCE_SCHEMA`).
        demographic: the same, `DEMOGRAPHIC_SHOWN`.
        ways: how the demographic record was looked for.
        decision: overrules the matching, if there is one.
    """

    participant: dict[str, str | None]
    address: dict[str, Any]
    loaded: tuple[str, ...]
    zip_counties: tuple[ZipCounty, ...]
    counties: tuple[CountyKnowledge, ...]
    candidates: tuple[CandidateExplanation, ...]
    others: int
    others_probability: float
    none_probability: float
    bar: float
    review_bar: float
    residence: dict[str, Any]
    demographic: dict[str, Any]
    ways: tuple[DemographicWay, ...]
    decision: AnalystsWord | None = None


def explain(
    participant: Mapping[str, str | None], counties: PreparedCounties, decision: AnalystsWord | None = None
) -> Explanation:
    """Explain what `find_households` answers of one participant (by `PARTICIPANT_SCHEMA`; what is left out is empty).

    Raises:
        IndexFileError: if a county's index cannot be read.
    """
    table = pa.Table.from_pylist(
        [{name: participant.get(name) for name in PARTICIPANT_SCHEMA.names}], PARTICIPANT_SCHEMA
    )
    answer = find_households(table, counties)
    residence, demographic = answer.residence.to_pylist()[0], answer.demographic.to_pylist()[0]
    prepared = {name: counties.county(name) for name in counties.counties}
    addresses = normalize_addresses(table["address"], table["city"], table["zip"])
    ours = places(addresses)
    names = households(normalize_first_last(table["first_name"], table["last_name"]))
    looked = _look(ours, names, prepared)
    ranked = _ranked(looked)
    probabilities = posteriors(np.zeros(len(ranked), np.int64), np.array([one.odds for one in ranked]))
    shown = [
        _candidate(one, ours, names, probability)
        for one, probability in zip(ranked[:MOST_SHOWN], probabilities.tolist(), strict=False)
    ]
    return Explanation(
        participant=table.to_pylist()[0],
        address=addresses.to_pylist()[0],
        loaded=tuple(prepared),
        zip_counties=tuple(
            ZipCounty(county, share, county in prepared) for county, share in counties_of(int(ours.zip[0]))
        ),
        counties=tuple(_knowledge(one, ours, ranked) for one in looked),
        candidates=tuple(shown),
        others=len(ranked) - len(shown),
        others_probability=float(probabilities[len(shown) :].sum()),
        none_probability=max(0.0, 1 - float(probabilities.sum())),
        bar=MATCH,
        review_bar=REVIEW,
        residence=residence,
        demographic={name: demographic[name] for name in DEMOGRAPHIC_SHOWN},
        ways=demographic_ways(table, residence, demographic, names, prepared),
        decision=decision,
    )


class _Look(NamedTuple):
    """A county that was looked into, and what was found there."""

    name: str
    county: PreparedCounty
    share: float
    candidates: Candidates


class _Ranked(NamedTuple):
    """A parcel that may be right: `pair` is its best pair, natural logarithms of the odds."""

    look: _Look
    parcel: int
    pair: int
    odds: float


def _look(ours: Places, names: Households, counties: Mapping[str, PreparedCounty]) -> list[_Look]:
    """The counties looked into, the likeliest first; none without a street to look for."""
    if ours.street.codes[0] == NONE:
        return []
    choice = choose_counties(
        ours, list(counties), {name: county.city_parcels for name, county in counties.items()}
    )
    keys = number_keys(ours)
    found = []
    for name, county in counties.items():
        share = choice.shares[name]
        if share[0] >= LEAST:
            candidates = find_candidates(county.index, county.own, ours, names, keys, share)
            found.append(_Look(name, county, float(share[0]), candidates))
    return sorted(found, key=lambda one: (-one.share, one.name))


def _ranked(looked: Sequence[_Look]) -> list[_Ranked]:
    """Every parcel that was compared, once, the likeliest first: in the order in which the matching takes them."""
    best: dict[tuple[str, int], _Ranked] = {}
    for look in looked:
        parcels = look.county.index.gazetteer.parcel[look.candidates.compared.pairs.right]
        for pair, (parcel, odds) in enumerate(
            zip(parcels.tolist(), look.candidates.odds.tolist(), strict=True)
        ):
            known = best.get((look.name, parcel))
            if known is None or odds > known.odds:
                best[look.name, parcel] = _Ranked(look, parcel, pair, odds)
    return sorted(best.values(), key=lambda one: (-one.odds, one.look.name, one.parcel))


def _knowledge(look: _Look, ours: Places, ranked: Sequence[_Ranked]) -> CountyKnowledge:
    by_zip = dict(counties_of(int(ours.zip[0])))
    has_city = any(area == look.candidates.context.area[0] for area in _WITH_CITY)
    other = ShareBy.CITY if has_city else ShareBy.SIZE
    context = look.candidates.context
    return CountyKnowledge(
        county=look.name,
        share=look.share,
        share_by=ShareBy.ZIP if by_zip.get(look.name, 0) >= look.share else other,
        street=Street(int(context.street[0])).name,
        area=Area(int(context.area[0])).name,
        candidates=sum(one.look is look for one in ranked),
    )


_WITH_CITY: Final = (Area.AGREE, Area.DISAGREE, Area.ONLY_CITY, Area.UNKNOWN_ZIP)


def _candidate(ranked: _Ranked, ours: Places, names: Households, probability: float) -> CandidateExplanation:
    look, pair = ranked.look, ranked.pair
    index, candidates = look.county.index, look.candidates
    parcel = index.parcels.slice(ranked.parcel, 1).to_pylist()[0]
    row = int(candidates.compared.pairs.right[pair])
    county_bits = float(np.log2(look.share))
    return CandidateExplanation(
        county=look.name,
        parcel_id=parcel["parcel_id"],
        address=parcel["parcel_address"],
        city=parcel["parcel_city"],
        zip=parcel["parcel_zip"],
        alike=int(index.gazetteer.crowd[row]),
        prior_bits=float(candidates.prior[pair]) / NATS_A_BIT - county_bits,
        county_bits=county_bits,
        findings=findings(candidates, pair, ours, names, index.gazetteer),
        bits=ranked.odds / NATS_A_BIT,
        probability=probability,
    )
