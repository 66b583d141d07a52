"""Filters as MongoDB queries over people's documents, and the aggregations that read rows of people or of campaigns.

Rows come by `contact_id`, which an index has in order: nothing is sorted in memory, however many people there are. The
server chooses between walking that index and one that answers a filter and has the same order:

- `campaign`, `sent_from`, `sent_to`: `engagements.campaign_id, contact_id`;
- `match` (review, unmatched): `match_quality, contact_id`;
- `county`: `county, contact_id`;
- `zip`: `zip, ...`, which lacks the order; the server takes it where it leaves few people, whom it may sort;
- flags, `engaged`: `flags, contact_id`, with which a flag that is rare costs no more than one that is not;
- `not_opened`, `matched`, `min_energy_burden`, `min_campaigns_received`: they leave too many people to be worth an
  index, that each write would have to keep; the walk reads them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.matching.residences import Quality
from octopus_pipeline.people.documents import flag_of
from octopus_pipeline.people.filters import MatchState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octopus_pipeline.people.filters import PeopleFilter

    Query = dict[str, Any]
    Stage = dict[str, Any]


class Rows(StrEnum):
    """What a row is."""

    CAMPAIGNS = "campaigns"
    """A campaign that a person received."""
    PEOPLE = "people"
    """A person, with what it did over the chosen campaigns."""


_NOBODY = {"residence_ref": None, "demographic_ref": None}
_STATES: dict[MatchState, Query] = {
    MatchState.MATCHED: {"$or": [{name: {"$ne": None}} for name in _NOBODY]},
    MatchState.REVIEW: {"match_quality": str(Quality.REVIEW), **_NOBODY},
    MatchState.UNMATCHED: {"match_quality": {"$in": [str(Quality.NO_MATCH), None]}, **_NOBODY},
}


def people_query(
    filters: PeopleFilter, rows: Rows, campaign_ids: Sequence[str] | None, after: str | None = None
) -> Query:
    """The query for the people who have a row.

    Args:
        filters: the filters.
        rows: what a row is.
        campaign_ids: the chosen campaigns (`campaigns.chosen_campaigns`), None for all.
        after: only people whose `contact_id` comes after this one.
    """
    behind = [] if after is None else [{"contact_id": {"$gt": after}}]
    parts = [*_received(filters, rows, campaign_ids), *_person(filters), *behind]
    return parts[0] if len(parts) == 1 else {"$and": parts}


def rows_of_campaigns(
    filters: PeopleFilter, campaign_ids: Sequence[str] | None, person: Sequence[str]
) -> list[Stage]:
    """An aggregation that gives of each person who has rows `{person: [value, ...], rows: [text, ...]}`.

    A row is a text, which is sent and read in a fraction of the time that a list of its values takes: `1` or `0` for
    each of `FLAGS`, then the campaign's id. A person's rows are ascending by campaign id.

    Args:
        filters: the filters.
        campaign_ids: the chosen campaigns, None for all.
        person: paths of the document whose values make `person`, in this order; null for what is missing.
    """
    tests = [
        *([_is_chosen(campaign_ids)] if campaign_ids is not None else []),
        *({"$eq": [f"$$this.{flag}", True]} for flag in FLAGS if getattr(filters, flag)),
        *(
            [{"$or": [{"$eq": ["$$this.opened", True]}, {"$eq": ["$$this.clicked", True]}]}]
            if filters.engaged
            else []
        ),
        *([{"$ne": ["$$this.opened", True]}] if filters.not_opened else []),
    ]
    row = {"$concat": [*({"$cond": [f"$$this.{flag}", "1", "0"]} for flag in FLAGS), "$$this.campaign_id"]}
    kept = {"$filter": {"input": "$engagements", "cond": {"$and": tests}}} if tests else "$engagements"
    return [
        *_in_order(people_query(filters, Rows.CAMPAIGNS, campaign_ids)),
        {
            "$project": {
                "_id": False,
                "person": [f"${path}" for path in person],
                "rows": {"$map": {"input": kept, "in": row}},
            }
        },
    ]


def rows_of_people(
    filters: PeopleFilter, campaign_ids: Sequence[str] | None, person: Sequence[str]
) -> list[Stage]:
    """An aggregation that gives of each person `{person: [value, ...]}`, in the order of `contact_id`.

    After the values of `person` come those of `SUMMARY`, over the chosen campaigns.
    """
    query = people_query(filters, Rows.PEOPLE, campaign_ids)
    if campaign_ids is None:  # the documents have the summary of all campaigns
        values: Any = [f"${path}" for path in (*person, *SUMMARY)]
        return [*_in_order(query), {"$project": {"_id": False, "person": values}}]
    chosen = {"$filter": {"input": "$engagements", "cond": _is_chosen(campaign_ids)}}

    def count(flag: str) -> Any:
        return {"$size": {"$filter": {"input": "$$chosen", "cond": {"$eq": [f"$$this.{flag}", True]}}}}

    summary = [
        {"$size": "$$chosen"},
        *(count(flag) for flag in FLAGS),
        {"$min": "$$chosen.engaged_at"},
        {"$max": "$$chosen.last_engaged_at"},
    ]
    values = {"$let": {"vars": {"chosen": chosen}, "in": [*(f"${path}" for path in person), *summary]}}
    return [*_in_order(query), {"$project": {"_id": False, "person": values}}]


SUMMARY = (
    "campaigns_received",
    *(f"campaigns_{flag}" for flag in FLAGS),
    "first_engaged_at",
    "last_engaged_at",
)
"""What `rows_of_people` tells of the chosen campaigns."""


def count_rows(filters: PeopleFilter, rows: Rows, campaign_ids: Sequence[str] | None) -> list[Stage]:
    """An aggregation that gives `{rows: how many}`, or nothing if there are none."""
    if rows is Rows.PEOPLE:
        return [{"$match": people_query(filters, rows, campaign_ids)}, {"$count": "rows"}]
    entries = rows_of_campaigns(filters, campaign_ids, [])
    return [
        *(stage for stage in entries if "$sort" not in stage),
        {"$group": {"_id": None, "rows": {"$sum": {"$size": "$rows"}}}},
    ]


def _in_order(query: Query) -> list[Stage]:
    return [{"$match": query}, {"$sort": {"contact_id": 1}}]


def _received(filters: PeopleFilter, rows: Rows, campaign_ids: Sequence[str] | None) -> list[Query]:
    """What has to hold of the campaigns that a person received."""
    asked = [[flag] for flag in FLAGS if getattr(filters, flag)]
    if filters.engaged:
        asked.append(["opened", "clicked"])
    parts: list[Query] = [{"flags": {"$in": _words(flags, campaign_ids)}} for flags in asked]
    if rows is Rows.PEOPLE:
        if not asked:
            parts.append(_received_one(campaign_ids))
        if filters.not_opened:
            parts.append({"flags": {"$nin": _words(["opened"], campaign_ids)}})
    elif len(asked) != 1 or filters.not_opened:  # one and the same entry has all that is asked
        tests: list[Query] = [{"$or": [{flag: True} for flag in flags]} for flags in asked]
        if filters.not_opened:
            tests.append({"opened": {"$ne": True}})
        parts.append(_received_one(campaign_ids, tests))
    if filters.min_campaigns_received is not None:
        # Of all campaigns a necessary condition, which is cheaper to look at.
        parts.append({"campaigns_received": {"$gte": filters.min_campaigns_received}})
        if campaign_ids is not None:
            received = {"$filter": {"input": "$engagements", "cond": _is_chosen(campaign_ids)}}
            parts.append({"$expr": {"$gte": [{"$size": received}, filters.min_campaigns_received]}})
    return parts


def _words(flags: Sequence[str], campaign_ids: Sequence[str] | None) -> list[str]:
    """How `flags` of a document says any of these flags in any of the campaigns; None for all."""
    if campaign_ids is None:
        return list(flags)
    return [flag_of(flag, campaign_id) for flag in flags for campaign_id in campaign_ids]


def _received_one(campaign_ids: Sequence[str] | None, tests: Sequence[Query] = ()) -> Query:
    """That one of the campaigns was received, and passes the tests."""
    chosen: list[Query] = [] if campaign_ids is None else [{"campaign_id": {"$in": list(campaign_ids)}}]
    every = [*chosen, *tests]
    if not every:
        return {"campaigns_received": {"$gte": 1}}
    return {"engagements": {"$elemMatch": every[0] if len(every) == 1 else {"$and": every}}}


def _person(filters: PeopleFilter) -> list[Query]:
    """What has to hold of the person, whatever it received."""
    parts: list[Query] = []
    states = [_STATES[state] for state in sorted(set(filters.match))]
    if states and len(states) < len(MatchState):
        parts.append(states[0] if len(states) == 1 else {"$or": states})
    if filters.county:
        parts.append({"county": {"$in": list(filters.county)}})
    if filters.zip:
        parts.append({"zip": {"$in": list(filters.zip)}})
    if filters.min_energy_burden is not None:
        parts.append({"demographic_ref.total_energy_burden": {"$gte": filters.min_energy_burden}})
    return parts


def _is_chosen(campaign_ids: Sequence[str]) -> Any:
    # Literal, for an id may look like a path.
    return {"$in": ["$$this.campaign_id", {"$literal": list(campaign_ids)}]}
