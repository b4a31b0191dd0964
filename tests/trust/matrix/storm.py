"""The storm's door: one click decides a list, by a vote on each that is in it.

The list holds one escalation of every state, as a list does of which much was decided since it was
shown. It can say what a vote can: abort with the first option that does, and release as one that
went well was released. It cannot say the other verbs, which are about one alone: stop, withdraw,
add a reason, acknowledge, extend, ask, answer, resolve, break the glass. Nor can it say anything of
incidents: they have no options, so no button names one.
"""

import asyncio
from collections.abc import Iterable, Mapping

from approvals.escalation import Escalation
from approvals.flows import MOST
from approvals.storms import listed
from bot.slack.drawing import storm as card
from bot.slack.drawing import storm_windows as windows
from tests.journeys.world import OPERATIONS
from tests.patience import PATIENCE_S
from tests.trust.matrix.rules import STATES, Who
from tests.trust.matrix.world import Andon, on_message

#: What a list can say: the button that asks for it, and the window it opens.
SAYS = {
    "vote:stop": (card.ABORT, windows.ABORT_THESE),
    "vote:go": (card.OTHERS, windows.RELEASE_OTHERS),
}

#: How what is in a list may stand.
IN_LISTS = tuple(state for state in STATES.values() if not state.incident)

#: To strangers the door itself says no, once for the whole list.
TO_STRANGERS = "Only members of this workspace can read"


async def brewing(andon: Andon) -> None:
    """So many at once that whatever comes next gathers in a storm."""
    for _ in range(MOST):
        await andon.open()


async def decided(
    andon: Andon, who: Who, about: Mapping[str, Escalation], verb: str
) -> dict[str, str]:
    """Press the storm's button, send its window off: `yes` or why not, for each of the list."""
    keys = {name: (e.id, who.account) for name, e in about.items()}
    for key in keys.values():
        andon.settled[key].clear()
    carries = await _carried(andon, about.values(), verb)
    button, window = SAYS[verb]
    there = on_message(OPERATIONS, ephemeral=False)
    await andon.post(andon.pressed(who, button, carries, there))
    _, heard = await andon.hear(andon.window(who, window, carries, {}))
    if '"storm_progress"' in heard:  # it goes on after the answer
        async with asyncio.timeout(PATIENCE_S):
            while not all(andon.settled[key] for key in keys.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    at_the_door = "not-a-member" if TO_STRANGERS in heard else "nothing"
    return {name: " and ".join(andon.settled[key]) or at_the_door for name, key in keys.items()}


async def _carried(andon: Andon, about: Iterable[Escalation], verb: str) -> str:
    """What button and window carry: the storm, and exactly these of it."""
    ids = {e.id: e.storm_id for e in about}
    (storm_id,) = set(ids.values())
    storm = await andon.server.store.storms.storm(storm_id or "")
    assert storm is not None
    list_ = listed(storm, (e for e in storm.members if e.id in ids))
    assert len(list_.members) == len(ids)
    return card.carried(storm, list_, c=OPERATIONS, t="1.1", o=verb.partition(":")[2])
