"""Analysts' decisions on matches: read from their CSV and from the collection `match_decisions`, checked row by row.

Both have the fields `email` (or a contact id), `decision`, `county`, `parcel_id` and `comment`. The file may have other
columns, and rows without a decision, as the export of the rows to review has. Where both decide about one person, the
file counts. A mistake is an error that names its place and never what stands there: it may be somebody's address.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from octopus_pipeline.counties.ohio import county_key
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.safe_cells import undefused
from octopus_pipeline.matching.decisions import Decision, Verdict
from octopus_pipeline.matching.parcel_records import Parcel
from octopus_pipeline.sync.database import MATCH_DECISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.sync.connections import Connections

DECISION_COLUMNS = ("email", "decision", "county", "parcel_id", "comment")
"""The columns of a file of decisions; `county`, `parcel_id` and `comment` may be left out."""

_NEEDED = {"email", "decision"}
_SPREADSHEET_NUMBER = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_DELIMITERS = ",;\t"


class DecisionError(PipelineError):
    """A decision cannot be understood; the message names where it stands, the column and what is expected."""


def read_decisions(connections: Connections) -> dict[str, Decision]:
    """Every decision, by lower-case e-mail address or contact id.

    Raises:
        DecisionError: if one cannot be understood, or two of the same source contradict each other.
    """
    in_file = decisions_of_file(connections.settings.decisions_file)
    return {**decisions_of_collection(connections.database), **in_file}


def decisions_of_file(path: Path) -> dict[str, Decision]:
    """The decisions of a CSV file; none if it is not there.

    Raises:
        DecisionError: naming the row (the header is row 1) and the column.
    """
    decisions: dict[str, Decision] = {}
    rows: dict[str, int] = {}
    for number, row in _rows(path):
        place = f"{path}, row {number}"
        read = _decision({name: undefused(text) for name, text in row.items()}, place)
        if read is None:
            continue
        who, decision = read
        if decisions.setdefault(who, decision) != decision:
            message = (
                f"{place}, column email: row {rows[who]} decides otherwise about the same person. Keep one"
            )
            raise DecisionError(message)
        rows.setdefault(who, number)
    return decisions


def decisions_of_collection(database: Database[dict[str, Any]]) -> dict[str, Decision]:
    """The decisions of the collection `match_decisions`; of several about one person the latest inserted.

    Raises:
        DecisionError: naming the document and the field.
    """
    decisions: dict[str, Decision] = {}
    for document in database[MATCH_DECISIONS].find().sort("_id"):
        place = f"{database.name}.{MATCH_DECISIONS}, document {document['_id']}"
        texts = {name: str(document[name]) for name in DECISION_COLUMNS if document.get(name) is not None}
        read = _decision(texts, place)
        if read is not None:
            decisions.pop(read[0], None)
            decisions[read[0]] = read[1]
    return decisions


def record_decision(
    database: Database[dict[str, Any]], who: str, decision: Decision, comment: str | None, now: datetime
) -> None:
    """Write a decision into the collection, in place of what was decided there about the same person."""
    parcel = decision.parcel
    document = {
        "email": who,
        "decision": str(decision.verdict),
        "county": parcel and parcel.county,
        "parcel_id": parcel and parcel.parcel_id,
        "comment": comment,
        "decided_at": now,
    }
    written = database[MATCH_DECISIONS].insert_one(document).inserted_id
    same = {"$regex": rf"^\s*{re.escape(who)}\s*$", "$options": "i"}
    database[MATCH_DECISIONS].delete_many({"email": same, "_id": {"$ne": written}})


def parcel_of(text: str) -> Parcel:
    """The parcel that `COUNTY/PARCEL` names.

    Raises:
        DecisionError: if it names none.
    """
    county, _, parcel_id = text.partition("/")
    key = county_key(county)
    if key is None or not parcel_id.strip():
        message = f"{text!r} is neither right nor wrong nor COUNTY/PARCEL, such as Franklin/010-000123-00"
        raise DecisionError(message)
    return Parcel(key, parcel_id.strip())


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        raise DecisionError(f"{path} is not UTF-8 text: save it as CSV UTF-8") from None
    except OSError as error:
        raise DecisionError(f"{path} cannot be read: {error.strerror}. See OCTOPUS_DECISIONS_FILE") from None
    try:
        header, *lines = [*csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text))] or [[]]
    except csv.Error:
        raise DecisionError(
            f"{path} is no CSV file: a cell of it has no end, or no end of the line"
        ) from None
    names = [name.strip().lower() for name in header]
    missing = _NEEDED - set(names)
    if missing:
        message = f"{path}, row 1: no column {' and no column '.join(sorted(missing))}; it needs them"
        raise DecisionError(message)
    for number, cells in enumerate(lines, start=2):
        yield number, dict(zip(names, cells, strict=False))


def _delimiter(text: str) -> str:
    """Spreadsheets of other countries write semicolons."""
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _decision(texts: Mapping[str, str], place: str) -> tuple[str, Decision] | None:
    """Whom a row is about, and what it decides; None if it decides nothing."""
    said = {name: texts.get(name, "").strip() for name in DECISION_COLUMNS}
    if not said["decision"]:
        return None
    try:
        verdict = Verdict(said["decision"].lower().removeprefix("that "))
    except ValueError:
        raise DecisionError(f"{place}, column decision: expected right, wrong or parcel") from None
    if not said["email"]:
        raise DecisionError(f"{place}, column email: empty; whom is it about?")
    parcel = _parcel(said["county"], said["parcel_id"], place)
    if verdict is Verdict.PARCEL and parcel is None:
        raise DecisionError(f"{place}, column parcel_id: empty; which parcel is it?")
    return said["email"].lower(), Decision(verdict, parcel)


def _parcel(county: str, parcel_id: str, place: str) -> Parcel | None:
    if not county and not parcel_id:
        return None
    if not parcel_id:
        raise DecisionError(f"{place}, column parcel_id: empty, though there is a county")
    if _SPREADSHEET_NUMBER.fullmatch(parcel_id):
        message = (
            f"{place}, column parcel_id: a spreadsheet has turned it into a number and lost its digits; "
            "import that column as text"
        )
        raise DecisionError(message)
    key = county_key(county)
    if key is None:
        raise DecisionError(f"{place}, column county: empty, though there is a parcel_id")
    return Parcel(key, parcel_id)
