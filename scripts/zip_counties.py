"""Regenerate the table ZIP code -> counties from the Census Bureau's TIGER/Line ADDRFEAT files (public domain).

Download Ohio's 88 files `tl_YEAR_39*_addrfeat.zip` from the Census Bureau's TIGER/Line pages (folder ADDRFEAT) into
a folder, then:

    .venv/bin/python scripts/zip_counties.py FOLDER

It writes octopus_pipeline/counties/data/oh_county_zip.csv, which is committed and is part of the package.
"""

from __future__ import annotations

from pathlib import Path

import click

from octopus_pipeline.counties.ohio import COUNTY_BY_FIPS
from octopus_pipeline.counties.tiger import count_ranges
from octopus_pipeline.counties.zip_counties import write_ranges

TABLE = Path(__file__).parents[1] / "octopus_pipeline" / "counties" / "data" / "oh_county_zip.csv"


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=TABLE, help="Another file.")
def main(folder: Path, out: Path) -> None:
    """Count the address ranges of FOLDER's ADDRFEAT files by ZIP code and county."""
    ranges = count_ranges(folder)
    missing = sorted(set(COUNTY_BY_FIPS) - {int(fips) for _, fips in ranges})
    if missing:
        raise click.ClickException(f"{folder} lacks the counties {', '.join(map(str, missing))}")
    write_ranges(ranges, out)
    click.echo(f"{len({code for code, _ in ranges})} ZIP codes, {sum(ranges.values())} ranges in {out}")


if __name__ == "__main__":
    main()
