"""Options that several commands have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from octopus_pipeline.settings import load_settings

if TYPE_CHECKING:
    from octopus_pipeline.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
export_option = click.option(
    "--export-dir", metavar="DIR", help="Where CSVs go, instead of OCTOPUS_EXPORT_DIR."
)
mongo_option = click.option(
    "--mongo-url", metavar="URL", help="MongoDB to use, instead of MONGO_CONNECTION_URL."
)


def settings_with(*, mongo_url: str | None = None, export_dir: str | None = None) -> Settings:
    """The settings, with what was said on the command line in place of the environment's."""
    if mongo_url is not None:
        os.environ["MONGO_CONNECTION_URL"] = mongo_url
    if export_dir is not None:
        os.environ["OCTOPUS_EXPORT_DIR"] = export_dir
    return load_settings()
