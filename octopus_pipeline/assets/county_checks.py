"""Asset checks of a county: what tells records that are damaged, short or another county's. They warn, never stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.checks import latest_materialization
from octopus_pipeline.assets.county_specs import TABLE_KEYS
from octopus_pipeline.assets.descriptions import rate
from octopus_pipeline.assets.partitions import COUNTY_PARTITIONS
from octopus_pipeline.counties.fields import DEMOGRAPHIC, RESIDENTIAL
from octopus_pipeline.counties.zip_counties import outside, zips_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.counties import CountyResult
    from octopus_pipeline.sync.county_state import TableState

LEAST_NUMBERED_PERCENT = 90
"""Parcels that should have an address with a house number; the others are land, roads and cemeteries."""

MOST_REPEATED_PERCENT = 2
"""Rows that may repeat a parcel id: sales of a year, say. More of them are another kind of table."""

MOST_OUTSIDE_PERCENT = 5
"""Rows that may have a ZIP code of other counties alone: owners' addresses in place of parcels', slips."""

_SHOWN_ZIPS = 10

_DESCRIPTIONS = {
    "did_not_shrink": "The collection has not fewer records than before, by more than OCTOPUS_LARGEST_FALL_POINTS "
    "percent.",
    "zips_are_of_the_county": f"At most {MOST_OUTSIDE_PERCENT} % of the rows have a ZIP code that is other counties' "
    "alone, by the Census Bureau's table.",
    "parcels_have_house_numbers": f"At least {LEAST_NUMBERED_PERCENT} % of the rows have an address with a house "
    "number.",
    "parcel_ids_are_unique": f"At most {MOST_REPEATED_PERCENT} % of the rows repeat a parcel id.",
}
_CHECKS = {
    RESIDENTIAL.name: tuple(_DESCRIPTIONS),
    # Several customers at a parcel are usual, and so are addresses of no house: street lights, wells.
    DEMOGRAPHIC.name: ("did_not_shrink", "zips_are_of_the_county"),
}

COUNTY_CHECK_SPECS = [
    dg.AssetCheckSpec(
        name, asset=TABLE_KEYS[kind], description=_DESCRIPTIONS[name], partitions_def=COUNTY_PARTITIONS
    )
    for kind, names in _CHECKS.items()
    for name in names
]

_Evaluation = tuple[str, bool, dict[str, Any]]


def county_check_evaluations(
    result: CountyResult, settings: Settings, instance: dg.DagsterInstance
) -> Iterator[dg.AssetCheckEvaluation]:
    """Every check of the tables that were wanted, bound to the materialisation it looked at."""
    for kind, table in result.tables.items():
        target = latest_materialization(instance, TABLE_KEYS[kind], result.county)
        for name, passed, metadata in _evaluations(result.county, table.state, settings):
            if name in _CHECKS[kind]:
                yield dg.AssetCheckEvaluation(
                    asset_key=TABLE_KEYS[kind],
                    check_name=name,
                    passed=passed,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata=metadata,
                    target_materialization_data=target,
                    partition=result.county,
                )


def _evaluations(county: str, table: TableState, settings: Settings) -> Iterator[_Evaluation]:
    counts, before = table.counts, table.rows_before
    fall = rate(before - counts.rows, before) if before else 0.0
    yield (
        "did_not_shrink",
        fall <= settings.octopus_largest_fall_points,
        {
            "rows": counts.rows,
            "rows_before": before if before is not None else "never read before",
            "fall_percent": fall,
        },
    )
    numbered = rate(counts.with_house_number, counts.rows)
    yield (
        "parcels_have_house_numbers",
        not counts.rows or numbered >= LEAST_NUMBERED_PERCENT,
        {"percent_with_house_number": numbered},
    )
    repeated = rate(counts.duplicate_parcel_ids, counts.rows)
    yield (
        "parcel_ids_are_unique",
        repeated <= MOST_REPEATED_PERCENT,
        {"rows_with_a_repeated_id": counts.duplicate_parcel_ids, "percent": repeated},
    )
    if zips_of(county):  # of counties of other states the table knows nothing
        elsewhere = outside(county, counts.zips)
        share = rate(sum(elsewhere.values()), counts.rows)
        most = sorted(elsewhere.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN_ZIPS]
        yield (
            "zips_are_of_the_county",
            share <= MOST_OUTSIDE_PERCENT,
            {"percent_outside": share, "rows_outside": {f"{code:05d}": rows for code, rows in most}},
        )
