"""Writing many documents: in batches, several at once, safe under concurrent runs and network trouble."""

from __future__ import annotations

import re
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from bson.errors import BSONError
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError
from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.mongo import MongoUnavailableError, lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pymongo.collection import Collection


class InsertOrUpdate(InsertOne[dict[str, Any]]):
    """An upsert of a document that most likely is not there: inserting costs the server half as much.

    If it is there after all, `update` is done instead.
    """

    __slots__ = ("update",)

    def __init__(self, document: dict[str, Any], update: UpdateOne) -> None:
        super().__init__(document)
        self.update = update


WriteOperation = UpdateOne | InsertOrUpdate
"""What `bulk_write` takes: operations that may be repeated without changing the outcome."""

_DUPLICATE_KEY = 11000
_PASSING_CODES = {
    _DUPLICATE_KEY,  # another run has just inserted the document; the next attempt updates it
    112,  # WriteConflict
}
_ATTEMPTS_A_WRITE_ERROR = 5


class BulkWriteFailedError(PipelineError):
    """The server, or the encoding, refused operations; the message has no content of a document.

    Attributes:
        collection: full name of the collection.
        failed: how many operations of the batch were refused.
    """

    def __init__(self, collection: str, failed: int, words: str) -> None:
        super().__init__(f"{failed} writes to {collection} failed: {words}")
        self.collection = collection
        self.failed = failed


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many documents the operations matched, modified and inserted, whether as upserts or as inserts.

    An operation whose answer was lost and that was repeated counts as its repetition found it.
    """

    matched: int = 0
    modified: int = 0
    upserted: int = 0

    def __add__(self, other: BulkResult) -> BulkResult:
        return BulkResult(
            self.matched + other.matched, self.modified + other.modified, self.upserted + other.upserted
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an attempt came to: what is `pending` may be tried again, else `failure` is final."""

    written: BulkResult
    pending: list[WriteOperation]
    failure: Exception | None


def bulk_write(
    collection: Collection[dict[str, Any]],
    operations: Iterable[WriteOperation],
    *,
    batch_size: int = 2500,
    workers: int = 2,
    patience_seconds: float = 30.0,
) -> BulkResult:
    """Write `operations` in no particular order; each must be idempotent, as it may be sent more than once.

    The iterable is consumed in this thread as the server takes the batches: building operations, encoding
    them and the server's work overlap, and at most `workers + 1` batches are in memory. Duplicate keys, which
    concurrent upserts of one document can meet, and lost connections are tried again.

    Args:
        collection: where to write.
        operations: updates, replacements and inserts that become updates.
        batch_size: operations sent at once.
        workers: batches under way at once.
        patience_seconds: how long to try to reach a lost server again, a batch.

    Raises:
        BulkWriteFailedError: operations were refused; others may have been written.
        MongoUnavailableError: the server was lost and did not come back in time.
    """
    total = BulkResult()
    running: set[Future[BulkResult]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="bulk-write") as pool:
        for batch in _batches(operations, batch_size):
            running.add(pool.submit(_write, collection, batch, patience_seconds))
            if len(running) > workers:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                total = sum((future.result() for future in done), total)
        return sum((future.result() for future in running), total)


def _batches(operations: Iterable[WriteOperation], size: int) -> Iterator[list[WriteOperation]]:
    iterator = iter(operations)
    while batch := list(islice(iterator, size)):
        yield batch


def _write(
    collection: Collection[dict[str, Any]], batch: list[WriteOperation], patience_seconds: float
) -> BulkResult:
    """Write one batch; what meets passing trouble again, and only that."""
    total, pending = BulkResult(), batch

    def attempt() -> _Outcome:
        nonlocal total, pending
        outcome = _attempt(collection, pending)
        total, pending = total + outcome.written, outcome.pending
        return outcome

    def gives_up(state: RetryCallState) -> bool:
        failure = state.outcome.result().failure if state.outcome else None
        if isinstance(failure, MongoUnavailableError):
            return (state.seconds_since_start or 0) >= patience_seconds
        return state.attempt_number >= _ATTEMPTS_A_WRITE_ERROR

    retrying = Retrying(
        retry=retry_if_result(lambda outcome: bool(outcome.pending)),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        stop=gives_up,
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    failure = retrying(attempt).failure
    if failure is not None:
        # Raised outside any handler: the driver's error, which carries the documents, is not in its context.
        raise failure
    return total


def _attempt(collection: Collection[dict[str, Any]], operations: list[WriteOperation]) -> _Outcome:
    try:
        answer = collection.bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        return _after_write_errors(collection.full_name, operations, error.details)
    except ConnectionFailure as error:
        return _Outcome(BulkResult(), operations, lost(error, collection.database.client))
    except (PyMongoError, BSONError, ValueError, TypeError, OverflowError) as error:
        failure = BulkWriteFailedError(collection.full_name, len(operations), _words(error))
        return _Outcome(BulkResult(), [], failure)
    inserted = answer.upserted_count + answer.inserted_count
    return _Outcome(BulkResult(answer.matched_count, answer.modified_count, inserted), [], None)


def _after_write_errors(
    collection: str, operations: list[WriteOperation], details: Mapping[str, Any]
) -> _Outcome:
    inserted = details["nUpserted"] + details["nInserted"]
    written = BulkResult(details["nMatched"], details["nModified"], inserted)
    errors = details["writeErrors"]
    final = [error for error in errors if error["code"] not in _PASSING_CODES]
    if final:
        failure = BulkWriteFailedError(collection, len(final), _redacted(final[0]["errmsg"]))
        return _Outcome(written, [], failure)
    if errors:
        failure = BulkWriteFailedError(collection, len(errors), _redacted(errors[0]["errmsg"]))
        return _Outcome(
            written, [_again(operations[error["index"]], error["code"]) for error in errors], failure
        )
    words = _redacted(details["writeConcernErrors"][0]["errmsg"])
    failure = BulkWriteFailedError(collection, len(operations), f"not confirmed: {words}")
    return _Outcome(BulkResult(), operations, failure)


def _again(operation: WriteOperation, code: int) -> WriteOperation:
    if isinstance(operation, InsertOrUpdate) and code == _DUPLICATE_KEY:
        return operation.update
    return operation


def _words(error: Exception) -> str:
    """An error in words without values: the server's where it has spoken, else the name of the error."""
    if isinstance(error, OperationFailure) and error.details:
        return _redacted(str(error.details.get("errmsg", "")))
    return type(error).__name__


def _redacted(words: str) -> str:
    """The server's words without the documents and values it quotes."""
    return re.sub(r"\{.*\}|\"[^\"]*\"|'[^']*'", "{...}", words, flags=re.DOTALL)
