"""What a run works with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from octopus_pipeline.sync.connections import Connections

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings


def connections_resource(settings: Settings) -> dg.ResourceDefinition:
    """The account, MongoDB and the tables, opened as a run needs them and closed at its end."""

    @dg.resource(description="The EmailOctopus account, MongoDB and the tables that the settings name.")
    def connections(_: dg.InitResourceContext) -> Iterator[Connections]:
        with Connections(settings) as opened:
            yield opened

    return connections
