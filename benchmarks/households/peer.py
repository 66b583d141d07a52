"""Splink 5 on DuckDB as the peer: the same normalised columns, blocks and names that our matcher works with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule

if TYPE_CHECKING:
    import pyarrow as pa

SEED = 1
_U_PAIRS = 5e6
_EM_PAIRS = 5e5
_LEAST_PROBABILITY = 0.001
_POSTERIOR = """
    with odds as (select *, match_probability / greatest(1 - match_probability, 1e-12) as odds from {pairs})
    select *, odds / (1 + sum(odds) over (partition by unique_id_l)) as posterior from odds
"""
_BEST = """
    select cast(unique_id_l as bigint) as participant_id, unique_id_r as parcel_id, {score} as score
    from {pairs}
    qualify row_number() over (partition by unique_id_l order by {score} desc, unique_id_r) = 1
"""


@dataclass(frozen=True, slots=True)
class PeerLinks:
    """What Splink linked: tables of participant_id, parcel_id, score, one row a participant with a candidate.

    `by_pair` scores a pair as Splink does, `by_posterior` shares the odds of a participant's candidates and "none" out.
    `seconds` are for training and linking together, and `model` can be given to `link` again.
    """

    by_pair: pa.Table
    by_posterior: pa.Table
    seconds: float
    pairs: int
    model: dict[str, Any]


def link(
    participants: pa.Table,
    parcels: pa.Table,
    model: dict[str, Any] | None = None,
    *,
    tuned: bool = False,
    threads: int | None = None,
) -> PeerLinks:
    """Link tables of `peer_columns`: train a model unless one is given, then score the blocked pairs.

    As a careful reader of Splink's documentation would, or `tuned` with what we know of this data: ZIP and city
    are one comparison, EM learns from blocks in which they cannot mislead it, and the number's weights are given.
    `threads`: DuckDB's own choice (all cores) if None.
    """
    started = time.perf_counter()
    connection = duckdb.connect()
    if threads:
        connection.execute(f"set threads = {threads}")
    database = DuckDBAPI(connection=connection)
    tables = [
        database.register(participants, dataset_display_name="a_participants"),
        database.register(parcels, dataset_display_name="b_parcels"),
    ]
    has_names = participants["last_name"].null_count < participants.num_rows
    has_zips = parcels["zip"].null_count < parcels.num_rows
    linker = Linker(tables, model or settings(names=has_names, zips=has_zips, tuned=tuned), log_level=None)
    if model is None:
        _train(linker, zips=has_zips, tuned=tuned)
    predicted = linker.inference.predict(threshold_match_probability=_LEAST_PROBABILITY)
    pairs = predicted.physical_name
    connection.execute(f"create temp table posteriors as {_POSTERIOR.format(pairs=pairs)}")
    by_pair = connection.sql(_BEST.format(pairs=pairs, score="match_probability")).to_arrow_table()
    by_posterior = connection.sql(_BEST.format(pairs="posteriors", score="posterior")).to_arrow_table()
    ((count,),) = connection.sql(f"select count(*) from {pairs}").fetchall()
    seconds = time.perf_counter() - started
    kept = linker.misc.save_model_to_json()
    connection.close()
    return PeerLinks(by_pair, by_posterior, seconds, count, kept)


def settings(*, names: bool, zips: bool, tuned: bool) -> SettingsCreator:
    """The untrained model, for participants with `names` and for parcels with `zips` (and cities)."""
    comparisons = [
        _number(tuned=tuned),
        _street(),
        *map(_same_missing_other, ("street_type", "direction", "unit")),
    ]
    if zips:
        comparisons += [_place()] if tuned else [_zip(), _city()]
    return SettingsCreator(
        link_type="link_only",
        comparisons=[*comparisons, *([_names()] if names else [])],
        blocking_rules_to_generate_predictions=_blocks(names=names),
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
        linker_uid="households",
    )


def _blocks(*, names: bool) -> list[Any]:
    number = "l.number = r.number"
    blocks = [
        block_on("zip", "number"),
        block_on("number", "street_start"),
        block_on("number", "skeleton"),
        CustomRule("l.zip = r.zip and l.number = r.number_to"),
        CustomRule(f"{number} and l.street_end = r.street_end and (l.zip is null or r.zip is null)"),
    ]
    if names:
        blocks.append(
            CustomRule("l.street = r.street and l.zip = r.zip and list_contains(r.names, l.last_name)")
        )
    return blocks


def _train(linker: Linker, *, zips: bool, tuned: bool) -> None:
    address = ("number", "street", "street_type", "direction", "unit")
    linker.training.estimate_probability_two_random_records_match(
        [block_on("zip", *address) if zips else block_on(*address)], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=_U_PAIRS, seed=SEED)
    rules: list[tuple[str, ...]]
    if not zips:
        rules = [("number", "street_type"), ("number", "street")]
    elif tuned:
        rules = [("zip", "city", "number"), ("number", "street")]
    else:
        rules = [("zip", "number"), ("number", "street"), ("zip", "street")]
    for columns in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), max_pairs=_EM_PAIRS
        )


def _number(*, tuned: bool) -> cl.CustomComparison:
    """Where `tuned`, its m is given: a block that would teach it is full of neighbours, which EM takes for matches."""
    texts = "cast(number_l as varchar), cast(number_r as varchar)"
    levels: list[Any] = [
        cll.CustomLevel(
            "number_l = number_r or number_l = number_to_r", "same number, or an end of the range"
        ),
        cll.CustomLevel(f"damerau_levenshtein({texts}) = 1", "one slip away"),
        cll.ElseLevel(),
    ]
    if tuned:
        for level, m in zip(levels, (0.97, 0.028, 0.002), strict=True):
            level.configure(m_probability=m, fix_m_probability=True)
    return cl.CustomComparison(
        output_column_name="number", comparison_levels=[cll.NullLevel("number"), *levels]
    )


def _street() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="street",
        comparison_levels=[
            cll.NullLevel("street"),
            cll.ExactMatchLevel("street", term_frequency_adjustments=True),
            cll.DamerauLevenshteinLevel("street", 1),
            cll.DamerauLevenshteinLevel("street", 2),
            cll.JaroWinklerLevel("street", 0.88),
            cll.ElseLevel(),
        ],
    )


def _same_missing_other(column: str) -> cl.CustomComparison:
    """Levels of a part that may be missing: the same (or missing on both sides), missing on one side, another."""
    left, right = f"{column}_l", f"{column}_r"
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.CustomLevel(f"{left} = {right} and {left} = ''", "missing on both sides"),
            cll.CustomLevel(f"{left} = {right}", "the same"),
            cll.CustomLevel(f"{left} = '' or {right} = ''", "missing on one side"),
            cll.ElseLevel(),
        ],
    )


def _zip() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="zip",
        comparison_levels=[
            cll.NullLevel("zip"),
            cll.ExactMatchLevel("zip"),
            cll.CustomLevel(
                "hamming(cast(zip_l as varchar), cast(zip_r as varchar)) = 1", "one digit differs"
            ),
            cll.CustomLevel("zip_l // 100 = zip_r // 100", "the same region"),
            cll.ElseLevel(),
        ],
    )


def _city() -> cl.CustomComparison:
    return cl.CustomComparison(
        output_column_name="city",
        comparison_levels=[
            cll.NullLevel("city"),
            cll.ExactMatchLevel("city"),
            cll.DamerauLevenshteinLevel("city", 2),
            cll.ElseLevel(),
        ],
    )


def _place() -> cl.CustomComparison:
    """ZIP and city in one, since either mostly follows from the other."""
    city = "city_l = city_r"
    return cl.CustomComparison(
        output_column_name="place",
        comparison_levels=[
            cll.CustomLevel("zip_l = zip_r and " + city, "the same ZIP and city"),
            cll.CustomLevel("zip_l = zip_r", "the same ZIP"),
            cll.CustomLevel(
                "hamming(cast(zip_l as varchar), cast(zip_r as varchar)) = 1 and " + city, "one digit, city"
            ),
            cll.CustomLevel(city, "the same city"),
            cll.CustomLevel("damerau_levenshtein(city_l, city_r) <= 2", "a similar city"),
            cll.CustomLevel(
                "(zip_l is null or zip_r is null) and (city_l is null or city_r is null)"
            ).configure(is_null_level=True),
            cll.CustomLevel("hamming(cast(zip_l as varchar), cast(zip_r as varchar)) = 1", "one digit"),
            cll.CustomLevel("zip_l is null or zip_r is null", "no ZIP"),
            cll.CustomLevel("zip_l // 100 = zip_r // 100", "the same region"),
            cll.ElseLevel(),
        ],
    )


def _names() -> cl.CustomComparison:
    last = "list_contains(names_r, last_name_l)"
    first = "list_contains(names_r, first_name_l)"
    swapped = f"({last} and {first})"
    similar = (
        "list_max(list_transform(names_r, lambda name: jaro_winkler_similarity(name, last_name_l))) >= 0.92"
    )
    return cl.CustomComparison(
        output_column_name="names",
        comparison_levels=[
            cll.CustomLevel("last_name_l is null or names_r is null or len(names_r) = 0").configure(
                is_null_level=True
            ),
            cll.CustomLevel(swapped, "first and last name"),
            cll.CustomLevel(f"{similar} and {first}", "first and a similar last name"),
            cll.CustomLevel(last, "last name"),
            cll.CustomLevel(similar, "a similar last name"),
            cll.CustomLevel(first, "first name"),
            cll.ElseLevel(),
        ],
    )
