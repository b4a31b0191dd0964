"""In no life of a service does something run by itself that people decide; planted bugs show it."""

import pytest

from tests.approvals.automating_books import PLANTED, BrokenError, live

#: Lives a planted bug is looked for in.
LIVES = 60


def said(seed: int) -> str:
    """What broke in a life; empty where nothing did."""
    try:
        live(seed)
    except BrokenError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_people_decide_runs_by_itself(seed: int) -> None:
    assert said(seed) == ""


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, breaks = PLANTED[bug]
    plant(monkeypatch)
    assert any(said(seed).startswith(breaks) for seed in range(LIVES))
