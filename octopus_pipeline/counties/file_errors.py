"""What is wrong with a county's file: which file, where in it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NAMED = 5
"""So many rows are named; the rest is counted."""


def mapping_name(path: Path) -> str:
    """The name that the mapping file of a county's file has: `franklin.toml`."""
    return f"{path.stem.rpartition('_')[0]}.toml"


class CountyFileError(PipelineError):
    """A county's file is refused whole; the message names it, rows and columns, and holds no value of it.

    Attributes:
        file: the file's name.
        rows: the rows that are wrong, at most five of them, as a spreadsheet numbers them: the header is row 1. Rows of
            Parquet files count from 1.
        columns: the columns that are wrong, as the file names them where it has them.
    """

    def __init__(
        self, path: Path, words: str, remedy: str, *, rows: Sequence[int] = (), columns: Sequence[str] = ()
    ) -> None:
        super().__init__(path, words, remedy)
        self.file = path.name
        self.path = path
        self.words = words
        self.remedy = remedy
        self.rows = tuple(rows[:_NAMED])
        self.columns = tuple(columns)
        self.more_rows = len(rows) - len(self.rows)

    def __str__(self) -> str:
        places = [
            f"{noun} {', '.join(map(str, places))}"
            for noun, places in (
                ("row" if len(self.rows) == 1 else "rows", self.rows),
                ("column" if len(self.columns) == 1 else "columns", self.columns),
            )
            if places
        ]
        if self.more_rows:
            places[0] += f" and {self.more_rows} more"
        where = f" ({'; '.join(places)})" if places else ""
        return f"{self.path}: {self.words}{where}. {self.remedy} Nothing of this county was loaded."
