"""The project's Dagster instance: one for the UI, the daemon and the terminal."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.settings import Settings


def use_dagster_home(settings: Settings) -> Path:
    """Point this process and its children at the instance: DAGSTER_HOME, else `dagster` in the data folder."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        shipped = files("octopus_pipeline.orchestration").joinpath("dagster.yaml")
        configuration.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    return home
