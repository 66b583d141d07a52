"""Campaigns' match tables in figures: rates by county, ZIP, method and score, reasons, and streets; nobody is named."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.counties.zip_counties import candidate_counties
from octopus_pipeline.matching.address import normalize_addresses
from octopus_pipeline.matching.residences import Quality, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from octopus_pipeline.store.tables import TableStore

RESIDENCE_MATCHES: Final = "residence_matches"
DEMOGRAPHIC_MATCHES: Final = "demographic_matches"
ENGAGEMENT: Final = "engagement"

BAND_EDGES: Final = (0.0, 0.5, 0.8, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Where the bands of scores begin; the last ends at 1."""

UNKNOWN: Final = "unknown"
"""The county or ZIP of participants who tell none."""

DECISION: Final = "decision"
"""The method of what analysts decided: it says nothing of how well the matching does."""

_MATCHED: Final = pa.array([Quality.EXACT, Quality.FUZZY])
_WHERE: Final = ["contact_id", "address", "city", "zip"]
_RESIDENCE: Final = [
    "contact_id", "county", "parcel_zip", "match_quality", "match_method", "match_score", "reason", "review_county",
]  # fmt: skip
_DEMOGRAPHIC: Final = ["match_quality", "match_method", "reason", "agrees"]


@dataclass(frozen=True, slots=True)
class UnmatchedStreet:
    """A street that is known, with participants at house numbers that are not; `people` are contacts, each once."""

    street: str
    zip: str
    county: str
    people: int


@dataclass(slots=True)
class MatchFigures:
    """Counts of campaigns' participants; a contact counts once in each of its campaigns.

    Attributes:
        campaigns: how many campaigns there are.
        quality: quality -> participants.
        counties, zips: where participants are (see `read_figures`) -> quality -> participants.
        methods: method -> participants matched by it.
        method_errors: method -> how many of them are expected to be wrong.
        bands: for each of `BAND_EDGES`: quality -> participants whose best candidate has such a score.
        band_errors: how many of the matched ones of each band are expected to be wrong.
        reasons: (`review` or `no_match`, reason) -> participants.
        streets: streets with two or more unmatched people, those with most first.
        demographic_quality, demographic_methods, demographic_reasons: the same of the demographic records.
        disagreeing: demographic records of another parcel than the address.
    """

    campaigns: int = 0
    quality: Counter[str] = field(default_factory=Counter)
    counties: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    zips: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    methods: Counter[str] = field(default_factory=Counter)
    method_errors: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    bands: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in BAND_EDGES])
    band_errors: list[float] = field(default_factory=lambda: [0.0] * len(BAND_EDGES))
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    streets: list[UnmatchedStreet] = field(default_factory=list)
    demographic_quality: Counter[str] = field(default_factory=Counter)
    demographic_methods: Counter[str] = field(default_factory=Counter)
    demographic_reasons: Counter[str] = field(default_factory=Counter)
    disagreeing: int = 0

    @property
    def participants(self) -> int:
        """All of them."""
        return self.quality.total()

    @property
    def judged(self) -> int:
        """Matched by the matching itself, not by analysts."""
        return self.methods.total() - self.methods[DECISION]

    @property
    def expected_errors(self) -> float:
        """How many of `judged` are wrong if the scores are right: the sum of what each lacks to certainty."""
        return sum(self.method_errors.values())


def matched(counts: Counter[str]) -> int:
    """How many of some qualities' participants are matched."""
    return counts[Quality.EXACT] + counts[Quality.FUZZY]


def read_figures(tables: TableStore, campaigns: Iterable[str] | None = None) -> MatchFigures:
    """Count the match tables of campaigns (partitions; all that were matched by default), one batch at a time.

    A participant is in the ZIP that it tells (else that of its parcel), and in the county of its parcel or of the
    candidate to review (else the one that has most of its ZIP).

    Raises:
        TableNotFoundError: if a campaign was not matched, or its engagement is gone.
        DamagedTableError: if a table cannot be read.
    """
    figures = MatchFigures()
    people: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
    for campaign in tables.partitions(RESIDENCE_MATCHES) if campaigns is None else campaigns:
        figures.campaigns += 1
        where = _single_batch(tables.read(ENGAGEMENT, campaign, _WHERE))
        for batch in tables.batches(RESIDENCE_MATCHES, campaign, _RESIDENCE):
            _count_residences(figures, people, batch, where)
        for batch in tables.batches(DEMOGRAPHIC_MATCHES, campaign, _DEMOGRAPHIC):
            _count_demographics(figures, batch)
    found = [UnmatchedStreet(*street, len(contacts)) for street, contacts in people.items()]
    figures.streets = sorted(
        (one for one in found if one.people > 1), key=lambda one: (-one.people, one.street, one.zip)
    )
    return figures


