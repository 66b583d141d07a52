"""The match report of all campaigns that were matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.exports.match_figures import read_figures
from octopus_pipeline.exports.match_report import write_match_report

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.exports.match_figures import MatchFigures
    from octopus_pipeline.exports.match_report import MatchReport
    from octopus_pipeline.sync.connections import Connections


def make_match_report(connections: Connections, now: datetime) -> tuple[MatchFigures, MatchReport]:
    """Count the match tables and write the report to the exports folder, dated in the settings' time zone.

    Raises:
        DamagedTableError, TableNotFoundError: if a table is not as it should be.
        ReportWriteError: if the files cannot be written.
    """
    settings = connections.settings
    figures = read_figures(connections.tables)
    return figures, write_match_report(settings.export_dir, figures, now.astimezone(settings.time_zone))
