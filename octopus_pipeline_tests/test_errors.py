"""Errors keep what they say on their way from process to process."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from typing import TYPE_CHECKING

import octopus_pipeline
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.store.bulk import BulkWriteFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_every_error_of_ours_goes_whole_from_process_to_process() -> None:
    for module in pkgutil.walk_packages(octopus_pipeline.__path__, "octopus_pipeline."):
        if not module.name.endswith((".__main__", ".definitions")):
            importlib.import_module(module.name)
    kinds = list(subclasses(PipelineError))
    assert BulkWriteFailedError in kinds
    for kind in kinds:
        error = kind.__new__(kind, "the words")
        error.__dict__["campaign_id"] = "one"
        assert_same(pickle.loads(pickle.dumps(error)), error)
    refused = BulkWriteFailedError("emailoctopus_db.participants", 2, "too large")
    assert_same(pickle.loads(pickle.dumps(refused)), refused)


def subclasses(kind: type[PipelineError]) -> Iterator[type[PipelineError]]:
    """All kinds of an error, at any depth."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def assert_same(one: PipelineError, other: PipelineError) -> None:
    assert type(one) is type(other)
    assert (one.args, one.__dict__) == (other.args, other.__dict__)
