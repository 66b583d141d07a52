"""The chart of a match report: counties by what became of their participants, and matches by score."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from octopus_pipeline.exports.match_figures import BAND_EDGES, matched
from octopus_pipeline.matching.residences import Quality

if TYPE_CHECKING:
    from collections import Counter

    from matplotlib.axes import Axes

    from octopus_pipeline.exports.match_figures import MatchFigures

MOST_COUNTIES: Final = 15
"""Counties that are shown, those with most participants."""

_INCHES: Final = (10, 4.5)
_DOTS_AN_INCH: Final = 90
# Told apart by colour-blind eyes, too.
_COLOURS: Final = {"matched": "#0072b2", "to review": "#e69f00", "no match": "#bbbbbb"}


def draw_chart(figures: MatchFigures) -> bytes:
    """The chart as PNG, 900 dots wide."""
    # Half a second to import, and only needed here.
    from matplotlib.figure import Figure

    figure = Figure(_INCHES, _DOTS_AN_INCH, layout="constrained")
    by_county, by_score = figure.subplots(1, 2)
    _draw_counties(by_county, figures)
    _draw_scores(by_score, figures)
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_counties(axes: Axes, figures: MatchFigures) -> None:
    largest = sorted(figures.counties.items(), key=lambda one: (-one[1].total(), one[0]))[:MOST_COUNTIES]
    names = [name for name, _ in reversed(largest)]
    start = [0.0] * len(names)
    for what, colour in _COLOURS.items():
        shares = [100 * _part(what, counts) / counts.total() for _, counts in reversed(largest)]
        axes.barh(names, shares, left=start, color=colour)
        start = [before + share for before, share in zip(start, shares, strict=True)]
    axes.set_title("Participants by county, percent")
    axes.set_xlim(0, 100)


def _draw_scores(axes: Axes, figures: MatchFigures) -> None:
    bands = [f"{low:g}-{high:g}" for low, high in zip(BAND_EDGES, (*BAND_EDGES[1:], 1.0), strict=True)]
    start = [0] * len(bands)
    for what, colour in _COLOURS.items():
        counts = [_part(what, band) for band in figures.bands]
        axes.bar(bands, counts, bottom=start, color=colour, label=what)
        start = [before + count for before, count in zip(start, counts, strict=True)]
    axes.set_title("Participants with a candidate, by its score")
    axes.legend(loc="upper left")
    axes.tick_params(axis="x", rotation=45)


def _part(what: str, counts: Counter[str]) -> int:
    kinds = {"to review": Quality.REVIEW, "no match": Quality.NO_MATCH}
    return counts[kinds[what]] if what in kinds else matched(counts)
