"""E-mail addresses and telephone numbers as integers that are looked up by bisection."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.matching.blocking import Block

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

NO_KEY = -1


def email_keys(emails: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """A checksum of each e-mail address in any form, NO_KEY without one: others than equal ones share it rarely."""
    cleaned = cleaning.emails(emails).to_pylist()
    return np.array([NO_KEY if email is None else zlib.crc32(email.encode()) for email in cleaned], np.int64)


def phone_keys(phones: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """The ten digits of each telephone number in any form as a number, NO_KEY without one."""
    return pc.fill_null(cleaning.phones(phones).cast("int64"), NO_KEY).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def contact_block(keys: NDArray[np.int64]) -> Block:
    """The rows that have a key, by key."""
    rows = np.flatnonzero(keys != NO_KEY)
    return Block.of(keys[rows], rows)


def rows_with(block: Block, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Every pair of a place in `keys` and a row of the block that has that key."""
    there = np.flatnonzero(keys != NO_KEY)
    place, rows = block.look_up(keys[there])
    return there[place], rows
