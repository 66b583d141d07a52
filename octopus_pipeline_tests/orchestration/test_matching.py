"""Matching as people see it in the UI: what may be selected alone, what is shown, which checks warn."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pytest

from octopus_pipeline.assets.engagement import CSV_KEY, DEMOGRAPHIC_KEY, RESIDENCE_KEY
from octopus_pipeline.assets.match_checks import LEAST_DECIDED
from octopus_pipeline.assets.matches import MATCHED_CSV_KEY
from octopus_pipeline.engagement.tables import ENGAGEMENT_SCHEMA
from octopus_pipeline.orchestration.jobs import MATCH_CAMPAIGNS, REPORT_MATCHES, SYNC_CAMPAIGNS, range_tags
from octopus_pipeline.sandbox.counties import SampleCounty
from octopus_pipeline.sync.collisions import MANY_PEOPLE
from octopus_pipeline_tests.orchestration.project import Project, checks
from octopus_pipeline_tests.sync.counties import invented_counties, load

if TYPE_CHECKING:
    from collections.abc import Sequence

MATCH_CHECKS = {
    "residence_rate",
    "demographic_rate",
    "share_of_review",
    "rates_never_fell",
    "no_crowded_parcel",
    "decided_precision",
}


@pytest.fixture(scope="module")
def counties(project: Project) -> dict[str, SampleCounty]:
    """Counties for the account, of which none is loaded while all campaigns are synced."""
    result = project.sync(project.list_campaigns())
    assert result.success
    assert not MATCH_CHECKS & {name for name, _ in checks(result)}, "nobody was looked for"
    event = project.materialized(RESIDENCE_KEY, project.partitions()[-1])
    assert event
    assert event.metadata["counties"].value == "none is loaded: nobody was looked for"
    return invented_counties(project.bench.account)


@pytest.fixture(scope="module", autouse=True)
def key(project: Project, counties: dict[str, SampleCounty]) -> str:
    """The largest campaign, matched with three counties."""
    for county in counties.values():
        load(project.bench.connections, county)
    keys = project.partitions()
    assert project.run(MATCH_CAMPAIGNS.name, tags=range_tags(keys[0], keys[-1])).success
    return max(keys, key=lambda one: project.bench.connections.tables.rows("engagement", one))


def run(project: Project, key: str, assets: Sequence[dg.AssetKey] | None = None) -> dg.ExecuteInProcessResult:
    job = SYNC_CAMPAIGNS if assets else MATCH_CAMPAIGNS
    result = project.run(job.name, partition_key=key, asset_selection=assets)
    assert result.success, "checks warn and do not block"
    return result


def warned(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """The checks of matches that did not pass, with their metadata."""
    failed = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert all(one.severity is dg.AssetCheckSeverity.WARN for one in failed)
    return {
        one.check_name: {name: value.value for name, value in one.metadata.items()}
        for one in failed
        if one.check_name in MATCH_CHECKS
    }


@pytest.mark.parametrize(
    "selected",
    [[RESIDENCE_KEY], [DEMOGRAPHIC_KEY], [CSV_KEY], [MATCHED_CSV_KEY], [RESIDENCE_KEY, CSV_KEY]],
    ids=str,
)
def test_any_stage_may_be_selected_alone(project: Project, key: str, selected: list[dg.AssetKey]) -> None:
    asked = project.bench.connections.octopus.statistics.snapshot().requests
    result = run(project, key, selected)
    assert {event.asset_key for event in result.get_asset_materialization_events()} == set(selected)
    assert project.bench.connections.octopus.statistics.snapshot().requests == asked
    made = MATCH_CHECKS & {name for name, _ in checks(result)}
    assert made == (MATCH_CHECKS if {RESIDENCE_KEY, DEMOGRAPHIC_KEY} & set(selected) else set())


def test_the_ui_shows_rates_by_quality_and_method_and_nobody_s_data(project: Project, key: str) -> None:
    shown: dict[dg.AssetKey, dict[str, Any]] = {}
    for asset in (RESIDENCE_KEY, DEMOGRAPHIC_KEY, MATCHED_CSV_KEY):
        event = project.materialized(asset, key)
        assert event
        shown[asset] = {name: value.value for name, value in event.metadata.items()}
    residence, demographic, files = shown.values()
    assert residence["counties"] == demographic["counties"] == "Franklin, Morrow, Richland"
    for one, name in ((residence, "residence_rate"), (demographic, "demographic_rate")):
        matched = sum(
            one["by_quality"].get(quality, {"contacts": 0})["contacts"] for quality in ("exact", "fuzzy")
        )
        assert one[name] == round(100 * matched / one["dagster/row_count"], 2)
        assert one[f"{name}_within_loaded_counties"] >= one[name]
        assert sum(method["contacts"] for method in one["by_method"].values()) == matched
    assert files["dagster/row_count"] + files["unmatched"] == residence["dagster/row_count"]
    told = project.events_as_text()
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", told)
    row = next(
        one
        for one in project.bench.connections.tables.read("demographic_matches", key).to_pylist()
        if one["customer_name"]
    )
    assert row["customer_name"] not in told


def test_rates_below_their_bounds_warn(project: Project, key: str, counties: dict[str, SampleCounty]) -> None:
    assert "rates_never_fell" not in warned(run(project, key))
    for county in counties.values():
        half = [one for number, one in enumerate(county.residential) if number % 4 == 0]
        load(project.bench.connections, replace(county, residential=half, demographic=[]))
    fallen = warned(run(project, key))
    assert {"residence_rate", "demographic_rate", "rates_never_fell"} <= set(fallen)
    told = fallen["rates_never_fell"]
    assert told["residence_share_before"] > told["residence_share"] + 0.05
    again = warned(run(project, key))
    assert "rates_never_fell" not in again, "it fell once"
    for county in counties.values():
        load(project.bench.connections, county)
    run(project, key)


def test_much_to_review_warns(project: Project, key: str, counties: dict[str, SampleCounty]) -> None:
    franklin = counties["Franklin"]
    twins = [{**one, "parcel_id": f"{one['parcel_id']}-twin"} for one in franklin.residential]
    load(project.bench.connections, replace(franklin, residential=[*franklin.residential, *twins]))
    assert "share_of_review" in warned(run(project, key))
    load(project.bench.connections, franklin)
    run(project, key)


def test_a_crowded_house_warns_and_is_named_by_its_parcel(project: Project, key: str) -> None:
    tables = project.bench.connections.tables
    assert "no_crowded_parcel" not in warned(run(project, key))
    contacts = tables.read("engagement", key).to_pylist()
    matches = tables.read("residence_matches", key).to_pylist()
    host, home = next(
        (contact, match)
        for contact, match in zip(contacts, matches, strict=True)
        if match["match_method"] == "address exact"
    )
    place = {name: host[name] for name in ("address", "city", "zip")}
    crowd = [contact | place if number < MANY_PEOPLE else contact for number, contact in enumerate(contacts)]
    with tables.writer("engagement", key, ENGAGEMENT_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(crowd, ENGAGEMENT_SCHEMA))
    told = warned(run(project, key))["no_crowded_parcel"]
    ((parcel, people),) = told["people_at_parcels"].items()
    assert (parcel, told["crowded_parcels"]) == (f"{home['county']}/{home['parcel_id']}", 1)
    assert people >= MANY_PEOPLE
    with tables.writer("engagement", key, ENGAGEMENT_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(contacts, ENGAGEMENT_SCHEMA))
    run(project, key)


def test_decisions_that_say_wrong_lower_the_precision_and_a_parcel_gone_is_named(
    project: Project, key: str
) -> None:
    tables = project.bench.connections.tables
    matches = tables.read("residence_matches", key).to_pylist()
    contacts = [row["contact_id"] for row in matches if row["parcel_id"]][:LEAST_DECIDED]
    assert len(contacts) == LEAST_DECIDED
    file = project.settings.decisions_file
    lines = [f"{one},{'wrong' if number % 2 else 'right'},," for number, one in enumerate(contacts)]
    file.write_text("\n".join(["email,decision,county,parcel_id", *lines]))
    told = warned(run(project, key))["decided_precision"]
    assert (told["decided"], told["decided_right"]) == (LEAST_DECIDED, LEAST_DECIDED // 2)
    event = project.materialized(RESIDENCE_KEY, key)
    assert event
    assert event.metadata["decided_precision"].value == 50.0
    file.write_text(f"email,decision,county,parcel_id\n{contacts[0]},parcel,Franklin,no-such-parcel\n")
    told = warned(run(project, key))["decided_precision"]
    assert told["decided_parcels_not_found"] == {"Franklin/no-such-parcel": 1}
    file.unlink()
    assert "decided_precision" not in warned(run(project, key))


def test_a_mistaken_decision_is_told_by_its_row(project: Project, key: str) -> None:
    file = project.settings.decisions_file
    file.write_text("email,decision\nann@example.com,perhaps\n")
    result = project.run(MATCH_CAMPAIGNS.name, partition_key=key)
    file.unlink()
    assert not result.success
    (event,) = [event for event in result.all_events if event.is_step_failure]
    told = event.step_failure_data.user_failure_data
    assert told
    assert f"{file}, row 2, column decision" in str(told.description)


def test_the_report_is_over_all_campaigns_in_the_ui_and_as_files(project: Project) -> None:
    result = project.run(REPORT_MATCHES.name)
    assert result.success
    (made,) = result.asset_materializations_for_node("match_report")
    tables = project.bench.connections.tables
    rows = sum(tables.rows("residence_matches", one) for one in tables.partitions("residence_matches"))
    assert made.metadata["participants"].value == rows
    told = str(made.metadata["report"].value)
    assert f"{rows:,} participants" in told
    assert "](data:image/png;base64," in told
    assert (project.settings.export_dir / "match_report.md").read_text().startswith("# Match report")
    assert (project.settings.export_dir / "match_report.png").exists()
    for person in project.bench.account.contacts.values():
        assert person.email_address not in told


def test_matching_is_followed_by_one_report_when_the_last_run_has_ended(project: Project, key: str) -> None:
    sensor = project.definitions.resolve_sensor_def("matches_to_report")
    done = project.run(MATCH_CAMPAIGNS.name, partition_key=key)
    context = dg.build_run_status_sensor_context(
        sensor.name, done.get_run_success_event(), project.instance, done.dagster_run
    )
    assert isinstance(sensor(context), dg.RunRequest)
    job = project.definitions.resolve_job_def(SYNC_CAMPAIGNS.name)
    waiting = project.instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
    assert isinstance(sensor(context), dg.SkipReason)
    project.instance.delete_run(waiting.run_id)
