"""The asset `consolidated_csv` on a real instance: its config is the filters' language, its metadata names nobody."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pymongo import MongoClient

from octopus_pipeline.assets.consolidated import CONFIG
from octopus_pipeline.orchestration.jobs import CONSOLIDATE, consolidate_config
from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.people.campaign_rows import people_seen
from octopus_pipeline.people.database import CAMPAIGNS, PEOPLE
from octopus_pipeline.people.filters import FILTERS
from octopus_pipeline.people.merging import merge_people
from octopus_pipeline.settings import Settings
from octopus_pipeline.sync.connections import Connections
from octopus_pipeline.sync.database import CAMPAIGNS as LISTED
from octopus_pipeline_tests.orchestration.project import failure
from octopus_pipeline_tests.people.rows import batch_of, person_row

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def connections(mongod_url: str, tmp_path: Path) -> Iterator[Connections]:
    """Two people who received one campaign, which Ann opened."""
    name = uuid.uuid4().hex
    settings = Settings.model_validate(
        {
            "mongo_connection_url": mongod_url,
            "mongo_database": f"test_{name}",
            "mongo_people_database": f"test_people_{name}",
            "octopus_data_dir": tmp_path / "data",
        }
    )
    rows = batch_of(
        person_row("a", "ann@example.com", opened=NOW), person_row("b", "bob@example.com", updated=NOW)
    )
    with Connections(settings) as opened:
        opened.people_database[CAMPAIGNS].insert_one({"campaign_id": "one", "name": "Spring", "sent_at": NOW})
        merge_people(opened.people_database[PEOPLE], people_seen("one", rows, None, NOW))
        yield opened
    with MongoClient[dict[str, Any]](mongod_url) as client:
        for database in (settings.mongo_database, settings.mongo_people_database):
            client.drop_database(database)


def consolidate(connections: Connections, **config: object) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(connections.settings, connections=connections, loggers={})
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(CONSOLIDATE.name).execute_in_process(
            run_config=consolidate_config(config), instance=instance, raise_on_error=False
        )


def test_the_config_is_the_filters_language() -> None:
    assert set(CONFIG) == {"rows", "file", *FILTERS}
    for name, spec in FILTERS.items():
        assert CONFIG[name].description == spec.description
        assert not CONFIG[name].is_required


def test_a_run_writes_the_file_and_tells_what_is_in_it_but_not_who(connections: Connections) -> None:
    result = consolidate(connections, engaged=True, campaign=["Spring"], file="engaged.csv")
    assert result.success
    (event,) = result.asset_materializations_for_node("consolidated_csv")
    path = connections.settings.export_dir / "engaged.csv"
    told = {name: value.value for name, value in event.metadata.items()}
    assert (told["dagster/row_count"], told["people"], told["campaigns"]) == (1, 1, 1)
    assert told["filters"] == "campaign Spring; engaged"
    assert told["file"] == str(path)
    assert "ann@example.com" not in str(told)
    assert "| a•••@•••.com | SUBSCRIBED | yes |" in str(told["preview"])
    assert '"ann@example.com"' in path.read_text(encoding="utf-8")


def test_without_config_it_is_everybody_and_rows_may_be_people(connections: Connections) -> None:
    everybody, people = consolidate(connections), consolidate(connections, rows="people", not_opened=True)
    rows = [
        one.asset_materializations_for_node("consolidated_csv")[0].metadata["dagster/row_count"].value
        for one in (everybody, people)
    ]
    assert rows == [2, 1]
    assert [path.name for path in connections.settings.export_dir.iterdir()] == ["consolidated.csv"]


def test_a_campaign_may_be_named_by_its_partition(connections: Connections) -> None:
    connections.database[LISTED].insert_one(
        {
            "campaign_id": "one", "partition_key": "2026-01-01_Spring_one", "name": "Spring", "status": "SENT",
            "subject": None, "to_lists": [], "from_name": None, "from_email": None, "created_at": None,
            "sent_at": NOW, "listed_at": NOW,
        }
    )  # fmt: skip
    assert consolidate(connections, campaign=["2026-01-01_Spring_one"]).success


def test_a_wrong_filter_fails_the_run_in_plain_words(connections: Connections) -> None:
    assert "Ohio has no county 'Frankln'; did you mean Franklin?" in failure(
        consolidate(connections, county=["Frankln"])
    )
    assert "no campaign that people received has the name or id 'Sprng'; did you mean Spring?" in failure(
        consolidate(connections, campaign=["Sprng"])
    )
