"""Erasing from `emailoctopus_db`: participants, analysts' decisions, remembered matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octopus_pipeline.erasure.certificate import Removed
from octopus_pipeline.sync.database import HOUSEHOLD_MATCHES, MATCH_DECISIONS, PARTICIPANTS
from octopus_pipeline.sync.decisions import DECISION_COLUMNS
from octopus_pipeline.sync.erased_documents import erase_from_participants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.erasure.erasure import Erasure


def erase_participants(erasure: Erasure) -> Iterator[Removed]:
    """A document of the pseudonym stays of an erased contact's, with what it did."""
    erased = erase_from_participants(erasure.connections, erasure.suppressed)
    if erased:
        where = erasure.connections.database[PARTICIPANTS].full_name
        yield Removed("database", where, "documents left without address, status and fields", erased)


def erase_decisions(erasure: Erasure) -> Iterator[Removed]:
    """Analysts' decisions that name somebody erased are deleted."""
    decisions = erasure.connections.database[MATCH_DECISIONS]
    found = [one["_id"] for one in decisions.find() if _names_erased(erasure, one)]
    if found:
        decisions.delete_many({"_id": {"$in": found}})
        yield Removed("database", decisions.full_name, "decisions deleted", len(found))


def _names_erased(erasure: Erasure, decision: dict[str, Any]) -> bool:
    said = "\n".join(str(decision.get(name) or "") for name in DECISION_COLUMNS)
    return erasure.suppressed.is_named_in(said)


def erase_remembered_matches(erasure: Erasure) -> Iterator[Removed]:
    """All remembered matches are dropped: they are made anew as they are needed.

    Those of an erased person cannot all be told from the others': what somebody said earlier is remembered, too, under
    a key that only who knows what it was can find.
    """
    matches = erasure.connections.database[HOUSEHOLD_MATCHES]
    number = matches.estimated_document_count() if erasure.is_any_removed else 0
    if number:
        matches.drop()
        yield Removed("database", matches.full_name, "remembered matches dropped, of everybody", number)
