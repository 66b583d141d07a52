"""The assets made by matching a campaign: `residence_matches`, `demographic_matches`, `matched_participants_csv`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.campaign_spec import campaign_spec
from octopus_pipeline.assets.county_specs import INDEX_KEY
from octopus_pipeline.assets.descriptions import column_schema, rate
from octopus_pipeline.assets.engagement import DEMOGRAPHIC_KEY, ENGAGEMENT_KEY, RESIDENCE_KEY
from octopus_pipeline.assets.match_checks import named
from octopus_pipeline.exports.matched_participants import MATCHED_SCHEMA
from octopus_pipeline.sync.matches import (
    DEMOGRAPHIC_MATCHES,
    DEMOGRAPHIC_MATCHES_SCHEMA,
    RESIDENCE_MATCHES,
    RESIDENCE_MATCHES_SCHEMA,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.exports.matched_participants import MatchedFiles
    from octopus_pipeline.store.tables import TableStore
    from octopus_pipeline.sync.matches import MatchResult

_NO_COUNTY = "none is loaded: nobody was looked for"

MATCHED_CSV_KEY = dg.AssetKey("matched_participants_csv")

# All counties: a participant's ZIP code may be of several, or wrong.
_COUNTIES = dg.AssetDep(INDEX_KEY, partition_mapping=dg.AllPartitionMapping())

RESIDENCE_SPEC = campaign_spec(
    RESIDENCE_KEY,
    deps=[ENGAGEMENT_KEY, _COUNTIES],
    description="Where each contact lives: the county parcel, how it was found and how sure that is, or why there is "
    "none. Analysts' decisions overrule what was found. Each distinct person is matched once, not once a campaign.",
    group="matching",
    kinds={"python", "parquet"},
    columns=column_schema(RESIDENCE_MATCHES_SCHEMA),
)

DEMOGRAPHIC_SPEC = campaign_spec(
    DEMOGRAPHIC_KEY,
    deps=[ENGAGEMENT_KEY, _COUNTIES],
    description="The customer's record of each contact: by e-mail address or phone, else by the parcel of the "
    "residence, else by name on the street; or why there is none.",
    group="matching",
    kinds={"python", "parquet"},
    columns=column_schema(DEMOGRAPHIC_MATCHES_SCHEMA),
)

MATCHED_CSV_SPEC = campaign_spec(
    MATCHED_CSV_KEY,
    deps=[ENGAGEMENT_KEY, RESIDENCE_KEY, DEMOGRAPHIC_KEY],
    description="The campaign's participants whose household is known, for analysts: name, age and income of the "
    "customer's record, year of the house. `Applied` is empty: who applied for assistance is not known to this system "
    "yet. Beside it a file of the other participants, with the reason.",
    group="exports",
    kinds={"python", "csv"},
    columns=column_schema(MATCHED_SCHEMA),
)


def matches_metadata(result: MatchResult, tables: TableStore, key: str) -> dict[dg.AssetKey, dict[str, Any]]:
    """Rates in percent, by quality and method, of the two assets; no county loaded is said in words."""
    counts = result.counts
    common: dict[str, Any] = {
        "dagster/row_count": counts.rows,
        "counties": ", ".join(result.counties) or _NO_COUNTY,
    }
    residence, demographic = common.copy(), common.copy()
    if result.counties:
        residence |= {
            "residence_rate": rate(counts.at_residence, counts.rows),
            "residence_rate_within_loaded_counties": rate(counts.at_residence, counts.within),
            "by_quality": _shares(counts.residence, counts.rows),
            "by_method": _shares(counts.residence_methods, counts.rows),
            "reasons": _shares(counts.reasons, counts.rows),
        }
        demographic |= {
            "demographic_rate": rate(counts.with_record, counts.rows),
            "demographic_rate_within_loaded_counties": rate(counts.with_record, counts.within),
            "by_quality": _shares(counts.demographic, counts.rows),
            "by_method": _shares(counts.demographic_methods, counts.rows),
        }
    if counts.decided:
        residence["decided"] = counts.decided
        residence["decided_precision"] = rate(counts.decided_right, counts.decided)
    if result.missing_parcels:
        residence["decided_parcels_not_found"] = named(result.missing_parcels)
    return {
        RESIDENCE_KEY: residence | _table(tables, RESIDENCE_MATCHES, key),
        DEMOGRAPHIC_KEY: demographic | _table(tables, DEMOGRAPHIC_MATCHES, key),
    }


def matched_csv_metadata(files: MatchedFiles | None) -> dict[str, Any]:
    """Where the two files lie and how many participants each has; in words that there are none."""
    if files is None:
        return {"counties": _NO_COUNTY}
    return {
        "dagster/row_count": files.matched_rows,
        "unmatched": files.unmatched_rows,
        "file": dg.MetadataValue.path(str(files.matched)),
        "unmatched_file": dg.MetadataValue.path(str(files.unmatched)),
    }


def _table(tables: TableStore, table: str, key: str) -> dict[str, Any]:
    if not tables.exists(table, key):
        return {}
    return {"table": dg.MetadataValue.path(tables.location(table, key))}


def _shares(counts: Mapping[str, int], rows: int) -> dg.JsonMetadataValue:
    return dg.MetadataValue.json(
        {name: {"contacts": count, "percent": rate(count, rows)} for name, count in counts.items()}
    )
