"""What an erasure removed where: counts and places, and nobody's data. Kept in the collection `erasures`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.database import Database

ERASURES: Final = "erasures"

TABLE: Final = "table"
"""The place of what was removed from Parquet tables."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was done in one place.

    Attributes:
        place: the kind of place (`participants`, `CSV files`).
        where: which one of them; a table without its partition.
        what: what was done.
        count: to how many rows, documents or files.
        partition: of a table.
    """

    place: str
    where: str
    what: str
    count: int
    partition: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What others must do, whom this project cannot do it for."""

    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """One erasure.

    Attributes:
        who: the keyed hash of what was asked for; None where everybody erased before was erased again.
        began_at, finished_at: when; the second is None as long as it was interrupted.
        removed: what was done where.
        duties: what others must do.
    """

    who: str | None
    began_at: datetime
    finished_at: datetime | None = None
    removed: list[Removed] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The certificate for scripts."""
        times = {
            name: time and time.isoformat()
            for name, time in (("began_at", self.began_at), ("finished_at", self.finished_at))
        }
        return {**asdict(self), **times}

    def markdown(self) -> str:
        """The certificate for people."""
        ended = "interrupted" if self.finished_at is None else self.finished_at.isoformat(timespec="seconds")
        lines = [
            "# Certificate of erasure",
            "",
            f"- keyed hash of the identifier: `{self.who or 'all who were erased before'}`",
            f"- began: {self.began_at.isoformat(timespec='seconds')}",
            f"- finished: {ended}",
            "",
        ]
        if self.removed:
            lines += ["| place | where | what | count |", "|---|---|---|--:|"]
            lines += [
                f"| {one.place} | {', '.join(filter(None, (one.where, one.partition)))} | {one.what} | {one.count:,} |"
                for one in self.removed
            ]
        else:
            lines.append(
                "Nothing was found. Who this is would be recognised, and is not brought in by a later sync."
            )
        if self.duties:
            lines += ["", "What others must do:", ""]
            lines += [f"- {duty.who}: {duty.what}" for duty in self.duties]
        return "\n".join(lines)


def certificates_of(database: Database[dict[str, Any]], who: str) -> list[Certificate]:
    """The erasures of whoever has this keyed hash, the first one first."""
    return [
        Certificate(
            document["who"],
            document["began_at"],
            document["finished_at"],
            [Removed(**one) for one in document["removed"]],
            [Duty(**one) for one in document["duties"]],
        )
        for document in database[ERASURES].find({"who": who}).sort("began_at")
    ]


class Register:
    """Writes an erasure down as it goes on, so that one that was interrupted says how far it came."""

    def __init__(self, database: Database[dict[str, Any]], who: str | None, now: datetime) -> None:
        self._erasures = database[ERASURES]
        self.certificate = Certificate(who, now)
        self.was_interrupted = self._erasures.find_one({"finished_at": None}) is not None
        document: dict[str, Any] = {
            "who": who,
            "began_at": now,
            "finished_at": None,
            "removed": [],
            "duties": [],
        }
        self._id = self._erasures.insert_one(document).inserted_id

    def add(self, entry: Removed | Duty) -> None:
        """Write one entry down."""
        name = "removed" if isinstance(entry, Removed) else "duties"
        getattr(self.certificate, name).append(entry)
        self._erasures.update_one({"_id": self._id}, {"$push": {name: asdict(entry)}})

    def finish(self, now: datetime) -> Certificate:
        """All is done, and with it what interrupted erasures before had left undone."""
        self._erasures.update_many({"finished_at": None}, {"$set": {"finished_at": now}})
        done = self.certificate
        return Certificate(done.who, done.began_at, now, done.removed, done.duties)
