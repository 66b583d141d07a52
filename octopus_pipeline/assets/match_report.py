"""The asset `match_report`: how well the matching does, over all campaigns."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from datetime import UTC, datetime

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, rate
from octopus_pipeline.assets.engagement import DEMOGRAPHIC_KEY, RESIDENCE_KEY
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.exports.match_figures import matched
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.match_report import make_match_report


@dg.asset(deps=[RESIDENCE_KEY, DEMOGRAPHIC_KEY], group_name="exports", kinds={"python"}, owners=OWNERS)
def match_report(connections: dg.ResourceParam[Connections]) -> dg.MaterializeResult[None]:
    """Rates by county, ZIP, method and score, reasons, worst streets and calibration; Markdown and a chart.

    Over every campaign that was matched. It names streets, never people.
    """
    with plain_failures():
        figures, report = make_match_report(connections, datetime.now(UTC))
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.md(report.text_with_chart),
            "campaigns": figures.campaigns,
            "participants": figures.participants,
            "residence_rate": rate(matched(figures.quality), figures.participants),
            "expected_errors": round(figures.expected_errors, 1),
            "file": dg.MetadataValue.path(str(report.text_file)),
            "chart": dg.MetadataValue.path(str(report.chart_file)),
        }
    )
