"""The code location that `workspace.yaml` names: everything Dagster shows and runs."""

from __future__ import annotations

from octopus_pipeline.orchestration.location import build_definitions
from octopus_pipeline.settings import load_settings

defs = build_definitions(load_settings())
