"""What open pages are told, and how a test waits for something to be true."""

import asyncio

import pytest

from bot.demo.workspace import Workspace
from bot.demo.workspace.changes import BACKLOG, EVERYONE, Changes
from tests.demo.world import CARD, CLOSED, INES, OPEN, RAVI, BoltApp, a_card, modal


async def kinds(watcher: object, count: int) -> list[str]:
    """The kinds of the next events."""
    events = [await watcher.next() for _ in range(count)]  # type: ignore[attr-defined]
    return [event["type"] for event in events]


async def test_a_watcher_is_told_what_its_person_sees(workspace: Workspace) -> None:
    """Ines does not see the private channel, nor what is whispered to Ravi."""
    changes = workspace.changes
    with changes.watched_by(RAVI) as his, changes.watched_by(INES) as hers:
        workspace.say(RAVI, CLOSED, "private")
        workspace.post(workspace.conversations[OPEN], user=INES, text="for Ravi", only_for=RAVI)
        workspace.say(RAVI, OPEN, "public")
        assert await kinds(his, 3) == ["message", "ephemeral", "message"]
        event = await hers.next()
    assert event is not None
    assert event["message"]["text"] == "public"


async def test_the_life_of_a_message_is_told(app: BoltApp, workspace: Workspace) -> None:
    """Posted, redrawn, answered in a thread, taken away."""
    with workspace.changes.watched_by(INES) as watcher:
        card = await a_card(app, workspace)
        await app.client.chat_update(channel=OPEN, ts=card.ts, text="Decided", blocks=[])
        workspace.say(RAVI, OPEN, "why?", thread_ts=card.ts)
        workspace.delete_message(OPEN, card.ts)
        assert await kinds(watcher, 5) == ["message", "changed", "message", "changed", "deleted"]


async def test_windows_are_told_to_their_person(workspace: Workspace) -> None:
    """Opened, redrawn, closed."""
    with workspace.changes.watched_by(RAVI) as his, workspace.changes.watched_by(INES) as hers:
        window = workspace.windows.open(RAVI, modal())
        workspace.windows.update(window, modal())
        await workspace.dismiss(RAVI, window.id)
        workspace.say(INES, OPEN, "hello")
        assert await kinds(his, 4) == ["view", "view", "view_closed", "message"]
        assert await kinds(hers, 1) == ["message"]


async def test_the_wall_of_phones_sees_every_ring(app: BoltApp, workspace: Workspace) -> None:
    """Whoever is rung; and nothing else."""
    with workspace.changes.watched_by(EVERYONE) as wall:
        await app.client.chat_postMessage(channel=RAVI, text="to Ravi", blocks=CARD)
        await app.client.chat_postMessage(channel=INES, text="to Ines")
        events = [await wall.next(), await wall.next()]
    assert [(one["type"], one["person"]) for one in events if one] == [
        ("notification", RAVI),
        ("notification", INES),
    ]


async def test_a_page_that_is_closed_is_told_nothing_more(workspace: Workspace) -> None:
    """And the end of the workspace ends those that are open."""
    with workspace.changes.watched_by(RAVI) as gone:
        pass
    with workspace.changes.watched_by(RAVI) as watcher:
        workspace.say(RAVI, OPEN, "hello")
        await workspace.close()
        assert await kinds(watcher, 1) == ["message"]
        assert await watcher.next() is None
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(gone.next(), 0.01)


async def test_a_slow_page_loses_the_oldest() -> None:
    """It reads afresh; memory stays bounded."""
    changes = Changes()
    with changes.watched_by(RAVI) as watcher:
        for number in range(BACKLOG + 5):
            changes.tell({"type": str(number)}, lambda person: True)
        assert await kinds(watcher, 1) == ["5"]


async def test_waiting_gives_the_first_true_answer() -> None:
    """Asked again whenever something changed, however it did."""
    changes, found = Changes(), []
    waiting = asyncio.ensure_future(changes.wait_for(lambda: found, timeout=5))
    await asyncio.sleep(0)
    changes.wake()
    await asyncio.sleep(0)
    assert not waiting.done()
    found.append("it")
    changes.tell({"type": "message"}, lambda person: False)
    assert await waiting == ["it"]


async def test_waiting_in_vain_ends() -> None:
    """With TimeoutError."""
    with pytest.raises(TimeoutError):
        await Changes().wait_for(lambda: False, timeout=0.01)
