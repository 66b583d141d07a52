"""A bare reader of the sandbox for its tests: it follows links and does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octopus_pipeline.sandbox.serving import ServedSandbox

TIMEOUT = 10
ENDLESS = 2_000
"""More pages than any test reads."""


def get_v2(sandbox: ServedSandbox, path: str, **parameters: str | int) -> requests.Response:
    key = {"Authorization": f"Bearer {sandbox.api_key}"}
    return requests.get(urljoin(sandbox.url, path), params=parameters, headers=key, timeout=TIMEOUT)


def get_v1(sandbox: ServedSandbox, path: str, **parameters: str | int) -> requests.Response:
    url = f"{sandbox.url}/api/1.6{path}"
    return requests.get(url, params={"api_key": sandbox.api_key, **parameters}, timeout=TIMEOUT)


def pages_v2(sandbox: ServedSandbox, path: str, **parameters: str | int) -> Iterator[dict[str, Any]]:
    answer = get_v2(sandbox, path, **parameters).json()
    for _ in range(ENDLESS):
        yield answer
        if not answer["paging"]["next"]:
            return
        answer = get_v2(sandbox, answer["paging"]["next"]["url"]).json()
    pytest.fail("the pages have no end")


def rows_v2(sandbox: ServedSandbox, path: str, **parameters: str | int) -> list[dict[str, Any]]:
    return [row for page in pages_v2(sandbox, path, **parameters) for row in page["data"]]


def pages_v1(sandbox: ServedSandbox, path: str, **parameters: str | int) -> Iterator[dict[str, Any]]:
    answer = get_v1(sandbox, path, **parameters).json()
    for _ in range(ENDLESS):
        yield answer
        if not answer["paging"] or not answer["paging"]["next"]:
            return
        link = urljoin(sandbox.url, answer["paging"]["next"])
        answer = requests.get(link, timeout=TIMEOUT).json()
    pytest.fail("the pages have no end")


def rows_v1(sandbox: ServedSandbox, path: str, **parameters: str | int) -> list[dict[str, Any]]:
    return [row for page in pages_v1(sandbox, path, **parameters) for row in page["data"]]
