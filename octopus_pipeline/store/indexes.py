"""Making sure that a collection has its indexes, whatever it had before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.collection import Collection

_DUPLICATE_KEY = 11000
_INDEX_NOT_FOUND = 27
_RESTRICTIONS = {"partialFilterExpression", "sparse", "collation", "expireAfterSeconds"}


class DuplicateDocumentsError(PipelineError):
    """A unique index cannot be built: documents share its keys. The owner of their meaning must merge them.

    Attributes:
        collection: full name of the collection.
        keys: the fields that should be unique together.
        groups: how many combinations of their values occur in more than one document.
    """

    def __init__(self, collection: str, keys: tuple[str, ...], groups: int) -> None:
        super().__init__(
            f"{collection} cannot have a unique index on ({', '.join(keys)}): "
            f"{groups} combinations of their values occur in more than one document. Remove the surplus ones (make a "
            "backup first), then run it again"
        )
        self.collection = collection
        self.keys = keys
        self.groups = groups


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """An ascending index on `keys`, in this order."""

    keys: tuple[str, ...]
    unique: bool = False

    @property
    def pattern(self) -> dict[str, int]:
        """As a query's hint names it."""
        return dict.fromkeys(self.keys, 1)


def ensure_indexes(collection: Collection[dict[str, Any]], specs: Iterable[IndexSpec]) -> None:
    """Create the indexes that are missing; safe to repeat, and in several processes at once.

    An index with the same keys serves under any name, and a unique one where none is asked for. A plain one
    where a unique one is asked for is replaced, without a moment in which the collection has neither.

    Raises:
        DuplicateDocumentsError: documents share the keys of a unique index; what was there is unchanged.
    """
    for spec in specs:
        _ensure_index(collection, spec)


def _ensure_index(collection: Collection[dict[str, Any]], spec: IndexSpec) -> None:
    indexes = collection.index_information()
    keys = [(key, 1) for key in spec.keys]
    same_keys = {
        name: bool(index.get("unique"))
        for name, index in indexes.items()
        if index["key"] == keys and not _RESTRICTIONS & index.keys()
    }
    if same_keys and (not spec.unique or any(same_keys.values())):
        return
    name = "_".join(f"{key}_1" for key in spec.keys)
    if name in indexes:  # taken by the plain index that is to be replaced, or by a restricted one
        name += "_unique" if spec.unique else "_plain"
    if not _create(collection, keys, name=name, unique=spec.unique):
        # Raised outside the handler: the server's error quotes the values.
        raise DuplicateDocumentsError(
            collection.full_name, spec.keys, _count_duplicates(collection, spec.keys)
        )
    for plain in same_keys:
        _drop(collection, plain)


def _create(
    collection: Collection[dict[str, Any]], keys: list[tuple[str, int]], *, name: str, unique: bool
) -> bool:
    """Whether the index could be built; False if documents share its keys."""
    try:
        collection.create_index(keys, name=name, unique=unique)
    except OperationFailure as error:
        if error.code != _DUPLICATE_KEY:
            raise
        return False
    return True


def _drop(collection: Collection[dict[str, Any]], name: str) -> None:
    try:
        collection.drop_index(name)
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:  # another process was faster
            raise


def _count_duplicates(collection: Collection[dict[str, Any]], keys: tuple[str, ...]) -> int:
    # To a unique index a missing field is null.
    group = {f"key{number}": {"$ifNull": [f"${key}", None]} for number, key in enumerate(keys)}
    pipeline: list[dict[str, Any]] = [
        {"$group": {"_id": group, "documents": {"$sum": 1}}},
        {"$match": {"documents": {"$gt": 1}}},
        {"$count": "groups"},
    ]
    found = next(iter(collection.aggregate(pipeline, allowDiskUse=True)), {"groups": 0})
    return int(found["groups"])
