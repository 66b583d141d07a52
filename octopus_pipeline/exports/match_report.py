"""The match report: campaigns' match figures as Markdown and as a chart, written whole or not at all."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.match_chart import draw_chart
from octopus_pipeline.exports.match_figures import BAND_EDGES, DECISION, matched
from octopus_pipeline.matching.residences import MATCH, Quality
from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from octopus_pipeline.exports.match_figures import MatchFigures

REPORT_FILE: Final = "match_report.md"
CHART_FILE: Final = "match_report.png"

MOST_ROWS: Final = 25
"""ZIPs and streets that are listed, those with most unmatched participants first."""


class ReportWriteError(PipelineError):
    """The report cannot be written where it is to go."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Matches that analysts decided about: how many, and how many of them were right."""

    decided: int
    right: int


@dataclass(frozen=True, slots=True)
class MatchReport:
    """The report as Markdown (without the chart), the chart as PNG, and the files that hold them."""

    text: str
    chart: bytes
    text_file: Path
    chart_file: Path

    @property
    def text_with_chart(self) -> str:
        """Markdown that holds the chart, too: for places that have no files."""
        encoded = base64.b64encode(self.chart).decode()
        return f"{self.text}\n![Matches by county and by score](data:image/png;base64,{encoded})\n"


def write_match_report(
    folder: Path, figures: MatchFigures, made_at: datetime, observed: Observed | None = None
) -> MatchReport:
    """Write `REPORT_FILE` and `CHART_FILE` in place of the former ones, each whole or not at all.

    Args:
        folder: where they go; made if it is not there.
        figures: what is reported.
        made_at: aware; the report says so.
        observed: what analysts decided, if they did.

    Raises:
        ReportWriteError: if they cannot be written.
    """
    text, chart = report_text(figures, made_at, observed), draw_chart(figures)
    shown = f"{text}\n![Matches by county and by score]({CHART_FILE})\n"
    try:
        _write(folder, {CHART_FILE: chart, REPORT_FILE: shown.encode()})
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = (
            f"the match report cannot be written to {folder}: {reason}. Make the folder writable, free disk space, or "
            "set OCTOPUS_EXPORT_DIR"
        )
        raise ReportWriteError(message) from error
    return MatchReport(text, chart, folder / REPORT_FILE, folder / CHART_FILE)


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    with ExitStack() as files:
        for name, content in contents.items():
            files.enter_context(whole_file(folder / name)).write(content)


def report_text(figures: MatchFigures, made_at: datetime, observed: Observed | None = None) -> str:
    """The report as Markdown; street names are its most personal words."""
    return "\n".join(
        [
            "# Match report",
            "",
            f"{made_at:%Y-%m-%d %H:%M %Z}, {figures.campaigns:,} campaigns, {figures.participants:,} participants "
            "(a contact counts once in each of its campaigns).",
            "",
            *_table(("", "participants", "share"), _summary(figures)),
            *_section("By county", ("county", *_RATES), _rates(figures.counties)),
            "A participant is in the county of its parcel, or of the one to review, else in the one that has most of "
            "its ZIP.",
            "",
            *_section("By ZIP", ("ZIP", *_RATES), _rates(figures.zips, MOST_ROWS)),
            *_more(len(figures.zips) - MOST_ROWS, "ZIPs"),
            *_section(
                "How they were matched",
                ("method", "participants", "expected to be wrong"),
                [
                    (method, f"{count:,}", _errors(figures.method_errors.get(method, 0.0), count))
                    for method, count in figures.methods.most_common()
                ],
            ),
            *_section(
                "By score",
                ("score", "participants", *_KINDS.values(), "expected to be wrong"),
                _bands(figures),
            ),
            *_section("Calibration", ("", ""), _calibration(figures, observed)),
            *_section(
                "Why not matched",
                ("", "reason", "participants", "share"),
                [
                    (_KINDS[quality], reason, *_count(count, figures.participants))
                    for (quality, reason), count in figures.reasons.most_common()
                ],
            ),
            *_section(
                "Streets that are known, with house numbers that are not",
                ("street", "ZIP", "county", "people"),
                [(one.street, one.zip, one.county, f"{one.people:,}") for one in figures.streets[:MOST_ROWS]],
            ),
            *_more(len(figures.streets) - MOST_ROWS, "streets"),
            *_section("Demographic records", ("", "participants", "share"), _demographic(figures)),
        ]
    )


