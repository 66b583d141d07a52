"""The labelled real file: owners' mailing addresses against the parcels of Hamilton County.

It is not part of the project: BENCHMARK_HAMILTON_DATA names the folder that has both files, and without it nothing is
measured.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER_VARIABLE = "BENCHMARK_HAMILTON_DATA"
COUNTY = "Hamilton"
_PARCELS, _LABELLED = "hamilton_parcels_2024.csv.gz", "hamilton_owner_mailing_labelled.csv.gz"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Parcels and participants as `generate` gives them, and what is known of each participant.

    `labels`: participant_id, parcel_id (the owner's), parcel_address, label (`same_place`, `outside_county`,
    `unknown`). The parcels have neither city nor ZIP nor names; the participants have no names.
    """

    parcels: pa.Table
    participants: pa.Table
    labels: pa.Table


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """Shares between 0 and 1.

    `precision` and `recall` are over `same_place`: a link is right if the parcel has the address of the labelled one.
    `exact_recall` counts the labelled parcel only. `outside_matched` is the share of `outside_county` that was linked
    to any parcel.
    """

    precision: float
    recall: float
    exact_recall: float
    outside_matched: float


def hamilton_folder() -> Path | None:
    """The folder with the files, if the environment names one that has them."""
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        return None
    folder = Path(named)
    return folder if all((folder / name).is_file() for name in (_PARCELS, _LABELLED)) else None


def load(folder: Path, *, places: bool = True) -> Labelled:
    """Read both files; every column is text.

    `places`: one parcel for each distinct address, the first of the file. One in ten labelled parcels shares its
    address, to the letter, with others (condominiums whose units the file lacks), and a matcher that is right to
    refuse to choose between them would lose all of these.
    """
    parcels = _read(folder / _PARCELS)
    if places:
        address = parcels["address"].combine_chunks().dictionary_encode()
        _, first = np.unique(address.indices.to_numpy(), return_index=True)
        parcels = parcels.take(pa.array(np.sort(first)))
    labelled = _read(folder / _LABELLED)
    n, people = parcels.num_rows, labelled.num_rows
    nothing, nobody = pa.nulls(n, pa.string()), pa.nulls(people, pa.string())
    ids = pa.array(np.arange(people))
    return Labelled(
        parcels=pa.table(
            {
                "parcel_id": parcels["parcel_id"],
                "county": pa.repeat(COUNTY, n),
                "address": parcels["address"],
                "parcel_city": nothing,
                "parcel_zip": nothing,
                "parcel_owner": nothing,
                "customer_name": nothing,
            }
        ),
        participants=pa.table(
            {
                "participant_id": ids,
                "address": labelled["mail_street"],
                "city": labelled["mail_city"],
                "zip": labelled["mail_zip"],
                "first_name": nobody,
                "last_name": nobody,
            }
        ),
        labels=pa.table(
            {
                "participant_id": ids,
                "parcel_id": labelled["parcel_id"],
                "parcel_address": labelled["parcel_address"],
                "label": labelled["label"],
            }
        ),
    )


def score_labelled(data: Labelled, links: pa.Table, threshold: float) -> LabelledScores:
    """Measure `links` (participant_id, parcel_id or null, score; at most one row a participant) from `threshold` on."""
    kept = links.filter(pc.and_(pc.greater_equal(links["score"], threshold), links["parcel_id"].is_valid()))
    place = pc.index_in(
        data.labels["participant_id"], kept["participant_id"].combine_chunks().cast(pa.int64())
    )
    linked = kept["parcel_id"].combine_chunks().cast(pa.string()).take(place.combine_chunks())
    parcel_ids = data.parcels["parcel_id"].combine_chunks()
    found = pc.index_in(linked, parcel_ids)
    address = data.parcels["address"].combine_chunks().take(found)
    is_linked = linked.is_valid().to_numpy(zero_copy_only=False)
    same_address = _true(pc.equal(address, data.labels["parcel_address"].combine_chunks()))
    same_parcel = _true(pc.equal(linked, data.labels["parcel_id"].combine_chunks()))
    same_place = _true(pc.equal(data.labels["label"], "same_place").combine_chunks())
    outside = _true(pc.equal(data.labels["label"], "outside_county").combine_chunks())
    right = (same_address | same_parcel) & same_place
    return LabelledScores(
        precision=float(right.sum() / max((is_linked & same_place).sum(), 1)),
        recall=float(right.sum() / max(same_place.sum(), 1)),
        exact_recall=float((same_parcel & same_place).sum() / max(same_place.sum(), 1)),
        outside_matched=float((is_linked & outside).sum() / max(outside.sum(), 1)),
    )


def _read(path: Path) -> pa.Table:
    with pa.input_stream(str(path), compression="gzip") as file:
        header = file.read().split(b"\n", 1)[0].decode()
    texts = {name: pa.string() for name in header.strip().split(",")}
    return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=texts))


def _true(mask: pa.Array) -> NDArray[np.bool_]:
    return mask.fill_null(fill_value=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
