"""`{county}.toml`: how a county's files name their columns, where that differs from ours.

    encoding = "cp1252"     # of its CSV files; UTF-8 unless said otherwise
    delimiter = ";"         # a comma unless said otherwise

    [residential]           # our column = theirs
    parcel_id = "PARID"
    address = ["ADRNO", "ADRDIR", "ADRSTR", "ADRSUF"]   # several are joined with blanks

    [demographic]
    customer_name = "CUST NAME"

Columns that are not mapped are found by our name, a known variant of it, or the name in MongoDB, in any casing.
"""

from __future__ import annotations

import codecs
import difflib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octopus_pipeline.counties.fields import KINDS
from octopus_pipeline.counties.file_errors import CountyFileError

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.counties.fields import RecordKind


_ENCODING, _DELIMITER = "utf-8-sig", ","


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How to read a county's files.

    Attributes:
        path: the file that says so; None if there is none.
        encoding, delimiter: of CSV files.
        columns: kind's name -> our column -> the file's columns that make it up.
    """

    path: Path | None = None
    encoding: str = _ENCODING
    delimiter: str = _DELIMITER
    columns: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, kind: RecordKind) -> dict[str, tuple[str, ...]]:
        """Our column -> the file's, for one kind of records."""
        return self.columns.get(kind.name, {})


def read_mapping(path: Path) -> FileMapping:
    """Read a county's mapping file.

    Raises:
        CountyFileError: if it is no TOML, or says something that means nothing here.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise CountyFileError(path, f"it is no TOML file: {error}", "Mend it, or remove it.") from None
    encoding = said.pop("encoding", _ENCODING)
    delimiter = said.pop("delimiter", _DELIMITER)
    _require_encoding(path, encoding)
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise CountyFileError(path, "delimiter is not one character", 'Write for instance delimiter = ";".')
    kinds = {kind.name: kind for kind in KINDS}
    for name in said:
        if name not in kinds:
            raise _unknown(path, name, ["encoding", "delimiter", *kinds])
    return FileMapping(
        path,
        _ENCODING if codecs.lookup(encoding).name == "utf-8" else encoding,
        delimiter,
        {name: _columns(path, kinds[name], columns) for name, columns in said.items()},
    )


def _require_encoding(path: Path, encoding: object) -> None:
    try:
        known = isinstance(encoding, str) and codecs.lookup(encoding)._is_text_encoding  # noqa: SLF001
    except LookupError:
        known = False
    if not known:
        raise CountyFileError(path, f"{encoding!r} is no encoding", 'Write for instance encoding = "cp1252".')


def _columns(path: Path, kind: RecordKind, said: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(said, dict):
        raise CountyFileError(path, f"{kind.name} is no table", f"Write [{kind.name}] above its columns.")
    ours = [field.name for field in kind.fields]
    columns = {}
    for name, theirs in said.items():
        if name not in ours:
            raise _unknown(path, name, ours)
        several = [theirs] if isinstance(theirs, str) else theirs
        if not isinstance(several, list) or not several or not all(isinstance(one, str) for one in several):
            raise CountyFileError(
                path, "a column is mapped to no name", f'Write {name} = "THEIR NAME".', columns=[name]
            )
        columns[name] = tuple(several)
    return columns


def _unknown(path: Path, name: str, known: list[str]) -> CountyFileError:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
    return CountyFileError(path, f"{name!r} means nothing here", hint)
