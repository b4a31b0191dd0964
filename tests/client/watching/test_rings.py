"""Rings forget in order, and time goes forward."""

from datetime import UTC, datetime, timedelta

import pytest
from andon.watching.rings import Elapsed, Ring

from tests.building import START, Clock


def test_a_ring_sums_what_it_still_holds() -> None:
    ring = Ring(3, 2)
    for amount in (1, 2, 3, 4):
        ring.turn()
        ring.add(amount, 10 * amount)
    assert ring.sums() == (9, 90)
    assert [ring.sums(n) for n in (1, 2, 3, 9)] == [(4, 40), (7, 70), (9, 90), (9, 90)]


def test_turning_a_ring_tells_what_is_forgotten() -> None:
    ring = Ring(2, 1)
    ring.add(5)
    assert (ring.turn(), ring.turn(), ring.turn()) == ((0,), (5,), (0,))


def test_roundings_do_not_add_up_in_a_ring() -> None:
    ring = Ring(10, 1)
    for i in range(10_000):
        ring.add(0.1 if i % 2 else 1e12)
        ring.turn()
    for _ in range(10):
        ring.add(0.1)
        ring.turn()
    assert ring.sums() == pytest.approx((0.9,))


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    clock = Clock(START)
    elapsed = Elapsed(clock)
    clock.pass_(10)
    assert elapsed() == 10
    clock.pass_(-3600)
    assert elapsed() == 10
    clock.pass_(5)
    assert elapsed() == 15


def test_a_moment_is_shown_by_the_clock_as_it_is_set_now() -> None:
    clock = Clock(START)
    elapsed = Elapsed(clock)
    clock.pass_(100)
    elapsed()
    assert elapsed.at(40) == START + timedelta(seconds=40)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"datetime\.now\(UTC\)"):
        Elapsed(lambda: datetime.now(UTC).replace(tzinfo=None))
