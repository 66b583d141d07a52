"""`octopus match explain` in words: an explanation of a match as people read it, at most 100 columns wide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from octopus_pipeline.matching.demographic_ways import Outcome
from octopus_pipeline.matching.demographics import DemographicMethod
from octopus_pipeline.matching.findings import Subject
from octopus_pipeline.matching.residences import Quality, Reason
from octopus_pipeline.terminal.match_words import AREAS, LEVELS, REASONS, SHARES, STREETS

if TYPE_CHECKING:
    from rich.console import Console

    from octopus_pipeline.matching.demographic_ways import DemographicWay
    from octopus_pipeline.matching.explanation import AnalystsWord, CandidateExplanation, Explanation

WIDTH: Final = 100

_NORMALISED: Final = {
    "number": "number", "number_to": "to", "fraction": "fraction", "direction": "direction", "street": "street",
    "street_type": "type", "unit": "unit", "city": "city", "zip": "ZIP",
}  # fmt: skip
_CERTAIN: Final = 0.9995
_FEW: Final = 0.0005
_WHOLE: Final = 10


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print everything about one participant: address, counties, candidates, result, demographic record."""
    console.print(Text(_who(explanation.participant), style="bold"))
    _print_section(console, "As written", [_written(explanation.participant)])
    _print_section(console, "Read as", [_read_as(explanation.address)])
    _print_section(console, "Counties", county_lines(explanation))
    for place, candidate in enumerate(explanation.candidates, start=1):
        _print_candidate(console, place, candidate)
    if explanation.others:
        more = f"{explanation.others} more parcels, together {percent(explanation.others_probability)}"
        console.print(Text(f"  {more}"))
    if explanation.candidates:
        console.print(Text(f"  none of them: {percent(explanation.none_probability)}"))
        console.print()
    _print_section(console, "Result", result_lines(explanation))
    _print_section(console, "Demographic record", demographic_lines(explanation))
    if explanation.decision is not None:
        _print_section(console, "Decision", [decision_line(explanation.decision)])


