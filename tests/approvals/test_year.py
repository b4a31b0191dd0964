"""A simulated year: no stage is missed, none taken twice, nobody called who is away, and every
moment exact to the second. tests/trust simulates longer ones, and with bugs planted.
"""

from collections.abc import Iterator

import pytest

from approvals import events, hours
from approvals.codec import dump
from approvals.evolve import evolve
from tests.approvals.year import Year

#: Escalations of the year.
MANY = 100


@pytest.fixture(autouse=True)
def _fresh_hours() -> Iterator[None]:
    """What is remembered of opening hours is the bug's, or nobody's."""
    hours._opening.cache_clear()
    yield
    hours._opening.cache_clear()


def test_a_year_goes_by() -> None:
    """With holidays, nights, outages and clocks that change, everything happens in its time."""
    year = Year(2032, MANY)
    year.run()
    assert len(year.asked) == MANY
    told = set(year.stats)
    assert told >= {
        events.CHAIN_STEPPED,
        events.CHAIN_ENDED,
        events.REMINDED,
        events.ACKNOWLEDGED,
        events.LET_GO,
        events.EXTENDED,
        events.MISSED,
        events.ARRIVED,
        events.DEADLINE_HELD,
        events.DECIDED,
    }
    assert any(r.body.get("skipped") for a in year.asked.values() for r in a.records)
    _refolded(year)


def _refolded(year: Year) -> None:
    """The records alone give every escalation back, restarts or not."""
    for asked in list(year.asked.values())[::20]:
        folded = None
        for record in asked.records:
            folded = evolve(folded, record)
        assert folded is not None
        assert dump(folded) == dump(asked.seen)
