"""Forgetting a person: first everybody who may ever bring the person back is told, then every place is gone through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pymongo.errors import PyMongoError

from octopus_pipeline.erasure.backups import erase_backups
from octopus_pipeline.erasure.certificate import Register
from octopus_pipeline.erasure.county_owners import tell_county_owners
from octopus_pipeline.erasure.documents import erase_decisions, erase_participants, erase_remembered_matches
from octopus_pipeline.erasure.erasure import Erasure
from octopus_pipeline.erasure.files import erase_decisions_file, erase_exports
from octopus_pipeline.erasure.leftovers import erase_unfinished_files, scrub_server, tell_of_stores
from octopus_pipeline.erasure.people_documents import erase_people
from octopus_pipeline.erasure.stored_tables import erase_campaigns, erase_contacts, erase_counties
from octopus_pipeline.store.mongo import lost
from octopus_pipeline.suppression import listing
from octopus_pipeline.sync.working import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octopus_pipeline.erasure.certificate import Certificate, Duty, Removed
    from octopus_pipeline.erasure.erasure import Eraser
    from octopus_pipeline.erasure.person import Person
    from octopus_pipeline.sync.connections import Connections

ERASERS: Final[Sequence[Eraser]] = (
    erase_people,
    erase_backups,
    erase_participants,
    erase_contacts,
    erase_counties,
    erase_campaigns,
    erase_decisions,
    erase_decisions_file,
    erase_remembered_matches,
    erase_exports,
    erase_unfinished_files,
    tell_county_owners,
    tell_of_stores,
    scrub_server,
)
"""One a kind of place, in this order: the server's files last, when all was deleted."""


def forget(
    connections: Connections,
    person: Person | None,
    *,
    on_wait: Callable[[], None],
    on_removed: Callable[[Removed | Duty], None],
    erasers: Sequence[Eraser] = ERASERS,
) -> Certificate:
    """Erase a person everywhere, and keep that nobody brings the person back.

    The hashes are written first. Then every place is brought to what the list of all erased people demands: so an
    erasure that was interrupted is finished by any that follows, and doing it twice changes nothing.

    Args:
        connections: where everything is.
        person: who; None goes through all places again for everybody who was erased before.
        on_wait: called once if others are at work on people's data, whom this waits for.
        on_removed: told each entry of the certificate as it is made.
        erasers: the places.

    Raises:
        SuppressionKeyError: if the key is not there, or is another one.
        PipelineError: if a place cannot be rewritten; do it again once that is mended.
    """
    database, settings = connections.database, connections.settings
    try:
        began_at = datetime.now(UTC)
        suppressed = listing.begin(database, settings)
        if person is not None:
            suppressed.add(person.names)
        listing.store(database, settings, suppressed, began_at)
        who = None if person is None else suppressed.hash_of(person.asked)
        with alone(connections.locks_folder, on_wait):
            register = Register(database, who, began_at)
            erasure = Erasure(connections, suppressed, register, register.was_interrupted, began_at)
            for eraser in erasers:
                for entry in eraser(erasure):
                    register.add(entry)
                    on_removed(entry)
            return register.finish(datetime.now(UTC))
    except PyMongoError as error:
        failure = lost(error, database.client)
    # Raised outside the handler: the driver's error, which may quote data, is not in its context.
    raise failure
