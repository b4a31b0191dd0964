"""In which channels somebody is: asked of the local workspace, as of Slack."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.demo.workspace.people import Channel, ChannelKind, Person
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.slack.rooms import Rooms
from bot.slack.web import WatchedClient
from tests.building import Clock

World = tuple[Workspace, Rooms, Clock]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Sam in a public channel, in a private one with us, and in one without us."""
    manifest: dict[str, Any] = {
        "display_information": {"name": "Andon"},
        "oauth_config": {"scopes": {"bot": ["channels:read", "groups:read"]}},
    }
    made = Workspace(
        manifest,
        people=[Person(id="USAM", name="sam"), Person(id="UMIA", name="mia")],
        channels=[
            Channel(id="C0OPEN", name="open", members=("USAM",)),
            Channel(id="C0OLD", name="old", members=("USAM",), archived=True),
            Channel(id="G0OURS", name="ours", kind=ChannelKind.PRIVATE, members=("USAM",)),
            Channel(
                id="G0THEIRS",
                name="theirs",
                kind=ChannelKind.PRIVATE,
                members=("USAM",),
                bot=False,
            ),
        ],
        signing_secret="secret-of-tests",
        bot_token="xoxb-of-tests",
        app_token="xapp-of-tests",
    )
    clock = Clock()
    async with serve(made) as running:
        yield made, Rooms(WatchedClient("xoxb-of-tests", running.api_url), clock), clock


async def test_a_persons_rooms_are_those_slack_lets_us_know(world: World) -> None:
    _, rooms, _ = world
    assert await rooms.of("USAM") == {"C0OPEN", "G0OURS"}
    assert await rooms.of("UMIA") == frozenset()


async def test_what_was_heard_is_good_for_a_minute(world: World) -> None:
    workspace, rooms, clock = world
    await rooms.of("USAM")
    workspace.kick("USAM", "G0OURS")
    clock.pass_(60)
    assert await rooms.of("USAM") == {"C0OPEN", "G0OURS"}
    clock.pass_(1)
    assert await rooms.of("USAM") == {"C0OPEN"}
    assert len(workspace.calls) == 2


async def test_pages_are_read_to_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.rooms.PAGE", 1)
    workspace, rooms, _ = world
    assert await rooms.of("USAM") == {"C0OPEN", "G0OURS"}
    assert len(workspace.calls) == 2


@pytest.mark.parametrize("fault", ["missing_scope", "http_503", "ratelimited"])
async def test_where_slack_does_not_say_nobody_is_anywhere_and_it_is_asked_again(
    world: World, fault: str
) -> None:
    workspace, rooms, _ = world
    workspace.faults.add("users.conversations", fault)
    assert await rooms.of("USAM") == frozenset()
    assert await rooms.of("USAM") == {"C0OPEN", "G0OURS"}


async def test_slack_is_not_waited_for_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.rooms.HEAR_WITHIN_S", 0.01)
    workspace, rooms, _ = world
    hung = workspace.faults.add("users.conversations", "hang")
    assert await rooms.of("USAM") == frozenset()
    hung.release()


async def test_of_many_who_asked_the_first_are_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.rooms.MOST_KEPT", 1)
    workspace, rooms, _ = world
    for account in ("USAM", "UMIA", "USAM"):
        await rooms.of(account)
    assert len(workspace.calls) == 3
