"""Which of a file's columns make up which of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.counties import cleaning
from octopus_pipeline.counties.file_errors import CountyFileError, mapping_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from octopus_pipeline.counties.fields import RecordKind
    from octopus_pipeline.counties.mapping import FileMapping

FileColumns = dict[str, tuple[str, ...]]
"""Name of a field, as `clean_table` knows it -> the file's columns that are joined for it."""


def find_columns(path: Path, kind: RecordKind, mapping: FileMapping, header: Sequence[str]) -> FileColumns:
    """Match a file's header with the fields of its kind: by the mapping, else by name in any casing.

    Raises:
        CountyFileError: if a needed or mapped column is absent, or a name comes twice.
    """
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise CountyFileError(path, "columns come twice", "Give each a name of its own.", columns=twice)
    by_plain = {_plain(name): name for name in reversed(header)}
    mapped = mapping.of(kind)
    absent = sorted({name for theirs in mapped.values() for name in theirs if _plain(name) not in by_plain})
    if absent:
        raise CountyFileError(
            path,
            "columns that the mapping file names are absent",
            f"{_found(header)} Name those in {mapping.path}.",
            columns=absent,
        )
    columns: FileColumns = {}
    for field in kind.fields:
        if field.name in mapped:
            theirs = mapped[field.name]
            columns[field.name] = tuple(name if name in header else by_plain[_plain(name)] for name in theirs)
            continue
        for source in field.sources:
            if _plain(source) in by_plain:
                columns[source] = (by_plain[_plain(source)],)
    needed = [
        field.name
        for field in kind.fields
        if field.name in kind.needed and columns.keys().isdisjoint(field.sources)
    ]
    if needed:
        remedy = f"{_found(header)} Name the column so, or say in {mapping_name(path)} which one it is."
        raise CountyFileError(path, "needed columns are absent", remedy, columns=needed)
    return columns


def joined(table: pa.Table, columns: Mapping[str, Sequence[str]]) -> pa.Table:
    """The table with our columns instead of the file's."""
    ours = {}
    for name, theirs in columns.items():
        if len(theirs) == 1:
            ours[name] = table.column(theirs[0])
        else:
            parts = [cleaning.texts(table.column(one)) for one in theirs]
            ours[name] = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    return pa.table(ours)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _found(header: Sequence[str]) -> str:
    shown = ", ".join(header[:40]) + (" ..." if len(header) > 40 else "")
    return f"The file has {shown or 'none'}."
