"""The quick sorting gives what the plain one gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.matching.sorting import distinct_and_codes, first_places, places_in, stable_order

NUMBERS = st.lists(st.integers(-1, 6) | st.integers(-1, 2**31 - 1), max_size=40).map(
    lambda values: np.array(values, np.int64)
)


@given(NUMBERS)
def test_equal_values_stay_as_they_stand(values: np.ndarray) -> None:
    assert stable_order(values).tolist() == np.argsort(values, kind="stable").tolist()


@given(NUMBERS)
def test_distinct_values_their_first_places_and_codes(values: np.ndarray) -> None:
    expected, first, codes = np.unique(values, return_index=True, return_inverse=True)
    distinct, found = distinct_and_codes(values)
    assert (distinct.tolist(), found.tolist()) == (expected.tolist(), codes.tolist())
    assert first_places(values).tolist() == first.tolist()


@given(NUMBERS, NUMBERS)
def test_a_value_is_found_where_it_stands_and_no_other_is(values: np.ndarray, known: np.ndarray) -> None:
    ascending = np.unique(known)
    expected = [ascending.tolist().index(one) if one in ascending else -1 for one in values.tolist()]
    assert places_in(ascending, values).tolist() == expected
