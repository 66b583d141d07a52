"""A 429's wish to wait is understood in every spelling seen, and in no other."""

from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict

from octopus_pipeline.emailoctopus.retry_after import HEADERS, retry_after_seconds

NOW = 1_760_000_000.0  # Thu, 09 Oct 2025 08:53:20 GMT


@pytest.mark.parametrize("name", [*HEADERS, "x-ratelimit-retry-after", "RETRY-AFTER"])
@pytest.mark.parametrize(
    "value",
    ["42", "42.0", " 42 ", "1760000042", "Thu, 09 Oct 2025 08:54:02 GMT", "Thu, 09 Oct 2025 08:54:02"],
)
def test_seconds_moments_and_dates_say_the_same_under_each_name(name: str, value: str) -> None:
    assert retry_after_seconds(CaseInsensitiveDict({name: value}), NOW) == 42


@pytest.mark.parametrize(
    "value", ["", "soon", "0", "-5", "nan", "inf", "1759999999", "Thu, 09 Oct 2025 08:00:00 GMT", "9" * 400]
)
def test_what_is_unusable_or_past_says_nothing(value: str) -> None:
    assert retry_after_seconds(CaseInsensitiveDict({"Retry-After": value}), NOW) is None


def test_an_unusable_header_does_not_hide_a_usable_one() -> None:
    headers = CaseInsensitiveDict({"X-RateLimit-Retry-After": "soon", "Retry-After": "7"})
    assert retry_after_seconds(headers, NOW) == 7
