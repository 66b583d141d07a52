"""The asset `consolidated_csv`: people's engagement over all campaigns, or some, in one file."""

# No postponed annotations here: Dagster does not resolve those of context and config parameters.

from typing import TYPE_CHECKING, Any

import dagster as dg

from octopus_pipeline.assets.descriptions import OWNERS, PERSONAL, column_schema, preview
from octopus_pipeline.assets.engagement import PEOPLE_KEY
from octopus_pipeline.assets.failures import plain_failures
from octopus_pipeline.exports.consolidated import FILE_NAME
from octopus_pipeline.exports.consolidated_rows import CAMPAIGN_ROWS_SCHEMA
from octopus_pipeline.people.filters import FILTERS, FilterSpec, in_words, people_filter
from octopus_pipeline.people.queries import Rows
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.consolidated import consolidate

if TYPE_CHECKING:
    from collections.abc import Iterable

CONSOLIDATED_KEY = dg.AssetKey("consolidated_csv")

ROWS_HELP = "What a row is: of `campaigns` one that a person received, of `people` a person."


def _choices(name: str, choices: "Iterable[str]") -> dg.Enum:
    return dg.Enum(name, [dg.EnumValue(one) for one in choices])


def _field(spec: FilterSpec) -> dg.Field:
    kind: Any = _choices(spec.name, spec.choices) if spec.choices else spec.kind
    if spec.many:
        return dg.Field(dg.Array(kind), default_value=[], description=spec.description)
    if spec.kind is bool:
        return dg.Field(bool, default_value=False, description=spec.description)
    return dg.Field(dg.Noneable(kind), default_value=None, description=spec.description)


CONFIG = {
    "rows": dg.Field(
        _choices("rows", [str(one) for one in Rows]), default_value=str(Rows.CAMPAIGNS), description=ROWS_HELP
    ),
    "file": dg.Field(
        str,
        default_value=FILE_NAME,
        description="The file, in the exports folder; it ends with .csv, .parquet or .xlsx.",
    ),
    **{name: _field(spec) for name, spec in FILTERS.items()},
}
"""What a run is asked for: the filters are those of `PeopleFilter`, with its descriptions."""


@dg.asset(
    key=CONSOLIDATED_KEY,
    deps=[dg.AssetDep(PEOPLE_KEY, partition_mapping=dg.AllPartitionMapping())],
    config_schema=CONFIG,
    group_name="exports",
    kinds={"python", "mongodb", "csv"},
    owners=OWNERS,
    tags=PERSONAL,
    metadata={"dagster/column_schema": column_schema(CAMPAIGN_ROWS_SCHEMA)},
)
def consolidated_csv(
    context: dg.AssetExecutionContext, connections: dg.ResourceParam[Connections]
) -> dg.MaterializeResult[None]:
    """Everybody who passes the filters, over all campaigns or some, with the household that was found.

    A row a campaign that a person received, or a row a person. Without filters everybody; CSV, Parquet or Excel.
    """
    asked: dict[str, Any] = context.op_execution_context.op_config
    with plain_failures():
        filters = people_filter({name: asked[name] for name in FILTERS})
        written = consolidate(connections, filters, Rows(asked["rows"]), asked["file"])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": written.rows,
            "people": written.people,
            "campaigns": written.campaigns,
            "filters": in_words(filters),
            "file": dg.MetadataValue.path(str(written.path)),
            "preview": preview(written.sample),
        }
    )
