"""Asset checks of a campaign: what must hold of its numbers, shown for each partition in the UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

# Dagster exports the evaluation but not this part of it, without which the UI takes a check for outdated.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from octopus_pipeline.assets.engagement import (
    CSV_KEY,
    DEMOGRAPHIC_KEY,
    ENGAGEMENT_KEY,
    PARTICIPANTS_KEY,
    PEOPLE_KEY,
    RESIDENCE_KEY,
)
from octopus_pipeline.assets.match_checks import MATCH_CHECKS, match_evaluations
from octopus_pipeline.assets.partitions import CAMPAIGN_PARTITIONS
from octopus_pipeline.assets.people import PEOPLE_CHECKS
from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, Report
from octopus_pipeline.engagement.tables import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.settings import Settings
    from octopus_pipeline.sync.campaign import CampaignResult

_DESCRIPTIONS = {
    (ENGAGEMENT_KEY, "one_row_a_contact"): "No contact has two rows.",
    (
        ENGAGEMENT_KEY,
        "counts_match_summary",
    ): "Each report's contacts are those the campaign's summary counts; "
    "a small drift warns (people open mails while we read), a larger one fails the campaign before it is merged.",
    (ENGAGEMENT_KEY, "flags_never_fell"): "No contact has lost a flag since the last run.",
    (ENGAGEMENT_KEY, "sent_is_the_most"): "The campaign was sent to at least as many as any other count, "
    "in its summary and in its reports.",
    (PARTICIPANTS_KEY, "documents_match_engagement"): "MongoDB holds the same contacts and flags.",
    (
        CSV_KEY,
        "rows_match_documents",
    ): "The file, read back, has as many rows and flags as MongoDB has documents.",
    **MATCH_CHECKS,
    **PEOPLE_CHECKS,
}

CHECK_SPECS = [
    dg.AssetCheckSpec(name, asset=key, description=description, partitions_def=CAMPAIGN_PARTITIONS)
    for (key, name), description in _DESCRIPTIONS.items()
]


def check_evaluations(
    result: CampaignResult, instance: dg.DagsterInstance, settings: Settings
) -> Iterator[dg.AssetCheckEvaluation]:
    """Every check whose asset was made, bound to the materialisation it looked at."""
    for key, evaluations in (
        (ENGAGEMENT_KEY, _engagement(result)),
        (PARTICIPANTS_KEY, _participants(result)),
        (RESIDENCE_KEY, _matches(result, settings, RESIDENCE_KEY)),
        (DEMOGRAPHIC_KEY, _matches(result, settings, DEMOGRAPHIC_KEY)),
        (PEOPLE_KEY, _people(result)),
        (CSV_KEY, _csv(result)),
    ):
        target = None
        for name, passed, severity, metadata in evaluations:
            target = target or latest_materialization(instance, key, str(result.known.key))
            yield dg.AssetCheckEvaluation(
                asset_key=key,
                check_name=name,
                passed=passed,
                severity=severity,
                metadata=metadata,
                target_materialization_data=target,
                partition=result.known.key,
            )


def drift_evaluation(key: str, error: Exception, instance: dg.DagsterInstance) -> dg.AssetCheckEvaluation:
    """The failed `counts_match_summary` of a campaign whose report was refused for it."""
    return dg.AssetCheckEvaluation(
        asset_key=ENGAGEMENT_KEY,
        check_name="counts_match_summary",
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        description=str(error),
        target_materialization_data=latest_materialization(instance, ENGAGEMENT_KEY, key),
        partition=key,
    )


_BUT_SENT = [report for report in ENGAGEMENT_REPORTS if report is not Report.SENT]

_Evaluation = tuple[str, bool, dg.AssetCheckSeverity, dict[str, Any]]


def _engagement(result: CampaignResult) -> Iterator[_Evaluation]:
    now, before, summary = result.engagement, result.before, result.summary
    if now is None:
        return
    error = dg.AssetCheckSeverity.ERROR
    yield "one_row_a_contact", now.rows == now.contacts, error, {"rows": now.rows, "contacts": now.contacts}
    if before is not None:
        never_fell = not result.fallen and now.rows >= before.rows
        metadata = {
            "contacts_that_lost_a_flag": dict(result.fallen),
            "rows_before": before.rows,
            "rows": now.rows,
        }
        yield "flags_never_fell", never_fell, error, metadata
    else:
        yield "flags_never_fell", True, error, {"before": "this is the first run"}
    if summary is None:
        return
    contacts = result.report_contacts
    drifts = {
        str(report): contacts[report] - summary.count(report).unique
        for report in ENGAGEMENT_REPORTS
        if contacts[report] != summary.count(report).unique
    }
    yield "counts_match_summary", not drifts, dg.AssetCheckSeverity.WARN, {"contacts_too_many_or_few": drifts}
    most = max(max(summary.count(report).unique, contacts[report]) for report in _BUT_SENT)
    sent = min(summary.count(Report.SENT).unique, contacts[Report.SENT])
    yield "sent_is_the_most", sent >= most, error, {"sent": sent, "largest_other_count": most}


def _participants(result: CampaignResult) -> Iterator[_Evaluation]:
    stored, engagement = result.stored, result.engagement
    if stored is None or engagement is None:
        return
    same = stored.rows == engagement.rows and stored.flags == engagement.flags
    metadata = {"documents": stored.rows, "engagement_rows": engagement.rows}
    yield "documents_match_engagement", same, dg.AssetCheckSeverity.ERROR, metadata


def _matches(result: CampaignResult, settings: Settings, of: dg.AssetKey) -> Iterator[_Evaluation]:
    if result.matches:
        for key, name, passed, metadata in match_evaluations(result.matches, settings):
            if key == of:
                yield name, passed, dg.AssetCheckSeverity.WARN, metadata


def _people(result: CampaignResult) -> Iterator[_Evaluation]:
    people, error = result.people, dg.AssetCheckSeverity.ERROR
    if people is None:
        return
    yield "every_contact_is_a_person", not people.missing, error, {"contacts_missing": people.missing}
    count = people.totals["people"]
    no_more = count <= people.rows
    yield "people_are_no_more_than_contacts", no_more, error, {"people": count, "contacts": people.rows}


def _csv(result: CampaignResult) -> Iterator[_Evaluation]:
    csv, stored = result.csv, result.stored
    if csv is None or stored is None:
        return
    same = csv.rows == stored.rows and all(getattr(csv, flag) == stored.flags[flag] for flag in FLAGS)
    metadata = {"csv_rows": csv.rows, "documents": stored.rows}
    yield "rows_match_documents", same, dg.AssetCheckSeverity.ERROR, metadata


def latest_materialization(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """The UI shows a check as passed only if it names the materialisation it looked at."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition]), limit=1
    ).records
    if not records:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=records[0].storage_id, run_id=records[0].run_id, timestamp=records[0].timestamp
    )
