"""The assets made of a campaign's reports: `engagement`, `campaign_participants`, `campaign_csv`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.campaign_spec import campaign_spec
from octopus_pipeline.assets.descriptions import column_schema, preview, rate
from octopus_pipeline.assets.reports import REPORT_KEYS
from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA, FLAGS
from octopus_pipeline.exports.campaign_csv import CAMPAIGN_CSV_COLUMNS, PARTNER_COLUMNS
from octopus_pipeline.exports.match_columns import MATCH_CSV_SCHEMA
from octopus_pipeline.sync.matches import DEMOGRAPHIC_MATCHES_SCHEMA, RESIDENCE_MATCHES_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octopus_pipeline.sync.campaign import CampaignResult, EngagementCounts

ENGAGEMENT_KEY = dg.AssetKey("engagement")
PARTICIPANTS_KEY = dg.AssetKey("campaign_participants")
RESIDENCE_KEY = dg.AssetKey("residence_matches")
DEMOGRAPHIC_KEY = dg.AssetKey("demographic_matches")
PEOPLE_KEY = dg.AssetKey("people")
CSV_KEY = dg.AssetKey("campaign_csv")
CONTACTS_KEY = dg.AssetKey("contacts")

_MATCHES = {RESIDENCE_KEY: RESIDENCE_MATCHES_SCHEMA, DEMOGRAPHIC_KEY: DEMOGRAPHIC_MATCHES_SCHEMA}


def _lineage() -> dg.TableColumnLineage:
    """Where each column of `engagement` comes from."""
    reports = {flag: REPORT_KEYS[Report(flag)] for flag in FLAGS}
    deps: dict[str, list[dg.TableColumnDep]] = {
        "contact_id": [
            dg.TableColumnDep(asset_key=key, column_name="contact_id") for key in REPORT_KEYS.values()
        ],
        "email_address": [
            dg.TableColumnDep(asset_key=CONTACTS_KEY, column_name="email_address"),
            dg.TableColumnDep(asset_key=REPORT_KEYS[Report.SENT], column_name="email_address"),
        ],
        "status": [dg.TableColumnDep(asset_key=CONTACTS_KEY, column_name="status")],
    }
    for flag, key in reports.items():
        deps[flag] = [dg.TableColumnDep(asset_key=key, column_name="contact_id")]
        for edge in ("first_at", "last_at"):
            deps[f"{flag}_{edge}"] = [dg.TableColumnDep(asset_key=key, column_name="occurred_at")]
    clicked = dg.TableColumnDep(asset_key=reports["clicked"], column_name="contact_id")
    deps["opened"].append(clicked)
    for name in ENGAGEMENT_SCHEMA.names:
        deps.setdefault(name, [dg.TableColumnDep(asset_key=CONTACTS_KEY, column_name="fields")])
    return dg.TableColumnLineage(deps_by_column=deps)


def _csv_lineage() -> dg.TableColumnLineage:
    sources = {"email": "email_address"}
    deps = {
        name: [dg.TableColumnDep(asset_key=ENGAGEMENT_KEY, column_name=sources.get(name, name))]
        for name in PARTNER_COLUMNS
        if sources.get(name, name) in ENGAGEMENT_SCHEMA.names
    }
    for name in MATCH_CSV_SCHEMA.names:
        deps[name] = [
            dg.TableColumnDep(asset_key=key, column_name=name)
            for key, schema in _MATCHES.items()
            if name in schema.names
        ]
    return dg.TableColumnLineage(deps_by_column=deps)


# The UI takes column lineage from materialisations, not from definitions.
_LINEAGE = _lineage()
_CSV_LINEAGE = _csv_lineage()

ENGAGEMENT_SPEC = campaign_spec(
    ENGAGEMENT_KEY,
    deps=[*REPORT_KEYS.values(), CONTACTS_KEY],
    description="One row a contact: what he or she did with the campaign, merged from the six reports and all "
    "runs before. A flag that was once true stays true; a click implies an open.",
    group="engagement",
    kinds={"python", "duckdb", "parquet"},
    columns=column_schema(ENGAGEMENT_SCHEMA),
)

PARTICIPANTS_SPEC = campaign_spec(
    PARTICIPANTS_KEY,
    deps=[ENGAGEMENT_KEY],
    description="The campaign's contacts in MongoDB `emailoctopus_db.participants`: one document a contact, "
    "one merged upsert a run.",
    group="engagement",
    kinds={"python", "mongodb"},
    columns=dg.TableSchema(
        [
            dg.TableColumn("campaign_id", "string", "id of the campaign; unique together with contact_id"),
            dg.TableColumn("contact_id", "string", "id of the contact in EmailOctopus"),
            dg.TableColumn("email_address", "string", "as last known"),
            dg.TableColumn("status", "string", "SUBSCRIBED, UNSUBSCRIBED or PENDING, as last known"),
            dg.TableColumn("fields", "object", "the contact's fields, as last known"),
            *(dg.TableColumn(f"engagement.{flag}", "bool", "once true, always true") for flag in FLAGS),
            *(
                dg.TableColumn(f"engagement_times.{flag}.{end}", "date", f"the {end} time it is known of")
                for flag in FLAGS
                for end in ("first", "last")
            ),
            dg.TableColumn("synced_at", "date", "when the document was last written"),
        ]
    ),
)

CSV_SPEC = campaign_spec(
    CSV_KEY,
    deps=[PARTICIPANTS_KEY, ENGAGEMENT_KEY, RESIDENCE_KEY, DEMOGRAPHIC_KEY],
    description="The campaign's file for partner agencies: one row a contact, the 21 columns that partners know and "
    "those of the household that was found, UTF-8, safe to open in a spreadsheet. Readers see the former file or the "
    "new one, never a part.",
    group="exports",
    kinds={"python", "csv"},
    columns=dg.TableSchema([dg.TableColumn(name, "text") for name in CAMPAIGN_CSV_COLUMNS]),
)


def engagement_metadata(
    counts: EngagementCounts, sample: list[Mapping[str, Any]], location: str
) -> dict[str, Any]:
    """Rows, rates in percent of the contacts, and a masked preview."""
    return {
        "dagster/row_count": counts.rows,
        **{flag: counts.flags[flag] for flag in FLAGS},
        "open_rate": rate(counts.flags["opened"], counts.rows),
        "click_rate": rate(counts.flags["clicked"], counts.rows),
        "preview": preview(sample),
        "table": dg.MetadataValue.path(location),
        "dagster/column_lineage": _LINEAGE,
    }


def participants_metadata(stored: EngagementCounts, database: str) -> dict[str, Any]:
    """What MongoDB holds of the campaign now."""
    return {
        "dagster/row_count": stored.rows,
        **{flag: stored.flags[flag] for flag in FLAGS},
        "collection": f"{database}.participants",
    }


def csv_metadata(result: CampaignResult) -> dict[str, Any]:
    """Where the file lies and what it holds."""
    if result.csv is None:
        return {}
    return {
        "dagster/row_count": result.csv.rows,
        "file": dg.MetadataValue.path(str(result.csv.path)),
        **{flag: getattr(result.csv, flag) for flag in FLAGS},
        "dagster/column_lineage": _CSV_LINEAGE,
    }
