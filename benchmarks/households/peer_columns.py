"""The normalised columns that Splink compares and blocks on: the same for participants and parcels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.households.vocabulary import NICKNAMES
from octopus_pipeline.matching.address import normalize_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_NAME = frozenset(
    {"LLC", "INC", "LTD", "PROPERTIES", "HOLDINGS", "RENTALS", "REALTY", "INVESTMENTS", "HOMES", "TR", "NA"}
)


def participant_columns(participants: pa.Table) -> pa.Table:
    """Splink's columns of participants, as the generator gives them; `unique_id` is the participant's id."""
    first, last = _persons(participants["first_name"]), _persons(participants["last_name"])
    return _columns(participants["participant_id"].cast(pa.string()), participants, ("address", "city", "zip"), {
        "first_name": first,
        "last_name": last,
        "names": pa.nulls(participants.num_rows, pa.list_(pa.string())),
    })  # fmt: skip


def parcel_columns(parcels: pa.Table) -> pa.Table:
    """Splink's columns of parcels, as the generator gives them; `unique_id` is the parcel's id."""
    nobody = pa.nulls(parcels.num_rows, pa.string())
    return _columns(parcels["parcel_id"], parcels, ("address", "parcel_city", "parcel_zip"), {
        "first_name": nobody,
        "last_name": nobody,
        "names": _every_name(parcels["parcel_owner"], parcels["customer_name"]),
    })  # fmt: skip


def _columns(
    ids: pa.ChunkedArray, table: pa.Table, place: tuple[str, str, str], names: dict[str, pa.Array]
) -> pa.Table:
    address, city, code = place
    normal = normalize_addresses(table[address], table[city], table[code])
    street = pc.if_else(pc.equal(normal["street"], ""), None, normal["street"])
    columns = {
        "unique_id": ids,
        "number": normal["number"],
        "number_to": normal["number_to"],
        "street": street,
        "street_type": normal["street_type"],
        "direction": normal["direction"],
        "unit": normal["unit"],
        "city": pc.if_else(pc.equal(normal["city"], ""), None, normal["city"]),
        "zip": normal["zip"],
        "street_start": pc.utf8_slice_codeunits(street, 0, 4),
        "street_end": pc.utf8_slice_codeunits(street, -4, None),
        "skeleton": _of_each(street, _skeleton),
        **names,
    }
    return pa.table(columns)


def _of_each(texts: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    """`change` applied once to each distinct text."""
    encoded = pa.chunked_array(texts).dictionary_encode().combine_chunks()
    changed = pa.array([change(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return changed.take(encoded.indices)


def _skeleton(street: str) -> str:
    """Consonants, doubled ones once; digits stay."""
    return re.sub(r"(.)\1", r"\1", street[:1] + re.sub("[AEIOUY]", "", street[1:]))


def _persons(names: pa.ChunkedArray) -> pa.Array:
    """Upper-case names, nicknames by their full name; null for none."""
    upper = pc.utf8_upper(pc.utf8_trim_whitespace(names.cast(pa.string())))
    full = (
        _of_each(upper, lambda name: _FULL_NAMES.get(name, name)) if names.null_count < len(names) else upper
    )
    return pc.if_else(pc.equal(full, ""), None, full)


_FULL_NAMES = {nickname: name for name, nickname in reversed(NICKNAMES.items())}


def _every_name(owner: pa.ChunkedArray, customer: pa.ChunkedArray) -> pa.Array:
    """Every word of owner and customer that may be a person's name; null if there is none."""
    texts = pc.binary_join_element_wise(pc.fill_null(owner, ""), pc.fill_null(customer, ""), " ")
    words = pc.split_pattern_regex(pc.utf8_upper(texts), r"[^A-Z']+").combine_chunks()
    flat = words.flatten()
    encoded = flat.dictionary_encode()
    kept = pa.array([len(w) > 1 and w not in _NO_NAME for w in encoded.dictionary.to_pylist()]).take(
        encoded.indices
    )
    full = pa.array([_FULL_NAMES.get(w, w) for w in encoded.dictionary.to_pylist()]).take(encoded.indices)
    parents = words.value_parent_indices()
    parents, full = parents.filter(kept), full.filter(kept)
    counts = pc.value_counts(parents)
    sizes = np.zeros(len(texts), dtype=np.int32)
    sizes[counts.field("values").to_numpy()] = counts.field("counts").to_numpy()
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), full)
