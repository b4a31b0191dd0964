"""Clicks while nothing can be saved: who is told that it was not saved, or that nobody knows, has
heard, and the click owes nothing.
"""

import json
from collections import Counter
from collections.abc import Iterator

from bot.demo.workspace.workspace import Workspace
from bot.slack.drawing.answers import not_saved, unsure
from tests.trust.crashing import checking
from tests.trust.crashing.checking import Case
from tests.trust.crashing.clicks import clicks

#: How both begin.
IN_VAIN = (not_saved("").text.partition(". Nothing")[0], unsure().text.partition(".")[0])


def clicked(case: Case) -> Iterator[str]:
    """I5, I6: a vote that Slack was told of is answered from the store, or was in the end told to
    be in vain; every vote was clicked.
    """
    yield from (one for one in checking.clicked(case) if one.startswith("I6"))
    if not case.settled:
        return
    owed = {row["id"] for row in case.stored["deliveries"]}
    made = [click for click in clicks(case.workspace) if click.acked and click.decides]
    lost = Counter(click.person for click in made if f"ans_{click.command_id}" not in owed)
    for person, many in lost.items():
        told = in_vain(case.workspace, person) + in_windows(case.workspace, person)
        told += sum(m.text.startswith(IN_VAIN) for m in case.workspace.messages(person))
        if many > told:
            yield f"I5: {person} has {many} votes without an answer, and heard of {told}"


def answered(case: Case) -> Iterator[str]:
    """Every answer that is owed was seen, and no oftener than faults explain. Where the door came
    too late, Slack showed an error of its own, and that is what the person saw.
    """
    if not case.settled:
        return
    made = clicks(case.workspace)
    for person, owed, told in checking.answers(case):
        seen = told - in_vain(case.workspace, person) - in_windows(case.workspace, person)
        twice = sum(case.owed[id_] for id_ in owed)
        errors = sum(not click.acked for click in made if click.person == person)
        if not len(owed) - errors <= seen <= len(owed) + twice:
            yield f"I5: {person} was owed {len(owed)} answers (-{errors}, +{twice}), saw {seen}"


def in_vain(workspace: Workspace, person: str) -> int:
    """How often they were told so where they clicked."""
    return sum(m.text.startswith(IN_VAIN) for m in workspace.ephemerals(person))


def in_windows(workspace: Workspace, person: str) -> int:
    """How often the window that they sent off told them so."""
    bodies = (
        json.dumps(answer.body)
        for sending, answer in workspace.sent
        if sending.payload.get("user", {}).get("id") == person and isinstance(answer.body, dict)
    )
    return sum(any(words in body for words in IN_VAIN) for body in bodies)


#: Every invariant of a crash, these two as they are where nothing can be saved for a while.
CHECKS = (
    *(one for one in checking.CHECKS if one not in (checking.clicked, checking.answered)),
    clicked,
    answered,
)
