"""Which call meets which fault: the rules, and the choice among them; nothing about HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Any

from octopus_pipeline.emailoctopus.records import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FaultKind(StrEnum):
    """What can go wrong with an answer."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CUT = "cut"
    HANG = "hang"
    INVALID_JSON = "invalid_json"
    HTML = "html"
    REPEATED_PAGE = "repeated_page"
    REPEATED_CURSOR = "repeated_cursor"
    SHORT_REPORT = "short_report"
    VANISHED = "vanished"
    WRONG_KEY = "wrong_key"


class RetryHeader(StrEnum):
    """Which header of a 429 says how long to wait: EmailOctopus's text spells the prefix in two ways."""

    DOCUMENTED = "X-RateLimit-Retry-After"
    OTHER_PREFIX = "X-RateLimiting-Retry-After"
    STANDARD = "Retry-After"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FaultRule:
    """When which fault strikes.

    Attributes:
        fault: What happens.
        path: Shell pattern of the URL path (`*/reports*`), the same for both API versions.
        report: Only calls of this report.
        skip: How many matching calls pass before the rule begins.
        count: How many calls it strikes at most; None for no end.
        rate: The chance that a matching call is struck.
        seed: Decides which calls those are.
        status: HTTP status of `server_error` and `html`.
        seconds: How long `hang` waits, and what a 429 tells the client to wait.
        header: The header in which a 429 tells it.
    """

    fault: FaultKind
    path: str = "*"
    report: Report | None = None
    skip: int = 0
    count: int | None = None
    rate: float = 1.0
    seed: int = 0
    status: int = 502
    seconds: float = 1.0
    header: RetryHeader = RetryHeader.DOCUMENTED


_KINDS: dict[str, tuple[type, ...]] = {
    "path": (str,),
    "skip": (int,),
    "count": (int, type(None)),
    "rate": (int, float),
    "seed": (int,),
    "status": (int,),
    "seconds": (int, float),
}


def rule_from_json(raw: Mapping[str, Any]) -> FaultRule:
    """A rule from its JSON: the attributes of `FaultRule`, of which `fault` is required.

    Raises:
        ValueError, TypeError: naming what is wrong.
    """
    unknown = sorted(raw.keys() - FaultRule.__dataclass_fields__.keys())
    if unknown or "fault" not in raw:
        message = f"a fault rule needs `fault`; unknown: {', '.join(unknown) or 'nothing'}"
        raise ValueError(message)
    typed = {
        "fault": FaultKind(raw["fault"]),
        "report": Report(raw["report"]) if raw.get("report") else None,
        "header": RetryHeader(raw.get("header", RetryHeader.DOCUMENTED)),
    }
    rule = FaultRule(**{**raw, **typed})
    for name, kinds in _KINDS.items():
        value = getattr(rule, name)
        if isinstance(value, bool) or not isinstance(value, kinds):
            message = f"{name} of a fault rule cannot be {value!r}"
            raise TypeError(message)
    return rule


@dataclass(frozen=True, slots=True)
class FaultRequest:
    """What a rule looks at in a call."""

    path: str
    report: Report | None = None
    campaign_id: str | None = None


@dataclass(slots=True)
class _RuleState:
    rule: FaultRule
    random: Random
    matched: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Whether the rule strikes the matching call at hand."""
        self.matched += 1
        if self.matched <= self.rule.skip or self.struck == self.rule.count:
            return False
        if self.rule.rate < 1 and self.random.random() >= self.rule.rate:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class Faults:
    """The rules in force and what has become of them; the first rule that strikes wins."""

    vanished: set[str] = field(default_factory=set)
    _states: list[_RuleState] = field(default_factory=list)

    def replace(self, rules: Iterable[FaultRule]) -> None:
        """Put these rules in force instead of the ones before; vanished campaigns come back."""
        self.vanished.clear()
        self._states = [_RuleState(rule, Random(rule.seed)) for rule in rules]  # noqa: S311

    def choose(self, request: FaultRequest) -> FaultRule | None:
        """The rule that strikes this call, if any."""
        for state in self._states:
            if _matches(state.rule, request) and state.strikes():
                if state.rule.fault is FaultKind.VANISHED and request.campaign_id:
                    self.vanished.add(request.campaign_id)
                return state.rule
        return None


def _matches(rule: FaultRule, request: FaultRequest) -> bool:
    return (rule.report is None or rule.report is request.report) and fnmatchcase(request.path, rule.path)
