"""The match report of all campaigns that were matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from octopus_pipeline.exports.match_figures import RESIDENCE_MATCHES, read_figures
from octopus_pipeline.exports.match_report import Observed, write_match_report

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.exports.match_figures import MatchFigures
    from octopus_pipeline.exports.match_report import MatchReport
    from octopus_pipeline.store.tables import TableStore
    from octopus_pipeline.sync.connections import Connections


def make_match_report(connections: Connections, now: datetime) -> tuple[MatchFigures, MatchReport]:
    """Count the match tables and write the report to the exports folder, dated in the settings' time zone.

    Raises:
        DamagedTableError, TableNotFoundError: if a table is not as it should be.
        ReportWriteError: if the files cannot be written.
    """
    settings = connections.settings
    figures = read_figures(connections.tables)
    observed, made_at = _observed(connections.tables), now.astimezone(settings.time_zone)
    return figures, write_match_report(settings.export_dir, figures, made_at, observed)


def _observed(tables: TableStore) -> Observed:
    """What analysts decided about the matches that were found without them, each contact once."""
    right: dict[str, bool] = {}
    for campaign in tables.partitions(RESIDENCE_MATCHES):
        for batch in tables.batches(RESIDENCE_MATCHES, campaign, ["contact_id", "found_right"]):
            decided = batch.filter(pc.is_valid(batch["found_right"]))
            right.update(zip(*(column.to_pylist() for column in decided.columns), strict=True))
    return Observed(len(right), sum(right.values()))
