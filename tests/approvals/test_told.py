"""What the core says to whole stories, word for word: who, what, why, with which facts, owed whom.

A difference is a change of what people, services or auditors read. If it is meant,
`python -m tests.approvals.telling` writes it down anew.
"""

import pytest

from tests.approvals.telling import TOLD, stories, told


@pytest.mark.parametrize("name", stories())
def test_a_story_is_told_as_before(name: str) -> None:
    assert told(stories()[name]) == (TOLD / f"{name}.txt").read_text()


def test_nothing_is_kept_of_a_story_that_is_told_no_longer() -> None:
    assert {file.stem for file in TOLD.glob("*.txt")} == set(stories())