def _count_residences(
    figures: MatchFigures,
    people: defaultdict[tuple[str, str, str], set[int]],
    rows: pa.RecordBatch,
    where: pa.RecordBatch,
) -> None:
    said = where.take(pc.index_in(rows["contact_id"], value_set=where["contact_id"]))
    quality = rows["match_quality"]
    is_match = pc.is_in(quality, value_set=_MATCHED)
    others = pc.indices_nonzero(pc.invert(is_match))
    left = said.take(others)
    addresses = _single_batch(normalize_addresses(left["address"], left["city"], left["zip"]))
    zips = pc.coalesce(cleaning.zips(said["zip"]), rows["parcel_zip"])
    typed = pc.coalesce(zips.take(others), addresses["zip"])
    zips = pc.replace_with_mask(zips, pc.invert(is_match), typed)
    county = pc.coalesce(rows["county"], rows["review_county"], _main_counties(zips), UNKNOWN)
    zip_texts = pc.coalesce(pc.utf8_lpad(zips.cast(pa.string()), 5, "0"), UNKNOWN)
    figures.quality.update(quality.to_pylist())
    for place, counts in ((county, figures.counties), (zip_texts, figures.zips)):
        for (name, kind), count in _counted(place, quality).items():
            counts[name][kind] += count
    figures.reasons.update(_counted(quality.take(others), rows["reason"].take(others)))
    _count_scores(figures, rows, is_match.to_numpy(zero_copy_only=False))
    _gather_people(people, rows.take(others), addresses, county.take(others), zip_texts.take(others))


def _count_scores(figures: MatchFigures, rows: pa.RecordBatch, is_match: NDArray[np.bool_]) -> None:
    methods = rows["match_method"].to_pylist()
    scores = pc.fill_null(rows["match_score"], np.nan).to_numpy()
    decided = np.array([method == DECISION for method in methods], np.bool_)
    errors = np.where(is_match & ~decided, 1 - scores, 0.0)
    for row in np.flatnonzero(is_match).tolist():
        figures.methods[methods[row]] += 1
        if not decided[row]:
            figures.method_errors[methods[row]] += float(errors[row])
    scored = np.flatnonzero(~np.isnan(scores) & ~decided)
    bands = np.searchsorted(np.array(BAND_EDGES), scores[scored], side="right") - 1
    kinds = rows["match_quality"].take(pa.array(scored))
    for (band, kind), count in _counted(pa.array(bands), kinds).items():
        figures.bands[band][kind] += count
    for band, error in enumerate(np.bincount(bands, errors[scored], len(BAND_EDGES)).tolist()):
        figures.band_errors[band] += error


def _gather_people(
    people: defaultdict[tuple[str, str, str], set[int]],
    rows: pa.RecordBatch,
    addresses: pa.RecordBatch,
    county: pa.Array,
    zips: pa.Array,
) -> None:
    """Remember who lives on a known street at an unknown number; of a contact no more than a checksum."""
    kept = pc.indices_nonzero(pc.equal(rows["reason"], Reason.NUMBER_UNKNOWN))
    columns = [
        *(addresses[name].take(kept).to_pylist() for name in ("direction", "street", "street_type")),
        zips.take(kept).to_pylist(),
        county.take(kept).to_pylist(),
        rows["contact_id"].take(kept).to_pylist(),
    ]
    for *street, zip_code, in_county, contact_id in zip(*columns, strict=True):
        people[" ".join(filter(None, street)), zip_code, in_county].add(hash(contact_id))


def _count_demographics(figures: MatchFigures, rows: pa.RecordBatch) -> None:
    quality = rows.column("match_quality")
    figures.demographic_quality.update(quality.to_pylist())
    is_match = pc.is_in(quality, value_set=_MATCHED)
    figures.demographic_methods.update(rows.column("match_method").filter(is_match).to_pylist())
    figures.demographic_reasons.update(rows.column("reason").drop_null().to_pylist())
    figures.disagreeing += rows.column("agrees").false_count


def _single_batch(table: pa.Table) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _main_counties(zips: pa.Array) -> pa.Array:
    """The county that has most of each ZIP; null where none has it."""
    pairs = candidate_counties(zips)
    rows, first = np.unique(pairs["row"].to_numpy(), return_index=True)
    place = np.full(len(zips), -1, np.int64)
    place[rows] = first
    return pairs["county"].take(pa.array(place, mask=place < 0)).combine_chunks()


def _counted(left: pa.Array, right: pa.Array | pa.ChunkedArray) -> Counter[tuple[Any, Any]]:
    return Counter(zip(left.to_pylist(), right.to_pylist(), strict=True))
