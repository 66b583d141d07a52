"""People's documents as rows of the consolidated table: of each campaign that a person received, or of each person."""

from __future__ import annotations

from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING, Any

import bson
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.engagement.contact_fields import FIELD_TAGS, field_texts
from octopus_pipeline.engagement.tables import FLAGS
from octopus_pipeline.errors import PipelineError
from octopus_pipeline.exports.match_columns import MATCH_CSV_SCHEMA
from octopus_pipeline.people.queries import SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from bson.codec_options import CodecOptions

    from octopus_pipeline.people.campaigns import ReceivedCampaign

_TIME = pa.timestamp("ms", "UTC")
_WHO = [pa.field(name, pa.string()) for name in ("email", *FIELD_TAGS)]
_STATUS = pa.field("status", pa.string())

CAMPAIGN_ROWS_SCHEMA = pa.schema(
    [
        *_WHO,
        ("campaign_name", pa.string()),
        ("campaign_sent_at", pa.date32()),
        *((flag, pa.bool_()) for flag in FLAGS),
        _STATUS,
        *MATCH_CSV_SCHEMA,
    ]
)
"""The columns of rows of campaigns; the day of sending is one of the project's time zone."""

PEOPLE_ROWS_SCHEMA = pa.schema(
    [
        *_WHO,
        *((name, _TIME if name.endswith("_at") else pa.int32()) for name in SUMMARY),
        _STATUS,
        *MATCH_CSV_SCHEMA,
    ]
)
"""The columns of rows of people; counts and times are of the chosen campaigns."""

_PARCEL = ("county", "parcel_id", "quality", "method", "score")
_RESIDENCE = ("address", "parcel_city", "parcel_zip", "year_built")
_RECORD = ("customer_name", "annual_kwh_cost", "total_energy_burden", "estimated_income")

PERSON_PATHS = (
    "email_address", "status", "fields", "match_quality",
    *(f"residence_ref.{name}" for name in (*_PARCEL, *_RESIDENCE)),
    *(f"demographic_ref.{name}" for name in (*_PARCEL, *_RECORD)),
)  # fmt: skip
"""What of a document the columns of a person are made of; the rows below expect these values, in this order."""

_DECIMALS = 4
_KINDS = {"score": pa.float64(), "year_built": pa.int32(), **dict.fromkeys(_RECORD[1:], pa.float64())}


class UnreadablePersonError(PipelineError):
    """A document of people has a value of another type than this pipeline writes."""


class CampaignRows:
    """Rows of campaigns: of each person in the order sent, campaigns that are not known last."""

    schema = CAMPAIGN_ROWS_SCHEMA

    def __init__(self, campaigns: Sequence[ReceivedCampaign], time_zone: tzinfo) -> None:
        self._codes = _Codes({one.id: place for place, one in enumerate(campaigns)})
        names = [one.name for one in campaigns]
        days = [one.sent_at and one.sent_at.astimezone(time_zone).date() for one in campaigns]
        self._names, self._days = pa.array([*names, None], pa.string()), pa.array([*days, None], pa.date32())

    def batch(self, documents: Iterable[dict[str, Any]]) -> pa.RecordBatch:
        """The rows of persons with `PERSON_PATHS` and the texts of their rows (`queries.rows_of_campaigns`)."""
        found = list(documents)
        person = _person_columns([one["person"] for one in found])
        counts = np.fromiter((len(one["rows"]) for one in found), np.int64, len(found))
        texts = chain.from_iterable(one["rows"] for one in found)
        codes = np.fromiter(map(self._codes.__getitem__, texts), np.int64, counts.sum())
        owners = np.repeat(np.arange(len(found)), counts)
        # Stable: rows come by campaign id, which decides between campaigns that are not known.
        codes = codes[np.lexsort((codes >> len(FLAGS), owners))]
        owner, place = pa.array(owners), pa.array(codes >> len(FLAGS))
        columns = {
            **{name: column.take(owner) for name, column in person.items()},
            "campaign_name": self._names.take(place),
            "campaign_sent_at": self._days.take(place),
            **{flag: pa.array(codes >> bit & 1 == 1) for bit, flag in enumerate(reversed(FLAGS))},
        }
        return _batch(columns, self.schema)


class _Codes(dict[str, int]):
    """Text of a row -> the campaign's place, and in the lowest bits the flags, each worked out once."""

    def __init__(self, places: Mapping[str, int]) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, row: str) -> int:
        flags, campaign_id = row[: len(FLAGS)], row[len(FLAGS) :]
        place = self._places.get(campaign_id, len(self._places))
        self[row] = place << len(FLAGS) | int(flags, 2)
        return self[row]


class PeopleRows:
    """Rows of people."""

    schema = PEOPLE_ROWS_SCHEMA

    def batch(self, documents: Iterable[dict[str, Any]]) -> pa.RecordBatch:
        """The rows of persons with `PERSON_PATHS` and `SUMMARY`."""
        values = [one["person"] for one in documents]
        columns = _person_columns([one[: len(PERSON_PATHS)] for one in values])
        summary = _transposed((one[len(PERSON_PATHS) :] for one in values), len(SUMMARY))
        for name, cells in zip(SUMMARY, summary, strict=True):
            columns[name] = _array(name, cells, self.schema.field(name).type)
        return _batch(columns, self.schema)


def decoded(batch: bytes, options: CodecOptions[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents of a batch as the server sent it, times aware."""
    return bson.decode_all(batch, options.with_options(tz_aware=True, tzinfo=UTC))


def _person_columns(persons: Sequence[Sequence[Any]]) -> dict[str, pa.Array]:
    """The columns that only depend on the person."""
    emails, statuses, fields, qualities, *refs = _transposed(persons, len(PERSON_PATHS))
    tags = _transposed((field_texts(one or {}) for one in fields), len(FIELD_TAGS))
    in_home = len(_PARCEL) + len(_RESIDENCE)
    home = _arrays((*_PARCEL, *_RESIDENCE), refs[:in_home])
    record = _arrays((*_PARCEL, *_RECORD), refs[in_home:])
    at_home = pc.is_valid(home["parcel_id"])

    def shown(name: str) -> pa.Array:
        return pc.if_else(at_home, home[name], record[name])

    def number(column: pa.Array) -> pa.Array:
        return pc.round(column, _DECIMALS)

    return {
        "email": _array("email_address", emails, pa.string()),
        **{name: pa.array(texts, pa.string()) for name, texts in zip(FIELD_TAGS, tags, strict=True)},
        "status": _array("status", statuses, pa.string()),
        "county": shown("county"),
        "parcel_id": shown("parcel_id"),
        "parcel_address": home["address"],
        "parcel_city": home["parcel_city"],
        "parcel_zip": home["parcel_zip"],
        "match_quality": pc.coalesce(shown("quality"), _array("match_quality", qualities, pa.string())),
        "match_method": shown("method"),
        "match_score": number(shown("score")),
        "customer_name": record["customer_name"],
        **{name: number(record[name]) for name in _RECORD[1:]},
        "year_built": home["year_built"],
    }


def _transposed(rows: Iterable[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) or [()] * width


def _arrays(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> dict[str, pa.Array]:
    return {
        name: _array(name, values, _KINDS.get(name, pa.string()))
        for name, values in zip(names, columns, strict=True)
    }


def _array(name: str, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError):
        message = (
            f"a person's document has a {name} of another type than {kind}: another tool wrote it. Correct it in the "
            "collection participants, and export again"
        )
    # Raised outside the handler: Arrow's error quotes the value.
    raise UnreadablePersonError(message)


def _batch(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