_KINDS: Final = {Quality.REVIEW.value: "to review", Quality.NO_MATCH.value: "no match"}
_RATES: Final = ("participants", "matched", "to review", "no match")


def _summary(figures: MatchFigures) -> list[tuple[str, ...]]:
    whole = figures.participants
    return [
        ("matched", *_count(matched(figures.quality), whole)),
        ("of these exactly", *_count(figures.quality[Quality.EXACT], whole)),
        ("to review", *_count(figures.quality[Quality.REVIEW], whole)),
        ("no match", *_count(figures.quality[Quality.NO_MATCH], whole)),
    ]


def _rates(counted: Mapping[str, Counter[str]], most: int | None = None) -> list[tuple[str, ...]]:
    """Rates by place: all of them with the largest first, or those with most unmatched participants."""
    size = {name: counts.total() for name, counts in counted.items()}
    weight = size if most is None else {name: size[name] - matched(counted[name]) for name in size}
    ordered = sorted(counted, key=lambda name: (-weight[name], name))[:most]
    return [
        (
            name,
            f"{size[name]:,}",
            _percent(matched(counted[name]), size[name]),
            _percent(counted[name][Quality.REVIEW], size[name]),
            _percent(counted[name][Quality.NO_MATCH], size[name]),
        )
        for name in ordered
    ]


def _bands(figures: MatchFigures) -> list[tuple[str, ...]]:
    rows = []
    for low, high, counts, errors in zip(
        BAND_EDGES, (*BAND_EDGES[1:], 1.0), figures.bands, figures.band_errors, strict=True
    ):
        found = matched(counts)
        kinds = (f"{counts[kind]:,}" for kind in _KINDS)
        rows.append((f"{low:g} to {high:g}", f"{counts.total():,}", *kinds, _errors(errors, found)))
    return rows


def _calibration(figures: MatchFigures, observed: Observed | None) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("matched by the matching", f"{figures.judged:,}"),
        ("expected to be wrong", _errors(figures.expected_errors, figures.judged)),
        (f"wrong at most, by the bar of {MATCH:.0%}", _errors((1 - MATCH) * figures.judged, figures.judged)),
    ]
    if figures.methods[DECISION]:
        rows.append(("matched by analysts", f"{figures.methods[DECISION]:,}"))
    if observed is not None and observed.decided:
        right = f"{observed.right:,} of {observed.decided:,} ({_percent(observed.right, observed.decided)})"
        rows.append(("right, of those that analysts decided about", right))
    return rows


def _demographic(figures: MatchFigures) -> list[tuple[str, ...]]:
    whole = figures.demographic_quality.total()
    return [
        ("with a record", *_count(matched(figures.demographic_quality), whole)),
        *(
            (f"by {method}", *_count(count, whole))
            for method, count in figures.demographic_methods.most_common()
        ),
        *(
            (f"none: {reason}", *_count(count, whole))
            for reason, count in figures.demographic_reasons.most_common()
        ),
        ("of another parcel than the address", *_count(figures.disagreeing, whole)),
    ]


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"## {title}", "", *_table(head, rows)]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""] if lines else ["None.", ""]


def _more(count: int, what: str) -> list[str]:
    return [f"And {count:,} {what} more.", ""] if count > 0 else []


def _count(count: int, whole: int) -> tuple[str, str]:
    return f"{count:,}", _percent(count, whole)


def _percent(part: float, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _errors(errors: float, whole: int) -> str:
    return f"{errors:,.1f} ({100 * errors / whole:.2f} %)" if whole else "-"
