"""The filters of people: one small language for the terminal, the Dagster UI and the dashboard.

Filters combine: each that is given has to hold. Where a filter takes several values (campaigns, match states, counties,
ZIP codes), they are alternatives. What flags are about depends on what a row is (`queries.Rows`): in rows of campaigns
all flags are of that one mail to that person; in rows of people "opened" means any of the chosen campaigns, "not
opened" none of them. Chosen are the campaigns that `campaign`, `sent_from` and `sent_to` leave, or all; who got none of
them is in no row.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date  # noqa: TC003  # pydantic reads the annotations when it makes the model
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS, county_key
from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

_ALIKE = 0.6
"""How alike two names are, of 1, if one may be the other misspelt."""


class FilterError(PipelineError):
    """One or more filters are wrong; the message has a line for each with what to do."""


class MatchState(StrEnum):
    """What is known of a person's household; everybody is in exactly one of these states."""

    MATCHED = "matched"
    """A residence or a customer's record was found."""
    REVIEW = "review"
    """Neither, but a candidate that somebody should look at."""
    UNMATCHED = "unmatched"
    """Nothing, or nobody was looked for yet."""


def _known_county(name: str) -> str:
    key, known = county_key(name), list(COUNTY_BY_FIPS.values())
    if key in known:
        return str(key)
    near = difflib.get_close_matches(key or name, known, n=3, cutoff=_ALIKE)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    message = f"Ohio has no county {name!r}; {hint}"
    raise ValueError(message)


def _zip_code(text: str) -> str:
    if len(text) != len("43215") or not (text.isascii() and text.isdigit()):
        message = f"{text!r} is no ZIP code; write five digits, such as 43215"
        raise ValueError(message)
    return text


def _name_of_campaign(text: str) -> str:
    if not text.strip():
        message = "needs a name or an id"
        raise ValueError(message)
    return text.strip()


def _share(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        message = f"{value:g} is no share of an income; write 0.06 for 6 percent"
        raise ValueError(message)
    return value


class PeopleFilter(BaseModel):
    """Which people, or which of their campaigns; without a filter all. Field names are the filters' names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    campaign: tuple[Annotated[str, AfterValidator(_name_of_campaign)], ...] = Field(
        default=(), description="Campaigns of this name, id or partition; several are alternatives."
    )
    sent_from: date | None = Field(
        default=None,
        description="Campaigns sent on this day (2025-09-29) or later, in the project's time zone.",
    )
    sent_to: date | None = Field(
        default=None, description="Campaigns sent on this day or earlier, in the project's time zone."
    )
    engaged: bool = Field(default=False, description="Opened or clicked.")
    opened: bool = Field(default=False, description="Opened.")
    clicked: bool = Field(default=False, description="Clicked a link.")
    not_opened: bool = Field(default=False, description="Did not open.")
    bounced: bool = Field(default=False, description="The mail bounced.")
    complained: bool = Field(default=False, description="Reported it as spam.")
    unsubscribed: bool = Field(default=False, description="Unsubscribed from it.")
    match: tuple[MatchState, ...] = Field(
        default=(),
        description="What is known of the household: matched (a residence or a customer's record), review (a candidate "
        "to look at) or unmatched; several are alternatives.",
    )
    county: tuple[Annotated[str, AfterValidator(_known_county)], ...] = Field(
        default=(),
        description="County of the residence, else of the customer's record; several are alternatives.",
    )
    zip: tuple[Annotated[str, AfterValidator(_zip_code)], ...] = Field(
        default=(), description="ZIP code of the residence, else the contact's own; several are alternatives."
    )
    min_energy_burden: Annotated[float | None, AfterValidator(_share)] = Field(
        default=None, description="Energy costs of at least this share of the income: 0.06 for 6 percent."
    )
    min_campaigns_received: int | None = Field(
        default=None, ge=1, description="Received at least so many of the chosen campaigns."
    )

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.sent_from and self.sent_to and self.sent_from > self.sent_to:
            message = f"sent_from {self.sent_from} is after sent_to {self.sent_to}; exchange them"
            raise ValueError(message)
        if self.opened and self.not_opened:
            message = "opened and not_opened exclude each other; leave one out"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """A filter for whoever shows the filters: what it takes, how many (`many`), of which choices (none: any)."""

    name: str
    kind: type[bool | int | float | str]
    many: bool
    choices: tuple[str, ...]
    description: str


def _spec(name: str, field: FieldInfo) -> FilterSpec:
    kinds = get_args(field.annotation) or (field.annotation,)
    many = get_origin(field.annotation) is tuple
    choices = tuple(map(str, MatchState)) if kinds[0] is MatchState else ()
    kind = next((kind for kind in (bool, int, float) if kind in kinds), str)
    return FilterSpec(name, kind, many, choices, str(field.description))


FILTERS = {name: _spec(name, field) for name, field in PeopleFilter.model_fields.items()}
"""The filters there are, by name; days are written as text."""


def people_filter(values: Mapping[str, object]) -> PeopleFilter:
    """The filter of these values by name; None stands for a filter that is not given.

    Raises:
        FilterError: for unknown filters, with the known and the nearest, and for values that are none.
    """
    given = {name: value for name, value in values.items() if value is not None}
    problems = [_unknown_filter(name) for name in given if name not in FILTERS]
    found = None
    try:
        found = PeopleFilter.model_validate({name: given[name] for name in given if name in FILTERS})
    except ValidationError as error:
        problems += [
            ": ".join(
                [*map(str, detail["loc"][:1]), str(detail["msg"]).removeprefix("Value error, ")],
            )
            for detail in error.errors(include_input=False, include_url=False)
        ]
    if found is None or problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise FilterError(f"Wrong filters:\n{lines}")
    return found


def _unknown_filter(name: str) -> str:
    """That there is no filter of this name, the nearest one, and those there are."""
    near = difflib.get_close_matches(name, FILTERS, n=1, cutoff=_ALIKE)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{name}: no such filter{hint} There are {', '.join(FILTERS)}"


def in_words(filters: PeopleFilter) -> str:
    """The filters that are given, for people: `engaged; county Franklin or Morrow`."""
    given = filters.model_dump(mode="json", exclude_defaults=True)
    words = [
        name.replace("_", " ") + ("" if value is True else f" {_joined(value)}")
        for name, value in given.items()
    ]
    return "; ".join(words) or "everybody"


def _joined(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
