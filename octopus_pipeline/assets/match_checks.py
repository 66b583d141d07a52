"""Checks of a campaign's matches: they warn and never block, and are made where a county is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.engagement import DEMOGRAPHIC_KEY, RESIDENCE_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.matches import MatchCounts, MatchResult

LEAST_DECIDED = 20
"""A precision of fewer decided matches says little."""

LEAST_PRECISION = 0.95

_MOST_NAMED = 50

MATCH_CHECKS = {
    (
        RESIDENCE_KEY,
        "residence_rate",
    ): "Of the contacts in loaded counties, enough were found at a residence (OCTOPUS_RESIDENCE_SHARE).",
    (
        RESIDENCE_KEY,
        "share_of_review",
    ): "Not too many contacts are left to review (OCTOPUS_REVIEW_SHARE): `octopus match review` lists them.",
    (
        RESIDENCE_KEY,
        "rates_never_fell",
    ): "Neither rate is much lower than after the last run (OCTOPUS_LARGEST_FALL_POINTS).",
    (
        RESIDENCE_KEY,
        "no_crowded_parcel",
    ): "No house is the residence of many distinct people, none of whom names a unit.",
    (
        RESIDENCE_KEY,
        "decided_precision",
    ): "Of the households found that analysts decided about, nearly all were right; decided parcels are still there.",
    (
        DEMOGRAPHIC_KEY,
        "demographic_rate",
    ): "Of the contacts in loaded counties, enough have a customer's record (OCTOPUS_DEMOGRAPHIC_SHARE).",
}
"""Asset and name of each check -> what it looks at."""


def match_evaluations(
    result: MatchResult, settings: Settings
) -> Iterator[tuple[dg.AssetKey, str, bool, dict[str, Any]]]:
    """Asset, name, whether it passed, and metadata of every check; none if no county is loaded."""
    if not result.counties:
        return
    counts, before = result.counts, result.before
    within, to_review = counts.within, _share(counts.to_review, counts.within)
    residence, demographic = _shares(counts)
    yield (
        RESIDENCE_KEY,
        "residence_rate",
        not within or residence >= settings.octopus_residence_share,
        {"share": residence, "contacts_in_loaded_counties": within, "contacts": counts.rows},
    )
    yield (
        DEMOGRAPHIC_KEY,
        "demographic_rate",
        not within or demographic >= settings.octopus_demographic_share,
        {"share": demographic, "contacts_in_loaded_counties": within, "contacts": counts.rows},
    )
    yield (
        RESIDENCE_KEY,
        "share_of_review",
        to_review <= settings.octopus_review_share,
        {"share": to_review, "contacts_to_review": counts.to_review},
    )
    residence_before, demographic_before = _shares(before) if before else (0.0, 0.0)
    fall = max(residence_before - residence, demographic_before - demographic)
    yield (
        RESIDENCE_KEY,
        "rates_never_fell",
        100 * fall <= settings.octopus_largest_fall_points,
        {
            "residence_share": residence,
            "residence_share_before": residence_before,
            "demographic_share": demographic,
            "demographic_share_before": demographic_before,
        },
    )
    yield (
        RESIDENCE_KEY,
        "no_crowded_parcel",
        not result.collisions,
        {"crowded_parcels": len(result.collisions), "people_at_parcels": named(result.collisions)},
    )
    precision = _share(counts.decided_right, counts.decided)
    is_precise = counts.decided < LEAST_DECIDED or precision >= LEAST_PRECISION
    yield (
        RESIDENCE_KEY,
        "decided_precision",
        is_precise and not result.missing_parcels,
        {
            "decided": counts.decided,
            "decided_right": counts.decided_right,
            "decided_parcels_not_found": named(result.missing_parcels),
        },
    )


def named(people: Mapping[str, int]) -> dg.JsonMetadataValue:
    """The parcels of the most people, by county and id, with how many each has."""
    most = sorted(people.items(), key=lambda one: (-one[1], one[0]))[:_MOST_NAMED]
    return dg.MetadataValue.json(dict(most))


def _shares(counts: MatchCounts) -> tuple[float, float]:
    """Of the contacts in loaded counties, those with a residence and those with a customer's record."""
    return _share(counts.at_residence, counts.within), _share(counts.with_record, counts.within)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
