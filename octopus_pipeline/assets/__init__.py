"""The assets, one module a stage, in the order of the data's way."""

import warnings

from dagster import BetaWarning, PreviewWarning

# Backfill policies and checks a partition are not final in Dagster 1.13; the pins stay within that minor version.
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)
