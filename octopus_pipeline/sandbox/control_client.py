"""A client of `/_sandbox/`: for tests, benchmarks and the terminal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
import requests

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octopus_pipeline.sandbox.faults import FaultRule

_TIMEOUT_SECONDS = 120.0


class SandboxError(PipelineError):
    """The sandbox did not do what it was told; the message has its own words."""


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What a sandbox was asked since its counts were last reset; the fields are those of `Traffic`."""

    requests: dict[str, int]
    rate_limited: int
    faults: dict[str, int]
    first_request_at: float | None
    last_request_at: float | None
    total: int


@dataclass(frozen=True, slots=True)
class SandboxControl:
    """Controls the sandbox at `url`."""

    url: str

    def statistics(self) -> TrafficReport:
        """What was asked so far."""
        return TrafficReport(**self._call("GET", "statistics"))

    def reset_statistics(self) -> None:
        """Count from zero."""
        self._call("POST", "statistics/reset")

    def set_faults(self, rules: Iterable[FaultRule]) -> None:
        """Put these fault rules in force instead of those before; none ends all faults."""
        self._call("POST", "faults", [asdict(rule) for rule in rules])

    def advance(self, hours: float, seed: int = 0) -> str:
        """Let time pass; the account's time after it, in ISO 8601."""
        now: str = self._call("POST", "advance", {"hours": hours, "seed": seed})["now"]
        return now

    def account(self) -> dict[str, Any]:
        """The account in brief: `now`, `campaigns` (with their summary) and `expected_requests`."""
        answer: dict[str, Any] = self._call("GET", "account")
        return answer

    def truth(self, campaign_id: str) -> dict[str, dict[str, Any]]:
        """The participants of a campaign by contact id, each an `ExpectedParticipant` as JSON."""
        participants: dict[str, dict[str, Any]] = self._call("GET", f"truth/{campaign_id}")["participants"]
        return participants

    def _call(self, method: str, path: str, content: object = None) -> Any:
        body = None if content is None else orjson.dumps(content)
        try:
            answer = requests.request(
                method, f"{self.url}/_sandbox/{path}", data=body, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            message = f"no sandbox answers at {self.url}: start one with `octopus sandbox serve`"
            raise SandboxError(message) from error
        if answer.status_code >= 400:
            raise SandboxError(f"{path}: {answer.text}")
        return answer.json()
