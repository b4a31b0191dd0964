"""No row of the tables is forgotten: each is reached by a journey, or it says why it cannot be."""

import pytest

from tests.journeys import test_answers, test_ends, test_helping, test_troubles  # noqa: F401  they note rows
from tests.journeys.rows import ANSWERS, ENDS, OUT_OF_REACH, REACHED


@pytest.mark.parametrize(("table", "rows"), [("answer", ANSWERS), ("end", ENDS)])
def test_every_row_is_reached_by_a_real_click(table: str, rows: tuple[str, ...]) -> None:
    missing = [row for row in rows if row not in REACHED[table] and row not in OUT_OF_REACH]
    assert missing == []


def test_what_is_called_out_of_reach_is_not_reached() -> None:
    assert not set(OUT_OF_REACH) & {*REACHED["answer"], *REACHED["end"]}
