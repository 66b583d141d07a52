"""`octopus` as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OWN_PREFIXES = ("EMAILOCTOPUS_", "MONGO_", "OCTOPUS_", "DAGSTER_")
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith(OWN_PREFIXES)}


@dataclass(frozen=True)
class Terminal:
    """A folder to work in, with the repository's sample account, and the settings of its commands."""

    folder: Path
    settings: dict[str, str]

    def run(self, *words: str, said: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `octopus` with these words and further settings; `said` is its input."""
        return subprocess.run(
            [Path(sys.executable).with_name("octopus"), *words],
            cwd=self.folder,
            env={**OUTSIDE, **self.settings, **settings},
            capture_output=True,
            input=said,
            text=True,
            timeout=180,
        )

    def answer(self, *words: str, code: int = 0) -> Any:
        """What a command prints with `--json`."""
        done = self.run(*words, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)
