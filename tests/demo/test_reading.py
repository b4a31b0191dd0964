"""Methods that only read: conversations, people, groups, checks of blocks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace, serve
from tests.demo.world import (
    BOT_TOKEN,
    CARD,
    CLOSED,
    ELSEWHERE,
    GONE,
    GUEST,
    INES,
    MANIFEST,
    OLD,
    OPEN,
    RAVI,
    STRANGER,
    Clock,
    a_workspace,
    modal,
    plain,
)

MORE = ["channels:read", "groups:read", "im:read", "users:read.email", "dnd:read"]


@pytest.fixture
def space(clock: Clock) -> Workspace:
    """A workspace whose app was granted every scope of reading."""
    granted = [*MANIFEST["oauth_config"]["scopes"]["bot"], *MORE]
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": granted}}}
    space = a_workspace(clock, manifest=manifest)
    space.kick(space.app.bot_user, CLOSED)
    return space


@pytest.fixture
async def reader(space: Workspace) -> AsyncIterator[AsyncWebClient]:
    """A client of that app."""
    async with serve(space) as running:
        yield AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])


async def refusal(call: Any) -> str:
    """The error code this call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_conversation_says_what_it_is(reader: AsyncWebClient) -> None:
    """Public, archived, a direct message."""
    public = (await reader.conversations_info(channel=OPEN))["channel"]
    assert (public["name"], public["is_channel"], public["is_member"]) == ("open", True, True)
    assert (await reader.conversations_info(channel=OLD))["channel"]["is_archived"] is True
    opened = await reader.conversations_open(users=RAVI, return_im=True)
    assert (opened["channel"]["is_im"], opened["channel"]["user"]) == (True, RAVI)
    assert opened["already_open"] is False
    assert (await reader.conversations_open(users=RAVI))["already_open"] is True


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({}, "users_list_not_supplied"),
        ({"users": f"{RAVI},{INES}"}, "invalid_arguments"),
        ({"users": "U0ANDONBOT"}, "cannot_dm_bot"),
    ],
)
async def test_direct_messages_are_with_one_person(
    reader: AsyncWebClient, args: dict[str, Any], code: str
) -> None:
    """With somebody, one, and no bot."""
    assert await refusal(reader.api_call("conversations.open", json=args)) == code


async def test_channels_are_listed_as_far_as_the_app_knows_them(reader: AsyncWebClient) -> None:
    """All public ones; a private one only to its members."""

    async def listed(types: str) -> set[str]:
        answer = await reader.conversations_list(types=types)
        return {one["id"] for one in answer["channels"]}

    assert await listed("public_channel") == {OPEN, OLD, ELSEWHERE}
    assert await listed("private_channel") == set()
    assert await refusal(reader.conversations_list(types="mpim")) == "invalid_types"
    assert await refusal(reader.conversations_info(channel=CLOSED)) == "channel_not_found"


async def test_the_members_of_a_channel_are_listed(reader: AsyncWebClient) -> None:
    """The app's own account among them."""
    members = (await reader.conversations_members(channel=OPEN))["members"]
    assert members == [RAVI, INES, GUEST, STRANGER, "U0ANDONBOT"]


async def test_a_part_of_the_history_can_be_asked_for(reader: AsyncWebClient, clock: Clock) -> None:
    """Between two instants, which count only when they are to be included."""
    stamps = []
    for number in range(4):
        stamps.append((await reader.chat_postMessage(channel=OPEN, text=str(number)))["ts"])
        clock.pass_by(1)

    async def texts(**bounds: Any) -> list[str]:
        answer = await reader.conversations_history(channel=OPEN, **bounds)
        return [one["text"] for one in answer["messages"]]

    bounds = {"oldest": stamps[0], "latest": stamps[3]}
    assert await texts(**bounds) == ["2", "1"]
    assert await texts(**bounds, inclusive=True) == ["3", "2", "1", "0"]
    assert await texts(oldest="999") == ["3", "2", "1", "0"]
    assert await texts(latest="1700000000") == []


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"oldest": "-1"}, "invalid_ts_oldest"),
        ({"latest": "1.8e9"}, "invalid_ts_latest"),
        ({"cursor": "next"}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_arguments"),
    ],
)
async def test_a_part_that_cannot_be_is_refused(
    reader: AsyncWebClient, bounds: dict[str, Any], code: str
) -> None:
    """Rather than read as everything."""
    args = {"channel": OPEN, **bounds}
    assert await refusal(reader.api_call("conversations.history", params=args)) == code


async def test_a_thread_that_is_not_there_is_refused(reader: AsyncWebClient) -> None:
    """And a reply alone is a thread of one."""
    top = (await reader.chat_postMessage(channel=OPEN, text="top"))["ts"]
    under = (await reader.chat_postMessage(channel=OPEN, text="under", thread_ts=top))["ts"]
    alone = await reader.conversations_replies(channel=OPEN, ts=under)
    assert [one["text"] for one in alone["messages"]] == ["under"]
    missing = reader.conversations_replies(channel=OPEN, ts="1.000000")
    assert await refusal(missing) == "thread_not_found"


