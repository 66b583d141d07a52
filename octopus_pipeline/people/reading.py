"""What readers of people's documents ask for: totals, shares by ZIP code, people a page at a time. All by an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bson import MinKey

from octopus_pipeline.people.database import BY_COUNTY_AND_ZIP, BY_ZIP, PEOPLE
from octopus_pipeline.people.queries import Rows, people_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymongo.collection import Collection
    from pymongo.database import Database

    from octopus_pipeline.people.filters import PeopleFilter

    Document = dict[str, Any]

PAGE: Final = 100
"""People read at once by those who look at them."""

_ENGAGED = {"$or": [{"$gt": ["$campaigns_opened", 0]}, {"$gt": ["$campaigns_clicked", 0]}]}


@dataclass(frozen=True, slots=True)
class PeopleFigures:
    """How many people there are, how many of them opened or clicked anything, and how many county records know."""

    people: int
    engaged: int
    found: int


@dataclass(frozen=True, slots=True)
class ZipFigures:
    """People of a ZIP code (None: unknown), and how many of them ever opened, and clicked."""

    zip: str | None
    people: int
    opened: int
    clicked: int


def people_figures(database: Database[Document]) -> PeopleFigures:
    """The figures of all people."""
    people = database[PEOPLE]
    stages: list[Document] = [
        {"$match": {"zip": {"$gte": MinKey()}}},
        {"$group": {"_id": None, "people": {"$sum": 1}, "engaged": {"$sum": {"$cond": [_ENGAGED, 1, 0]}}}},
    ]
    found = next(iter(people.aggregate(stages, hint=BY_ZIP.pattern)), {"people": 0, "engaged": 0})
    in_counties = people.count_documents({"county": {"$gt": ""}})
    return PeopleFigures(found["people"], found["engaged"], in_counties)


def engagement_by_zip(people: Collection[Document], county: str | None = None) -> list[ZipFigures]:
    """A county's people, or all people, by ZIP code, ascending; read from an index alone.

    Args:
        people: the documents.
        county: of the residence.
    """
    query: Mapping[str, Any] = {"zip": {"$gte": MinKey()}}
    index = BY_ZIP
    if county is not None:
        query, index = {"residence_ref.county": county, **query}, BY_COUNTY_AND_ZIP
    # People of the same counts together: a sum for each of them would take three times as long.
    alike = {"zip": "$zip", "opened": "$campaigns_opened", "clicked": "$campaigns_clicked"}
    stages: list[Document] = [{"$match": query}, {"$group": {"_id": alike, "people": {"$sum": 1}}}]
    figures: dict[str | None, list[int]] = {}
    for group in people.aggregate(stages, hint=index.pattern):
        of_zip = figures.setdefault(group["_id"].get("zip"), [0, 0, 0])
        for place, is_so in enumerate((True, group["_id"]["opened"] > 0, group["_id"]["clicked"] > 0)):
            of_zip[place] += group["people"] if is_so else 0
    return [
        ZipFigures(zip_code, *figures[zip_code]) for zip_code in sorted(figures, key=lambda one: one or "")
    ]


def people_page(
    people: Collection[Document],
    filters: PeopleFilter,
    campaign_ids: Sequence[str] | None = None,
    after: str = "",
) -> list[Document]:
    """The next `PAGE` people who pass the filters, in the order of `contact_id`.

    Args:
        people: the documents.
        filters: who; flags are of any of the chosen campaigns.
        campaign_ids: the chosen campaigns (`campaigns.chosen_campaigns`), None for all.
        after: the `contact_id` of the last one of the page before.
    """
    query = people_query(filters, Rows.PEOPLE, campaign_ids, after)
    return list(people.find(query, {"_id": False}).sort("contact_id").limit(PAGE))
