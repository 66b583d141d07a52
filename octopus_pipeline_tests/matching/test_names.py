"""Names in every shape, and whose they are."""

from __future__ import annotations

from collections import Counter
from random import Random
from string import ascii_uppercase

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from octopus_pipeline.matching import name_words, nicknames
from octopus_pipeline.matching.name_line import NO_NAME, read_name
from octopus_pipeline.matching.names import NAME_SCHEMA, normalize_first_last, normalize_names


@pytest.mark.parametrize(
    ("name", "last", "first"),
    [
        ("JANE SAMPLE", "SAMPLE", "JANE"),
        ("JOHN Q SAMPLE", "SAMPLE", "JOHN Q"),
        ("SAMPLE, JOHN D", "SAMPLE", "JOHN D"),
        ("SAMPLE JOHN & JANE", "SAMPLE", "JOHN JANE"),
        ("SAMPLE JOHN D & JANE E", "SAMPLE", "JOHN D JANE E"),
        ("SAMPLE JOHN D TR", "SAMPLE", "JOHN D"),
        ("SAMPLE JOHN D & JANE E CO-TRS", "SAMPLE", "JOHN D JANE E"),
        ("SAMPLE J & JANE", "SAMPLE", "J JANE"),
        ("JOHN & JANE SAMPLE", "SAMPLE", "JOHN JANE"),
        ("JOHN SAMPLE AND JANE DOE", "SAMPLE DOE", "JOHN JANE"),
        ("SAMPLE JOHN & DOE JANE", "SAMPLE DOE", "JOHN JANE"),
        ("SAMPLE, JOHN & DOE, JANE", "SAMPLE DOE", "JOHN JANE"),
        ("ESTATE OF JANE SAMPLE", "SAMPLE", "JANE"),
        ("SAMPLE JANE C/O JOHN DOE", "SAMPLE", "JANE"),
        ("SAMPLE FAMILY TRUST", "SAMPLE", ""),
        ("SAMPLE JR, JOHN", "SAMPLE", "JOHN"),
        ("JOHN SAMPLE, JR", "SAMPLE", "JOHN"),
        ("DR. JANE SAMPLE", "SAMPLE", "JANE"),
        ("Sample, Bob", "SAMPLE", "ROBERT"),
        ("SAMPLE WM H ET AL", "SAMPLE", "WILLIAM H"),
        ("J SAMPLE", "SAMPLE", "J"),
        ("Peña, José", "PENA", "JOSE"),
        ("O'BRIEN, ANN", "OBRIEN", "ANN"),
        ("ANN VAN DYKE", "VANDYKE", "ANN"),
        ("MC DONALD RONALD", "MCDONALD", "RONALD"),
        ("MARY SMITH-JONES", "SMITHJONES SMITH JONES", "MARY"),
        ("SMITH-JONES, MARY ANN", "SMITHJONES SMITH JONES", "MARY ANN"),
        ("JANE CHURCH", "CHURCH", "JANE"),
    ],
)
def test_a_name_is_read_as(name: str, last: str, first: str) -> None:
    assert read_name(name) == (tuple(last.split()), tuple(first.split()), "")


def test_where_the_last_name_may_be_either_both_are_candidates() -> None:
    assert read_name("JORDAN TAYLOR") == (("TAYLOR", "JORDAN"), ("JORDAN", "TAYLOR"), "")
    assert read_name("SAMPLE EXAMPLE").last == ("EXAMPLE", "SAMPLE")


@pytest.mark.parametrize(
    ("name", "organization"),
    [
        ("SAMPLE HOMES LLC", "SAMPLEHOMES"),
        ("Sample Homes, L.L.C.", "SAMPLEHOMES"),
        ("FIRST BAPTIST CHURCH", "FIRSTBAPTISTCHURCH"),
        ("CITY OF SAMPLEVILLE", "CITYOFSAMPLEVILLE"),
        ("JANE SAMPLE PROPERTIES", "JANESAMPLEPROPERTIES"),
    ],
)
def test_companies_have_no_last_name(name: str, organization: str) -> None:
    assert read_name(name) == ((), (), organization)


@pytest.mark.parametrize("name", ["", "NA", "-1", "nan", "UNKNOWN OWNER", "...", "12", "😀", "'; --"])
def test_a_missing_name_is_none(name: str) -> None:
    assert read_name(name) == NO_NAME


def test_columns_of_given_and_last_names() -> None:
    names = normalize_first_last(
        pa.array(["Bob", None, "NA", "Mary Ann"]), pa.array(["O'Brien", "Sample", None, "Doe-Roe"])
    )
    assert names["last"].to_pylist() == [["OBRIEN"], ["SAMPLE"], [], ["DOEROE", "DOE", "ROE"]]
    assert names["first"].to_pylist() == [["ROBERT"], [], [], ["MARY", "ANN"]]


_NAME_WORDS = ["JANE", "SAMPLE", "&", ",", "-", "J", "LLC", "TR", "VAN", "OF", "ESTATE"]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=200),
            st.lists(st.sampled_from(_NAME_WORDS)).map(" ".join),
        )
    )
)
def test_no_name_raises(names: list[str]) -> None:
    table = normalize_names(pa.array(names, pa.string()))
    assert table.schema == NAME_SCHEMA
    assert table.num_rows == len(names)
    for row in table.to_pylist():
        assert all(word.isalnum() and word.isascii() for word in [*row["last"], *row["first"]])
        assert not row["organization"] or not row["last"]


_WORDS_BY_KIND = {
    "given": sorted(nicknames.GIVEN_NAMES),
    "last": ["SAMPLE", "DOE", "BRECKLER", "HILL", "YO", "OTHER", "STONE", "MASON"],
    "letter": list(ascii_uppercase),
    "role": sorted(name_words.NO_NAME_WORDS),
    "comma": [","],
    "sign": ["&"],
    "and": ["AND", "OR"],
    "other": sorted(
        {"THE", "OF", "CURRENT", "UN", "KNOWN", "", "12", "A.B.", "SMITH-JONES", "O'NEIL"}
        | name_words.LEGAL_WORDS
        | name_words.ORGANIZATION_WORDS
        | name_words.AMBIGUOUS_WORDS
        | name_words.PARTICLES
        | name_words.MISSING_WORDS
        | name_words.TELLING_WORDS
    ),
}
_KINDS = [*["given", "last", "letter", "role", "comma", "and"] * 2, "sign", "other"]


@given(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=8), st.integers())
@example(["given", "and", "comma", "last"], 1)
@settings(max_examples=300)
def test_names_of_one_shape_are_read_as_each_is_alone(kinds: list[str], seed: int) -> None:
    random = Random(seed)
    names = [
        " ".join(random.choice(_WORDS_BY_KIND[kind]) for kind in kinds).replace(" ,", ",") for _ in range(40)
    ]
    rows = normalize_names(pa.array(names)).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (list(read.last), list(read.first), read.organization) for read in map(read_name, names)
    ]


def test_a_nickname_is_short_for_one_name() -> None:
    spellings = Counter(spelling for row in nicknames._ROWS for spelling in row)
    assert [spelling for spelling, times in spellings.items() if times > 1] == []
