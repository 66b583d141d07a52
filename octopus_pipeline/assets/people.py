"""The asset `people`: one document a person across all campaigns, in MongoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.campaign_spec import campaign_spec
from octopus_pipeline.assets.descriptions import rate
from octopus_pipeline.assets.engagement import DEMOGRAPHIC_KEY, ENGAGEMENT_KEY, PEOPLE_KEY, RESIDENCE_KEY
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.people.database import PEOPLE

if TYPE_CHECKING:
    from octopus_pipeline.sync.people import PeopleResult

PEOPLE_SPEC = campaign_spec(
    PEOPLE_KEY,
    deps=[ENGAGEMENT_KEY, RESIDENCE_KEY, DEMOGRAPHIC_KEY],
    description="One document a person across all campaigns, in MongoDB `empowersave_development.participants`: an "
    "entry a campaign, the newest of what is known, the household. A partition merges its campaign's contacts into the "
    "documents; contacts with one e-mail address, or that share a contact id, are one person. Flags only rise.",
    group="people",
    kinds={"python", "mongodb"},
    columns=dg.TableSchema(
        [
            dg.TableColumn(
                "contact_id", "string", "the person: e-mail address in lower case, else phone; unique"
            ),
            dg.TableColumn("person_ids", "array", "every id that the person was known by"),
            dg.TableColumn("email_address", "string", "as last known; so are phone_number, status and zip"),
            dg.TableColumn("fields", "object", "of each contact field the newest value that is not empty"),
            dg.TableColumn("contacts", "array", "the contacts in EmailOctopus: record and match of each"),
            dg.TableColumn("engagements", "array", "an entry a campaign: campaign_id, flags, engaged_at"),
            *(
                dg.TableColumn(f"campaigns_{flag}", "int", f"campaigns that the person {flag}")
                for flag in ("received", *FLAGS)
            ),
            dg.TableColumn("first_engaged_at", "date", "the first open or click; last_engaged_at the last"),
            dg.TableColumn("residence_ref", "object", "the parcel; null if none was found"),
            dg.TableColumn("demographic_ref", "object", "the customer's record; null if none was found"),
            dg.TableColumn("county", "string", "of the residence, else of the customer's record"),
            dg.TableColumn("match_quality", "string", "exact, fuzzy, review or no_match"),
            dg.TableColumn("synced_at", "date", "when the document last learned something"),
        ]
    ),
)

PEOPLE_CHECKS = {
    (
        PEOPLE_KEY,
        "every_contact_is_a_person",
    ): "Every contact of the campaign is in somebody's document, with the "
    "campaign's entry and every flag that the contact has.",
    (PEOPLE_KEY, "people_are_no_more_than_contacts"): "The campaign has no more people than contacts.",
}
"""Asset and name of each check -> what it looks at."""


def people_metadata(result: PeopleResult, database: str) -> dict[str, Any]:
    """How many people the campaign has, what they did, and how many contacts had to be merged."""
    people = result.totals["people"]
    return {
        "dagster/row_count": people,
        "contacts": result.rows,
        "contacts_new_or_changed": result.written,
        **{flag: result.totals[flag] for flag in FLAGS},
        "open_rate": rate(result.totals["opened"], people),
        "click_rate": rate(result.totals["clicked"], people),
        "collection": f"{database}.{PEOPLE}",
    }
