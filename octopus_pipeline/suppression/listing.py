"""Where the hashes of erased people are kept: the collection `suppressed`, and a copy of it beside the key.

A document is `{_id: the keyed hash, at}`, and one, `{_id: "key", check}`, remembers which key it was. The copy,
`suppression.list` in the data folder, outlives the database: after `octopus clean`, or when an older backup was
restored, the collection is filled from it again.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any, Final

from pymongo import UpdateOne

from octopus_pipeline.suppression.key import SuppressionKeyError, check_of, make_key, read_key
from octopus_pipeline.suppression.suppressed import NOBODY, Suppressed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pymongo.database import Database

    from octopus_pipeline.settings import Settings

SUPPRESSED: Final = "suppressed"
LIST_FILE: Final = "suppression.list"

_KEY = "key"


def load(database: Database[dict[str, Any]], settings: Settings) -> Suppressed:
    """Who is erased; `NOBODY` where nobody ever was, and then it costs a question to the server.

    Raises:
        SuppressionKeyError: if the key is not there, or is another than the one they were erased with.
    """
    documents = {document["_id"]: document for document in database[SUPPRESSED].find()}
    copied = _copied(settings)
    if not documents and not copied:
        return NOBODY
    key = read_key(settings)
    check = check_of(key)
    checks = {documents[_KEY]["check"]} if _KEY in documents else set[str]()
    checks |= {line.removeprefix(f"{_KEY} ") for line in copied if line.startswith(f"{_KEY} ")}
    if not all(hmac.compare_digest(check, one) for one in checks):
        message = (
            "the key of erased people is another than the one they were erased with, so that none of them would be "
            f"recognised. Set OCTOPUS_SUPPRESSION_KEY as it was, or put {settings.data_dir / 'suppression.key'} back; "
            "nothing is synced without it, lest they come back"
        )
        raise SuppressionKeyError(message)
    hashes = {one for one in (*documents, *copied) if not one.startswith(_KEY)}
    _write(database, settings, hashes - documents.keys(), hashes - copied, check, at=None)
    return Suppressed(key, hashes)


def begin(database: Database[dict[str, Any]], settings: Settings) -> Suppressed:
    """As `load`, with a key made if there is none yet: to add somebody.

    Raises:
        SuppressionKeyError: as `load`, or if the key cannot be written.
    """
    found = load(database, settings)
    if found:
        return found
    make_key(settings)
    return Suppressed(read_key(settings), ())


def store(
    database: Database[dict[str, Any]], settings: Settings, suppressed: Suppressed, now: datetime
) -> None:
    """Keep what was learned, before anybody relies on it."""
    if suppressed.learned:
        learned = frozenset(suppressed.learned)
        _write(database, settings, learned, learned, check_of(read_key(settings)), at=now)
        suppressed.learned -= learned


def _write(
    database: Database[dict[str, Any]],
    settings: Settings,
    missing: Iterable[str],
    uncopied: Iterable[str],
    check: str,
    *,
    at: datetime | None,
) -> None:
    """Write hashes to the collection and to the copy; it may be done again."""
    kept = [UpdateOne({"_id": one}, {"$setOnInsert": {"at": at}}, upsert=True) for one in sorted(missing)]
    if kept:
        mark = UpdateOne({"_id": _KEY}, {"$setOnInsert": {"check": check}}, upsert=True)
        database[SUPPRESSED].bulk_write([mark, *kept])
    lines = sorted(uncopied)
    if lines:
        path = _copy_path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write("".join(f"{line}\n" for line in (f"{_KEY} {check}", *lines)))
            file.flush()
            os.fsync(file.fileno())


def _copied(settings: Settings) -> set[str]:
    """The lines of the copy; one that a killed process cut off counts for nothing."""
    try:
        text = _copy_path(settings).read_text(encoding="ascii")
    except FileNotFoundError:
        return set()
    lengths = {len(line) for line in ("0" * 64, f"{_KEY} " + "0" * 64)}
    return {line for line in text.splitlines() if len(line) in lengths}


def _copy_path(settings: Settings) -> Path:
    return settings.data_dir / LIST_FILE
