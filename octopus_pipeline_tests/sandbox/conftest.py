from __future__ import annotations

from collections.abc import Iterator

import pytest

from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline.sandbox.serving import ServedSandbox, serve_in_thread


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ServedSandbox]:
    """A small account without a rate limit; tests leave it as they found it."""
    account = generate_account(seed=7, campaigns=10, rows=2_000)
    with serve_in_thread(account, requests_per_second=None) as served:
        yield served
        served.control.set_faults([])


@pytest.fixture
def fresh_sandbox() -> Iterator[ServedSandbox]:
    """A small account without a rate limit, for tests that change it."""
    account = generate_account(seed=7, campaigns=10, rows=2_000)
    with serve_in_thread(account, requests_per_second=None) as served:
        yield served
