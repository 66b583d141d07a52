"""No cell is a formula to a spreadsheet; everything else stays verbatim."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus_pipeline.exports.safe_cells import defused, defused_column


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://example.com")',
        "+1-555-0100 x2",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1:A9)",
        "  =1+1",
        "\t=1+1",
        "\ttext",
        "\rtext",
        "\ntext",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "\u200b=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "--5",
        "-",
        "=5",
    ],
)
def test_what_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "345 MAPLE LN",
        "-5",
        "+1.5",
        "-.5",
        "+16145550134",
        "-$511.61",
        "$1,705.35",
        "-3%",
        "a=b",
        "1-2",
        "é",
        " a",
    ],
)
def test_numbers_and_plain_text_stay_verbatim(cell: str) -> None:
    assert defused(cell) == cell


@given(st.lists(st.none() | st.text(st.sampled_from("=+-@a1é \t\r\n\uff1d$\u200b"), max_size=4)))
def test_a_column_is_defused_as_its_cells_are(cells: list[str | None]) -> None:
    column = defused_column(pa.array(cells, pa.string()))
    assert column.to_pylist() == [None if cell is None else defused(cell) for cell in cells]
