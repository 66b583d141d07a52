"""`python -m octopus_pipeline.sandbox`: the same as `octopus sandbox`."""

from __future__ import annotations

from octopus_pipeline.sandbox.commands import sandbox

if __name__ == "__main__":
    sandbox(prog_name="python -m octopus_pipeline.sandbox")
