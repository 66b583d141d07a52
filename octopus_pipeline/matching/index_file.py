"""A county's index as one file that is memory-mapped: an Arrow IPC file whose only row has a list in each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from octopus_pipeline.errors import PipelineError
from octopus_pipeline.matching.blocking import NUMBER_BLOCKS, Block
from octopus_pipeline.matching.comparable import FIRST_NAMES, LAST_NAMES, Households, Places, Texts
from octopus_pipeline.matching.context import Counted, Streets
from octopus_pipeline.matching.county_index import CountyIndex, Gazetteer
from octopus_pipeline.matching.weights import OTHER_SHAPES, OtherWeights
from octopus_pipeline.store.whole_file import whole_path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VERSION: Final = "2"
"""Of the file's form and of all that it is made with: an index of another version is made again."""

_BLOCKS: Final = (*NUMBER_BLOCKS, "last name", "e-mail", "telephone")
_BLOCK_PARTS: Final = ("keys", "starts", "rows")
_NUMBERS: Final = ("number", "number_to", "direction", "street_type", "zip")
_TEXTS: Final = ("street", "secondary", "city")
_AREAS: Final = ("zips", "cities", "areas")
_STREETS: Final = ("names", "typed", "full")
_WHERE: Final = ("anywhere", "in_zip")


class IndexFileError(PipelineError):
    """A county's index cannot be read or written; the message says what to do."""


def write_index(index: CountyIndex, path: Path) -> None:
    """Write an index in place of the former one, whole or not at all; who has that open keeps it.

    Raises:
        IndexFileError: if it cannot be written.
    """
    columns = _columns(index)
    lists = {name: _one_list(column) for name, column in columns.items()}
    metadata = {b"version": VERSION.encode(), b"county": index.county.encode()}
    schema = pa.schema([pa.field(name, column.type) for name, column in lists.items()], metadata)
    try:
        with (
            whole_path(path) as unfinished,
            pa.OSFile(str(unfinished), "wb") as file,
            pa.ipc.new_file(file, schema) as writer,
        ):
            writer.write_batch(pa.RecordBatch.from_arrays(list(lists.values()), schema=schema))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"the index of {index.county} cannot be written to {path}: {reason}"
        raise IndexFileError(f"{message}. Free disk space, or set OCTOPUS_DATA_DIR") from error


def read_index(path: Path) -> CountyIndex:
    """Open an index; nothing of it is read before it is used, so that of damage only such to its form is noticed.

    Raises:
        IndexFileError: if there is none, it is damaged, or it was made by another version.
    """
    try:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        metadata = batch.schema.metadata or {}
        if metadata.get(b"version") != VERSION.encode():
            message = f"{path} was made by another version: materialize county_index of {path.stem} again"
            raise IndexFileError(message)
        lists = {name: batch.column(place).values for place, name in enumerate(batch.schema.names)}
        return _index(metadata[b"county"].decode(), lists)
    except FileNotFoundError:
        message = f"{path.stem} has no index: materialize county_index of {path.stem}"
        raise IndexFileError(message) from None
    except (pa.ArrowException, OSError, AttributeError, LookupError, ValueError) as error:
        message = f"{path} is damaged: materialize county_index of {path.stem} again"
        raise IndexFileError(message) from error


def _one_list(column: NDArray[Any] | pa.Array) -> pa.Array:
    values = column if isinstance(column, pa.Array) else pa.array(column.reshape(-1))
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)


def _columns(index: CountyIndex) -> dict[str, NDArray[Any] | pa.Array]:
    found = index.gazetteer
    places, households = found.places, found.households
    columns: dict[str, NDArray[Any] | pa.Array] = {"parcel": found.parcel, "crowd": found.crowd}
    for name in _NUMBERS:
        columns[name] = getattr(places, name)
    for name in _TEXTS:
        texts: Texts = getattr(places, name)
        columns |= {f"{name} codes": texts.codes, f"{name} texts": texts.distinct}
    columns |= {"last names": households.last, "first names": households.first, "words": households.words}
    columns |= {"people: last names": index.people.last, "people: first names": index.people.first}
    blocks = (*found.number_blocks, found.name_block, index.emails, index.phones)
    for name, block in zip(_BLOCKS, blocks, strict=True):
        columns |= {f"{name}: {part}": getattr(block, part) for part in _BLOCK_PARTS}
    for name in _STREETS:
        for where, counted in zip(_WHERE, getattr(found.streets, name), strict=True):
            columns |= {f"{name} {where}": counted.keys, f"{name} {where} counts": counted.counts}
    for name in _AREAS:
        counted = getattr(found.streets, name)
        columns |= {f"{name} counted": counted.keys, f"{name} counts": counted.counts}
    columns["spread"] = found.streets.spread
    for name in OTHER_SHAPES:
        columns[f"other {name}"] = getattr(index.others, name)
    for prefix, table in (("parcels", index.parcels), ("customers", index.customers)):
        columns |= {f"{prefix} {name}": _one_chunk(table[name]) for name in table.schema.names}
    return columns


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _index(county: str, lists: dict[str, pa.Array]) -> CountyIndex:
    def numbers(name: str) -> NDArray[Any]:
        return lists[name].to_numpy()  # type: ignore[no-any-return]

    def counted(name: str, counts: str) -> Counted:
        return Counted(numbers(name), numbers(counts))

    def table(prefix: str) -> pa.Table:
        names = [name for name in lists if name.startswith(f"{prefix} ")]
        return pa.table({name.removeprefix(f"{prefix} "): lists[name] for name in names})

    number, number_to, direction, street_type, zips = (numbers(name) for name in _NUMBERS)
    street, secondary, city = (Texts(numbers(f"{name} codes"), lists[f"{name} texts"]) for name in _TEXTS)
    names, typed, full = (
        (
            counted(f"{name} anywhere", f"{name} anywhere counts"),
            counted(f"{name} in_zip", f"{name} in_zip counts"),
        )
        for name in _STREETS
    )
    zip_counts, cities, areas = (counted(f"{name} counted", f"{name} counts") for name in _AREAS)
    places = Places(number, number_to, direction, street_type, zips, street, secondary, city)
    streets = Streets(names, typed, full, zip_counts, cities, areas, numbers("spread"))
    *number_blocks, name_block, emails, phones = (
        Block(*(numbers(f"{name}: {part}") for part in _BLOCK_PARTS)) for name in _BLOCKS
    )
    households, people = (
        Households(
            numbers(f"{whose}last names").reshape(-1, LAST_NAMES),
            numbers(f"{whose}first names").reshape(-1, FIRST_NAMES),
            lists["words"],
        )
        for whose in ("", "people: ")
    )
    return CountyIndex(
        county=county,
        gazetteer=Gazetteer(
            places, households, numbers("parcel"), numbers("crowd"), number_blocks, name_block, streets
        ),
        others=OtherWeights(
            *(numbers(f"other {name}").reshape(shape) for name, shape in OTHER_SHAPES.items())
        ),
        parcels=table("parcels"),
        customers=table("customers"),
        people=people,
        emails=emails,
        phones=phones,
    )
