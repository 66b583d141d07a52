"""Address columns in one normal form: number, direction, street, type, unit, city and ZIP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.matching.address_line import AddressParts, address_line, read_address
from octopus_pipeline.matching.ascii_text import folded, text_column
from octopus_pipeline.matching.cities import city_name
from octopus_pipeline.matching.plain_addresses import read_plain_addresses
from octopus_pipeline.matching.routes import INTERSTATES, US_ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _column(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


ADDRESS_SCHEMA: Final = pa.schema(
    [
        _column("number", pa.int32(), "House number, the lower one of a range; null if none.", nullable=True),
        _column(
            "number_to",
            pa.int32(),
            "Higher number of a range (`30 32 TERRY ST`), the same of `913 913 1/2`; null if none.",
            nullable=True,
        ),
        _column("fraction", pa.string(), "`1/2`, or the letter at the number (`12A`); '' if none."),
        _column("direction", pa.string(), "N S E W NE NW SE SW, before or behind the name; '' if none."),
        _column(
            "street",
            pa.string(),
            "Name as one word: `MAPLE`, `4TH`, `SR314`, `US40`, `CR12`, `TR7`; '' if none.",
        ),
        _column(
            "street_type", pa.string(), "Abbreviation of USPS Publication 28; '' if none, and for routes."
        ),
        _column("unit", pa.string(), "Unit without its designator: `4`, `4B`, `REAR`, `UPPR`; '' if none."),
        _column("city", pa.string(), "City as one word: `MOUNTVERNON`; '' if none."),
        _column("zip", pa.int32(), "First five digits of the ZIP; null if none.", nullable=True),
        _column("po_box", pa.bool_(), "Whether the address is a post-office box and no street."),
    ]
)
"""One row an address. A cell without an address ('n/a', 'same', '-1', blank) has empty columns."""

_BATCH: Final = 262_144
_BOX_NUMBER: Final = r"^((?:P\.? ?O\.? )?BOX|POB) [1-9]\d*$"
_NUMBER_FIRST: Final = r"^\s*0*(?P<number>[1-9]\d{0,5})\s+(?P<rest>[A-Z].*?)\s*$"
_RANGE_FIRST: Final = r"^\s*\d+\s+(?:TO|THRU|AND)\s"


def normalize_addresses(
    address: pa.Array | pa.ChunkedArray,
    city: pa.Array | pa.ChunkedArray | None = None,
    zip: pa.Array | pa.ChunkedArray | None = None,  # noqa: A002
) -> pa.Table:
    """Addresses in their normal form: `ADDRESS_SCHEMA`, one row an input row, in order.

    Columns may have any type; city and ZIP typed into the address count where `city` and `zip` are missing or say
    nothing. No text raises, and of any text no more than its beginning is read. Plain addresses are read by
    column, of the others each distinct text once, in batches: memory is bounded by the result's.
    """
    batches = []
    for start in range(0, len(address), _BATCH):
        cities = city.slice(start, _BATCH) if city is not None else None
        zips = zip.slice(start, _BATCH) if zip is not None else None
        batches.append(_normalized(address.slice(start, _BATCH), cities, zips))
    return pa.Table.from_batches(batches, ADDRESS_SCHEMA)


def render_addresses(addresses: pa.Table) -> pa.Array:
    """Normalised addresses as text, without city and ZIP: normalised again, each gives the same columns."""
    rows = zip(*(addresses[name].to_pylist() for name in ADDRESS_SCHEMA.names), strict=True)
    return pa.array([address_line(AddressParts(*row)) for row in rows], pa.string())


def _normalized(
    address: pa.Array | pa.ChunkedArray,
    city: pa.Array | pa.ChunkedArray | None,
    zips: pa.Array | pa.ChunkedArray | None,
) -> pa.RecordBatch:
    text = text_column(address)
    plain, columns = read_plain_addresses(text)
    if not plain.all():
        others = _read_split(text.filter(pa.array(~plain)))
        order = np.empty(len(text), np.int64)
        order[np.flatnonzero(plain)] = np.arange(np.count_nonzero(plain))
        order[np.flatnonzero(~plain)] = np.arange(np.count_nonzero(plain), len(text))
        rows = pa.array(order)
        columns = {name: pa.concat_arrays([columns[name], others[name]]).take(rows) for name in columns}
    if city is not None:
        cities = _per_distinct(text_column(city), lambda name: city_name(folded(name)))
        columns["city"] = pc.if_else(pc.equal(cities, ""), columns["city"], cities)
    if zips is not None:
        columns["zip"] = pc.coalesce(cleaning.zips(zips), columns["zip"])
    return pa.RecordBatch.from_arrays([columns[name] for name in ADDRESS_SCHEMA.names], schema=ADDRESS_SCHEMA)


def _read_split(text: pa.Array) -> dict[str, pa.Array]:
    """The columns of texts: of those that differ in the number of the house or box only, one is read."""
    text = pc.replace_substring_regex(text, _BOX_NUMBER, r"\1 1")
    split = pc.extract_regex(text, _NUMBER_FIRST)
    plain = pc.and_not(split.is_valid(), pc.match_substring_regex(text, _RANGE_FIRST))
    any_number = pc.binary_join_element_wise("1", pc.struct_field(split, "rest"), " ")
    columns = _read_distinct(pc.if_else(plain, any_number, text))
    numbers = pc.if_else(plain, pc.struct_field(split, "number"), None).cast(pa.int32())
    columns["number"] = pc.if_else(pc.and_(plain, columns["number"].is_valid()), numbers, columns["number"])
    return columns


@dataclass(frozen=True, slots=True)
class _Varying:
    """A number that addresses differ in: of those that differ in nothing else, one with a `stand_in` is read.

    Attributes:
        pattern: the groups `before` and `number`, an address being no more than these.
        column: what the number is read into; `told` matches it where it was, and the number is its end.
        apart: numbers that mean more than themselves.
    """

    pattern: str
    stand_in: str
    column: str
    told: str
    apart: pa.Array


_UNIT: Final = _Varying(
    r"^(?P<before>.*[A-Z] (?:#|APT|UNIT|LOT|STE|SUITE) ?#? ?)0*(?P<number>[1-9]\d{0,3}[A-Z]?)$",
    stand_in="1",
    column="unit",
    told="^1$",
    apart=pa.array([], pa.string()),
)
_NUMBERED_ROAD: Final = _Varying(
    r"^(?P<before>.*[A-Z](?: |-)?)(?P<number>[1-9]\d{0,2})$",
    stand_in="5",
    column="street",
    told="^[A-Z]{1,2}5$",
    apart=pa.array(map(str, US_ROUTES | INTERSTATES)),
)


def _read_distinct(
    text: pa.Array, varying: Sequence[_Varying] = (_UNIT, _NUMBERED_ROAD)
) -> dict[str, pa.Array]:
    """The columns of the texts, each distinct one read once, those that vary in one number as one."""
    if not varying:
        return _columns(text)
    this, *more = varying
    found = pc.extract_regex(text, this.pattern)
    number = pc.struct_field(found, "number")
    varies = pc.and_not(found.is_valid(), pc.is_in(number, value_set=this.apart))
    if not pc.any(varies, min_count=0).as_py():
        return _read_distinct(text, more)
    with_stand_in = pc.binary_join_element_wise(pc.struct_field(found, "before"), this.stand_in, "")
    columns = _read_distinct(pc.if_else(varies, with_stand_in, text), more)
    read = columns[this.column]
    told = pc.and_(varies, pc.match_substring_regex(read, this.told))
    with_number = pc.binary_join_element_wise(pc.utf8_slice_codeunits(read, 0, -1), number, "")
    columns[this.column] = pc.if_else(told, with_number, read)
    apart = pc.and_not(varies, told)
    if not pc.any(apart, min_count=0).as_py():
        return columns
    read_alone = _columns(text.filter(apart))
    return {name: pc.replace_with_mask(column, apart, read_alone[name]) for name, column in columns.items()}


def _columns(text: pa.Array) -> dict[str, pa.Array]:
    distinct = text.dictionary_encode()
    parts = [read_address(one) for one in distinct.dictionary.to_pylist()]
    return {
        field.name: pa.array((part[place] for part in parts), field.type).take(distinct.indices)
        for place, field in enumerate(ADDRESS_SCHEMA)
    }


def _per_distinct(column: pa.Array, normal: Callable[[str], str]) -> pa.Array:
    encoded = column.dictionary_encode()
    return pa.array(map(normal, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)
