"""In no life of a rule does it decide what people did not leave to it; planted bugs show it."""

import pytest

from tests.approvals.memory.ruled_books import PLANTED, BrokenError, live

#: Lives a planted bug is looked for in.
LIVES = 40


def said(seed: int) -> str:
    """What broke in a life; empty where nothing did."""
    try:
        live(seed)
    except BrokenError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", range(12))
def test_a_rule_decides_only_what_people_left_to_it(seed: int) -> None:
    assert said(seed) == ""


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[bug](monkeypatch)
    assert any(said(seed) for seed in range(LIVES))
