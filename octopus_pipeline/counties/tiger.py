"""ZIP codes by county out of the Census Bureau's TIGER/Line ADDRFEAT files, one a county (public domain).

Their attribute tables (dBase III) have a row for each name of each stretch of road, with the ZIP code and the id of the
address range on its left and on its right.
"""

from __future__ import annotations

import re
import struct
import zipfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_FILE = re.compile(r"tl_\d{4}_(?P<fips>\d{5})_addrfeat\.(?:dbf|zip)", re.IGNORECASE)
_SIDES = (("ZIPL", "ARIDL"), ("ZIPR", "ARIDR"))
_HEADER = struct.Struct("<4xIHH20x")
_FIELD = struct.Struct("<11sc4xB15x")
_END_OF_FIELDS = b"\r"
_DELETED = b"*"


class TigerError(PipelineError):
    """A file is no ADDRFEAT file."""


def count_ranges(folder: Path, *, state: str = "39") -> dict[tuple[str, str], int]:
    """The number of address ranges of each (ZIP code, county FIPS code) in a folder of ADDRFEAT files.

    Args:
        folder: has `tl_{year}_{county}_addrfeat.zip`, as the Census Bureau gives them, or the `.dbf` out of them.
        state: FIPS code of the state whose files are read, others in the folder are passed over; Ohio's by default.

    Raises:
        TigerError: if there is no file of the state, a county has two, or one is no ADDRFEAT file.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _FILE.fullmatch(path.name)
        if match and match["fips"].startswith(state):
            if match["fips"] in found:
                raise TigerError(f"{path}: {found[match['fips']].name} is of the same county; remove one.")
            found[match["fips"]] = path
    if not found:
        message = f"{folder} has no tl_YEAR_{state}COUNTY_addrfeat.zip; download them from the Census Bureau."
        raise TigerError(message)
    return {
        (zip_code, fips): ranges
        for fips, path in found.items()
        for zip_code, ranges in ranges_by_zip(_sides(path)).items()
    }


def ranges_by_zip(sides: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The number of address ranges a ZIP code, of (ZIP code, range id) pairs.

    A range that comes again, since its road has a second name, counts once; one without an id counts whenever it
    comes; pairs without a ZIP code do not count.
    """
    named: dict[str, set[str]] = {}
    nameless: dict[str, int] = {}
    for zip_code, range_id in sides:
        if range_id and zip_code:
            named.setdefault(zip_code, set()).add(range_id)
        elif zip_code:
            nameless[zip_code] = nameless.get(zip_code, 0) + 1
    return {
        zip_code: len(named.get(zip_code, ())) + nameless.get(zip_code, 0)
        for zip_code in sorted({*named, *nameless})
    }


def _sides(path: Path) -> Iterator[tuple[str, str]]:
    with ExitStack() as stack:
        try:
            if path.suffix.lower() == ".zip":
                archive = stack.enter_context(zipfile.ZipFile(path))
                table = next(name for name in archive.namelist() if name.lower().endswith(".dbf"))
                file: IO[bytes] = stack.enter_context(archive.open(table))
            else:
                file = stack.enter_context(path.open("rb"))
            names = [name for side in _SIDES for name in side]
            for zip_left, range_left, zip_right, range_right in read_dbf(file, names):
                yield zip_left, range_left
                yield zip_right, range_right
        except (zipfile.BadZipFile, StopIteration, struct.error, ValueError, EOFError) as error:
            message = f"{path} is no ADDRFEAT file ({error or 'it has no .dbf'}): download it again."
            raise TigerError(message) from None


def read_dbf(file: IO[bytes], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The named columns of a dBase III table, row by row, as texts without blanks around; deleted rows are left out.

    Raises:
        ValueError: if it lacks one of the columns, or ends early.
    """
    rows, header_size, row_size = _HEADER.unpack(_exactly(file, _HEADER.size))
    header = _exactly(file, header_size - _HEADER.size)
    places: dict[str, slice] = {}
    start = 1  # after the mark of deleted rows
    for at in range(0, len(header) - _FIELD.size + 1, _FIELD.size):
        if header[at : at + 1] == _END_OF_FIELDS:
            break
        name, _, width = _FIELD.unpack_from(header, at)
        places[name.partition(b"\0")[0].decode("ascii")] = slice(start, start + width)
        start += width
    absent = [name for name in names if name not in places]
    if absent:
        message = f"it lacks {', '.join(absent)}"
        raise ValueError(message)
    wanted = [places[name] for name in names]
    for _ in range(rows):
        row = _exactly(file, row_size)
        if row[:1] != _DELETED:
            yield tuple(row[place].decode("latin-1").strip(" \0") for place in wanted)


def _exactly(file: IO[bytes], size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        message = "it ends early"
        raise ValueError(message)
    return found
