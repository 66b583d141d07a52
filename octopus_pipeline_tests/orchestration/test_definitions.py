"""What the code location holds: a change of an asset's key, place or checks shows here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg

from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.settings import Settings

REPORTS = ["bounced", "clicked", "complained", "opened", "sent", "unsubscribed"]

GRAPH = {
    "campaigns": ("ingestion", None, set()),
    "contacts": ("ingestion", None, set()),
    "campaign_statistics": ("ingestion", "day", {"campaigns"}),
    **{f"reports/{name}": ("ingestion", "campaign", {"campaigns"}) for name in REPORTS},
    "engagement": ("engagement", "campaign", {"contacts", *(f"reports/{name}" for name in REPORTS)}),
    "daily_engagement": ("engagement", "day", {"engagement"}),
    "campaign_participants": ("engagement", "campaign", {"engagement"}),
    "county_residential": ("counties", "county", set()),
    "county_demographic": ("counties", "county", set()),
    "county_index": ("counties", "county", {"county_residential", "county_demographic"}),
    "match_weights": ("matching", None, {"engagement", "county_index"}),
    "residence_matches": ("matching", "campaign", {"engagement", "county_index"}),
    "demographic_matches": ("matching", "campaign", {"engagement", "county_index"}),
    "people": ("people", "campaign", {"engagement", "residence_matches", "demographic_matches"}),
    "campaign_csv": (
        "exports",
        "campaign",
        {"campaign_participants", "engagement", "residence_matches", "demographic_matches"},
    ),
    "consolidated_csv": ("exports", None, {"people"}),
    "match_report": ("exports", None, {"residence_matches", "demographic_matches"}),
    "matched_participants_csv": (
        "exports",
        "campaign",
        {"engagement", "residence_matches", "demographic_matches"},
    ),
}
"""Group, what it is partitioned by, and what it is made from, of every asset."""

CHECKS = {
    "campaigns": {"no_campaign_left_failed"},
    "engagement": {"one_row_a_contact", "counts_match_summary", "flags_never_fell", "sent_is_the_most"},
    "campaign_participants": {"documents_match_engagement"},
    "residence_matches": {
        "residence_rate",
        "share_of_review",
        "rates_never_fell",
        "no_crowded_parcel",
        "decided_precision",
    },
    "demographic_matches": {"demographic_rate"},
    "people": {"every_contact_is_a_person", "people_are_no_more_than_contacts"},
    "campaign_csv": {"rows_match_documents"},
    "county_residential": {
        "did_not_shrink",
        "zips_are_of_the_county",
        "parcels_have_house_numbers",
        "parcel_ids_are_unique",
    },
    "county_demographic": {"did_not_shrink", "zips_are_of_the_county"},
}

PARTITIONS = {"campaigns": "campaign", "counties": "county"}


def partition_of(definition: dg.PartitionsDefinition[str] | None) -> str | None:
    """What one partition is."""
    if isinstance(definition, dg.DynamicPartitionsDefinition):
        return PARTITIONS[str(definition.name)]
    return "day" if isinstance(definition, dg.DailyPartitionsDefinition) else None


def test_the_graph_is_the_designs() -> None:
    graph = build_definitions(Settings.model_validate({})).resolve_asset_graph()
    found = {
        key.to_user_string(): (
            graph.get(key).group_name,
            partition_of(graph.get(key).partitions_def),
            {parent.to_user_string() for parent in graph.get(key).parent_keys},
        )
        for key in graph.get_all_asset_keys()
    }
    assert found == GRAPH


def test_the_checks_are_there() -> None:
    graph = build_definitions(Settings.model_validate({})).resolve_asset_graph()
    found: dict[str, set[str]] = {}
    for check in graph.asset_check_keys:
        found.setdefault(check.asset_key.to_user_string(), set()).add(check.name)
    assert found == CHECKS


def test_every_asset_says_what_it_is_who_owns_it_and_what_columns_it_has() -> None:
    graph = build_definitions(Settings.model_validate({})).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        asset = graph.get(key)
        assert asset.description
        assert asset.owners
        assert asset.kinds
        is_table = key.to_user_string() not in {"match_report", "match_weights"}
        assert is_table == ("dagster/column_schema" in asset.metadata)


def test_jobs_schedules_and_sensors_are_there() -> None:
    repository = build_definitions(
        Settings.model_validate({"octopus_alert_webhook_url": "https://hooks.example.com/x"})
    ).get_repository_def()
    jobs = {
        "list_campaigns",
        "sync_campaigns",
        "match_campaigns",
        "learn_match_weights",
        "report_matches",
        "refresh_contacts",
        "daily_snapshot",
        "make_daily_engagement",
        "sync_counties",
        "consolidate",
    }
    assert jobs <= set(repository.job_names)
    assert {one.name for one in repository.schedule_defs} == {
        "daily_refresh",
        "daily_engagement_of_late",
        "weekly_learning",
        "weekly_resync",
    }
    assert {one.name for one in repository.sensor_defs} == {
        "new_campaigns",
        "new_counties",
        "changed_campaigns",
        "changed_campaigns_though_some_failed",
        "matches_to_report",
        "matches_to_report_though_some_failed",
        "alert_on_failure",
    }


def test_the_code_location_loads_without_pandas_or_a_connection(tmp_path: Path) -> None:
    """Dagster loads it in every process it starts, so what it imports is paid for often."""
    code = (
        "import sys; from octopus_pipeline.definitions import defs; defs.get_repository_def();"
        " assert not {'pandas', 'matplotlib'} & set(sys.modules)"
    )
    environment = {
        "OCTOPUS_DATA_DIR": str(tmp_path / "none"),
        "MONGO_CONNECTION_URL": "mongodb://127.0.0.1:9",
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=Path(__file__).parents[2])
    assert not (tmp_path / "none").exists()
