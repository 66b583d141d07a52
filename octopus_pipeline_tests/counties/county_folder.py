"""Small county files for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.counties.file_reading import read_county_file
from octopus_pipeline.counties.files import find_county_files
from octopus_pipeline.counties.tally import CountyTally

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from octopus_pipeline.counties.fields import RecordKind

HOUSES = """parcel_id,address,parcel_zip,age
1,12 MAIN ST,43206,1987
2,14 MAIN ST,43206.0,-1
2,14 MAIN ST,NA,0
,OAK AV,43206-1234,
"""
HOUSEHOLDS = """parcel_id,customer_name,email,mobile
1,"SAMPLE, JOHN D",john@example.com,614-555-1234
"""


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding=encoding, newline="")
    return path


def records(
    folder: Path, kind: RecordKind, county: str = "Franklin", batch_rows: int = 3
) -> list[pa.RecordBatch]:
    files = find_county_files(folder)[county]
    return list(read_county_file(files, kind, CountyTally(), batch_rows=batch_rows))


def rows(folder: Path, kind: RecordKind, county: str = "Franklin") -> list[dict[str, object]]:
    """The rows of a county's file, without what is missing."""
    found = [row for batch in records(folder, kind, county) for row in batch.to_pylist()]
    return [{name: value for name, value in row.items() if value is not None} for row in found]
