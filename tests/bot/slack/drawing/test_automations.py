"""What ran by itself, where somebody looks it up: said plainly, and nothing of it says that people
approved.
"""

import pytest

from bot.slack.drawing.details import details
from bot.slack.drawing.limits import check
from bot.slack.drawing.lockscreen import Reader
from bot.slack.drawing.record import decided_card
from tests.approvals.test_automate import automatic
from tests.bot.slack.drawing.reading import read

STATES = [
    ("", "RUNNING", "svc started {21:00 UTC}. No result yet."),
    ("succeeded", "RAN BY ITSELF", "Succeeded {21:00 UTC}."),
    ("failed", "FAILED", "Automatic, and it failed {21:00 UTC}."),
    ("unknown", "RESULT UNKNOWN", "Started {21:00 UTC}; svc cannot tell what became of it."),
]


@pytest.mark.parametrize(("result", "word", "line"), STATES)
def test_it_says_how_it_stands_and_that_nobody_was_asked(result: str, word: str, line: str) -> None:
    scene = automatic().open()
    if result:
        scene.report(result)
    drawn = decided_card(scene.e, scene.people, Reader(zone="UTC"))
    said = read(drawn)
    assert check(drawn) == ()
    assert word in said
    assert line in said
    assert "Nobody was asked: the policy lets it run by itself." in said
    assert "approved" not in said.lower()
    assert line in read(details(scene.e, scene.people))