def _print_section(console: Console, title: str, lines: list[str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=18)
    table.add_column(overflow="fold")
    for place, line in enumerate(lines):
        table.add_row(Text(title if place == 0 else "", style="cyan"), Text(line))
    console.print(table)
    console.print()


def _who(participant: dict[str, str | None]) -> str:
    name = " ".join(filter(None, (participant["first_name"], participant["last_name"])))
    told = [name, participant["email"], participant["phone"]]
    return " · ".join(filter(None, told)) or "An address"


def _written(participant: dict[str, str | None]) -> str:
    return ", ".join(filter(None, (participant[name] for name in ("address", "city", "zip")))) or "nothing"


def _read_as(address: dict[str, Any]) -> str:
    if address["po_box"]:
        return "a post-office box: nobody lives there"
    told = [f"{word} {_shown(name, address[name])}" for name, word in _NORMALISED.items() if address[name]]
    return " · ".join(told) or "no address"


def _shown(name: str, value: object) -> str:
    return f"{value:05d}" if name == "zip" and isinstance(value, int) else str(value)


def county_lines(explanation: Explanation) -> list[str]:
    """What each county looked into knows, and which counties of the ZIP are not loaded."""
    lines = []
    for known in explanation.counties:
        share = SHARES[known.share_by].format(percent(known.share))
        parcels = {0: "no parcel comes near", 1: "1 parcel to compare"}.get(
            known.candidates, f"{known.candidates} parcels to compare"
        )
        lines.append(f"{known.county}, {share}: {STREETS[known.street]}; {AREAS[known.area]}; {parcels}")
    missing = [one for one in explanation.zip_counties if not one.loaded]
    if missing:
        told = ", ".join(f"{one.county} ({percent(one.share)} of the ZIP)" for one in missing)
        lines.append(f"not loaded: {told}")
    if not explanation.loaded:
        return ["no county is loaded yet: nobody can be found", *lines]
    return lines or ["none was looked into"]


def _print_candidate(console: Console, place: int, candidate: CandidateExplanation) -> None:
    where = ", ".join(filter(None, (candidate.address, candidate.city)))
    zip_code = f" {candidate.zip:05d}" if candidate.zip else ""
    heading = f"{place}. {percent(candidate.probability)}  {where}{zip_code}  {candidate.county}/{candidate.parcel_id}"
    console.print(Text(heading, style="bold"))
    table = Table(box=None, padding=(0, 1, 0, 0), show_footer=True, width=WIDTH - 3, header_style="dim")
    table.add_column("", footer=Text("together"), width=18)
    table.add_column("written", overflow="fold", ratio=2)
    table.add_column("county's", overflow="fold", ratio=2)
    table.add_column("", footer=Text(_odds(candidate.bits)), overflow="fold", ratio=4)
    table.add_column("bits", footer=Text(_bits(candidate.bits)), justify="right", width=6)
    table.add_row("before comparing", "", "", "known of street and area", _bits(candidate.prior_bits))
    table.add_row("county", "", "", "its share", _bits(candidate.county_bits))
    for finding in candidate.findings:
        words = finding_words(finding.subject, finding.levels, finding.expected, candidate.alike)
        table.add_row(
            str(finding.subject), Text(finding.ours), Text(finding.theirs), Text(words), _bits(finding.bits)
        )
    console.print(Padding(table, (0, 0, 1, 3)))


def finding_words(subject: Subject, levels: tuple[str, ...], expected: float | None, alike: int) -> str:
    """What agrees or differs, in words; `alike`: addresses with the candidate's number, street and ZIP."""
    if subject is Subject.OTHER_PARCELS:
        neighbours = f"; {alike} parcels are at this address" if alike > 1 else ""
        return f"{_amount(expected or 0)} expected to agree as well{neighbours}"
    words = [words[level] for words, level in zip(LEVELS[subject], levels, strict=True)]
    return "; ".join(filter(None, words)) or "none on either side"


def result_lines(explanation: Explanation) -> list[str]:
    """What became of the participant, and why."""
    found, bar, review_bar = explanation.residence, explanation.bar, explanation.review_bar
    quality = found["match_quality"]
    best = explanation.candidates[0].probability if explanation.candidates else 0.0
    rival = explanation.candidates[1].probability if len(explanation.candidates) > 1 else 0.0
    next_best = f"the next parcel has {percent(rival)}" if rival else "no other parcel comes near"
    if quality in {Quality.EXACT, Quality.FUZZY}:
        where = f"{found['county']}/{found['parcel_id']}"
        return [
            f"matched ({quality}, by {found['match_method']}): {where}",
            f"{percent(best)} is the bar of {percent(bar)} or more; {next_best}",
        ]
    reason = REASONS[Reason(found["reason"])]
    if quality == Quality.REVIEW:
        return [
            f"to review ({found['reason']}): {reason}",
            f"the best has {percent(best)}, a match needs {percent(bar)}; {next_best}",
        ]
    lines = [f"no match ({found['reason']}): {reason}"]
    if explanation.candidates:
        lines.append(f"the best has {percent(best)}, to be looked at it would need {percent(review_bar)}")
    return lines


def demographic_lines(explanation: Explanation) -> list[str]:
    """Whose record it is, and how it was looked for; what the household earns and pays is not told."""
    found = explanation.demographic
    if found["match_quality"] in {Quality.EXACT, Quality.FUZZY}:
        name = found["customer_name"] or "without a name"
        score = percent(found["match_score"])
        lines = [f"{name}, {found['county']}/{found['parcel_id']} (by {found['match_method']}, {score})"]
        if found["agrees"] is False:
            lines.append("it is of another parcel than the address: both are kept, have a look")
    else:
        lines = [f"none ({found['reason']})"]
    return [*lines, *(f"{way.method}: {way_words(way)}" for way in explanation.ways)]


def way_words(way: DemographicWay) -> str:
    """Where a way to the demographic record led."""
    by_contact = way.method in {DemographicMethod.EMAIL, DemographicMethod.PHONE}
    of = ("parcel has" if by_contact else "record of the parcel") + " it" * by_contact
    several = ("parcels have" if by_contact else "records of the parcel") + " it" * by_contact
    counted = f" ({way.found} {of if way.found == 1 else several})" if way.found else ""
    if way.outcome is Outcome.NOTHING_TO_LOOK_FOR and way.method is DemographicMethod.PARCEL:
        return "no parcel was found"
    return f"{way.outcome}{counted}"


def decision_line(decision: AnalystsWord) -> str:
    """What an analyst decided, and what follows."""
    which = f" about {decision.parcel}" if decision.parcel else ""
    follows = {
        "right": "the household is kept whatever the matching finds",
        "wrong": "it is never given as the household",
        "parcel": "it is the household whatever the matching finds",
    }[decision.verdict]
    comment = f" ({decision.comment})" if decision.comment else ""
    return f"{decision.verdict}{which}: {follows}{comment}"


def percent(share: float) -> str:
    """A share in percent, never rounded to certainty."""
    if share >= 1:
        return "100 %"
    if share >= _CERTAIN:
        return "> 99.9 %"
    if 0 < share < _FEW:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"


def _bits(bits: float) -> str:
    return f"{bits:+.1f}".replace("-0.0", "+0.0").replace("-", "\N{MINUS SIGN}")


def _odds(bits: float) -> str:
    ratio = f"{_amount(2.0**bits)} : 1" if bits >= 0 else f"1 : {_amount(2.0**-bits)}"
    return f"odds {ratio}"


def _amount(value: float) -> str:
    """Large ones in whole numbers, small ones in two digits, however many zeros are before them."""
    if value >= _WHOLE:
        return f"{value:,.0f}"
    decimals = 1 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{decimals}f}"
