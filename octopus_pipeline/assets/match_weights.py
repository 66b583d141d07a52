"""The asset `match_weights`: how people of each county write their addresses, learned without a labelled match."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

import dagster as dg

from octopus_pipeline.assets.county_specs import INDEX_KEY
from octopus_pipeline.assets.descriptions import OWNERS
from octopus_pipeline.assets.engagement import ENGAGEMENT_KEY
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.learned_weights import learn_match_weights


@dg.asset(deps=[ENGAGEMENT_KEY, INDEX_KEY], group_name="matching", kinds={"python"}, owners=OWNERS)
def match_weights(connections: dg.ResourceParam[Connections]) -> dg.MaterializeResult[None]:
    """What each mistake says, a county: learned from all contacts by expectation maximisation.

    Campaigns are matched anew with them when they are next synced, or by the job `match_campaigns`. A county with few
    contacts keeps the usual weights.
    """
    with plain_failures():
        learned = learn_match_weights(connections)
    return dg.MaterializeResult(
        metadata={
            "counties": len(learned),
            "contacts": sum(learned.values()),
            "contacts_by_county": dg.MetadataValue.json(learned),
        }
    )