async def test_people_are_listed_and_found_by_address(reader: AsyncWebClient) -> None:
    """Deactivated ones are listed, not found; the address takes a scope of its own."""
    listed = (await reader.users_list())["members"]
    assert {one["id"] for one in listed} >= {RAVI, GONE, STRANGER}
    found = (await reader.users_lookupByEmail(email="RAVI@example.com"))["user"]
    assert (found["id"], found["profile"]["email"]) == (RAVI, "ravi@example.com")
    unknown = reader.users_lookupByEmail(email="nobody@example.com")
    assert await refusal(unknown) == "users_not_found"


async def test_people_come_in_pages(reader: AsyncWebClient) -> None:
    """So many at a time, each once; a cursor is only ever one of Slack's own."""
    whole = [one["id"] for one in (await reader.users_list())["members"]]
    met: list[str] = []
    cursor = ""
    while True:
        page = await reader.users_list(limit=2, cursor=cursor)
        met += [one["id"] for one in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert met == whole
    assert await refusal(reader.users_list(cursor="nonsense")) == "invalid_cursor"


async def test_whose_notifications_are_paused_is_told_until_when(
    reader: AsyncWebClient, space: Workspace, clock: Clock
) -> None:
    """Of those there are; no phone rings meanwhile."""
    until = int(clock()) + 3600
    space.change_person(RAVI, paused_until=until)
    answer = await reader.dnd_teamInfo(users=f"{RAVI},{GONE},U0NOBODY")
    told = {
        user: (one["dnd_enabled"], one["next_dnd_end_ts"]) for user, one in answer["users"].items()
    }
    assert told == {RAVI: (True, until), GONE: (False, 1)}
    await reader.chat_postMessage(channel=RAVI, text="hello")
    assert space.rung == []
    clock.pass_by(3600)
    await reader.chat_postMessage(channel=RAVI, text="hello")
    assert [one.person for one in space.rung] == [RAVI]


async def test_pauses_are_told_of_fifty_at_once(reader: AsyncWebClient) -> None:
    """And of no more."""
    users = ",".join(f"U{n}" for n in range(51))
    assert await refusal(reader.dnd_teamInfo(users=users)) == "too_many_users"


async def test_a_persons_channels_are_those_the_app_knows_of(reader: AsyncWebClient) -> None:
    """Public ones, and private ones it is in; so many at a time."""
    every = "public_channel,private_channel"
    listed = await reader.users_conversations(user=RAVI, types=every)
    assert [one["id"] for one in listed["channels"]] == [OPEN, ELSEWHERE]
    first = await reader.users_conversations(user=RAVI, types=every, limit=1)
    assert [one["id"] for one in first["channels"]] == [OPEN]
    cursor = first["response_metadata"]["next_cursor"]
    then = await reader.users_conversations(user=RAVI, types=every, limit=1, cursor=cursor)
    assert [one["id"] for one in then["channels"]] == [ELSEWHERE]
    assert then["response_metadata"]["next_cursor"] == ""
    assert await refusal(reader.users_conversations(user="U0NOBODY")) == "user_not_found"
    assert await refusal(reader.users_conversations(cursor="x")) == "invalid_cursor"


async def test_archived_channels_may_be_left_out(reader: AsyncWebClient) -> None:
    """Asked for nobody, it tells of the app's own."""
    live = await reader.users_conversations(exclude_archived=True)
    assert [one["id"] for one in live["channels"]] == [OPEN]
    every = await reader.users_conversations()
    assert [one["id"] for one in every["channels"]] == [OPEN, OLD]


@pytest.mark.parametrize(
    "whole",
    [
        {"blocks": CARD},
        {"message": {"text": "x", "blocks": CARD}},
        {"view": modal()},
        {"view": {"type": "home", "blocks": CARD}},
    ],
)
async def test_anything_to_be_drawn_can_be_checked(
    client: AsyncWebClient, workspace: Workspace, whole: dict[str, Any]
) -> None:
    """Blocks, a message, a view; nothing is posted."""
    assert (await client.api_call("blocks.validate", json=whole))["ok"]
    assert workspace.messages(OPEN) == []


@pytest.mark.parametrize(
    ("whole", "code"),
    [
        ({}, "invalid_arguments"),
        ({"blocks": CARD, "view": modal()}, "invalid_arguments"),
        ({"view": modal(title=plain("x" * 25))}, "invalid_blocks"),
        ({"message": {"blocks": [{"type": "nothing"}]}}, "invalid_blocks"),
        ({"blocks": "no json"}, "invalid_blocks_format"),
    ],
)
async def test_what_could_not_be_drawn_is_said(
    client: AsyncWebClient, whole: dict[str, Any], code: str
) -> None:
    """With the place where it is wrong, if it has one."""
    assert await refusal(client.api_call("blocks.validate", json=whole)) == code
