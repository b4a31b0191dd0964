"""Whoever is away and whoever stands in: only members and their substitutes decide."""

from tests.approvals.standing_in_books import search


def test_only_members_and_their_substitutes_decide_and_each_seat_is_filled_once() -> None:
    """Whatever happens; tests/trust tries it longer, and with bugs planted."""
    search(100)
