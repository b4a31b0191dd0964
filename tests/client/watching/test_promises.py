"""Error rates over any traffic: what is promised is kept, and a planted bug is found."""

import pytest

from tests.client.lane import FULL
from tests.client.watching.planted import PLANTED
from tests.client.watching.promises import PLAINLY, broken, story

STORIES = 2000 if FULL else 25

#: Found in so many stories, or the promises are blind.
ENOUGH = 120


def test_whatever_the_traffic_the_promises_are_kept() -> None:
    assert [(seed, found) for seed in range(STORIES) if (found := broken(story(seed)))] == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_breaks_a_promise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTED[name]
    planted.plant(monkeypatch)
    plainly = PLAINLY in planted.breaks
    found = (broken(story(seed), plainly=plainly) for seed in range(50, 50 + ENOUGH))
    assert any(promises & planted.breaks for promises in found)
