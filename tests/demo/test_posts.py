"""Posts, as far as the tour of the Web API does not go: metadata, threads, whispers, deleting."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from tests.demo.world import CARD, INES, OPEN, RAVI


async def refusal(call: Any) -> str:
    """The error code this call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"event_type": "card"}, "invalid_metadata_format"),
        ({"event_type": "card", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
        ([1], "invalid_metadata_format"),
        ("{", "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "card", "event_payload": "x"}, "invalid_metadata_schema"),
        ({"event_type": "card", "event_payload": {"x": "y" * 16_000}}, "metadata_too_large"),
    ],
)
async def test_metadata_has_a_type_and_a_payload(
    client: AsyncWebClient, workspace: Workspace, metadata: Any, code: str
) -> None:
    """Nothing more, and not too much; a post with other metadata is not there."""
    args = {"channel": OPEN, "text": "x", "metadata": metadata}
    assert await refusal(client.api_call("chat.postMessage", json=args)) == code
    assert workspace.messages(OPEN) == []


async def test_metadata_can_be_changed_and_taken_away(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """By an update that names it."""
    first = {"event_type": "card", "event_payload": {"version": 1}}
    second = {"event_type": "card", "event_payload": {"version": 2}}
    ts = (await client.chat_postMessage(channel=OPEN, text="x", metadata=first))["ts"]
    (message,) = workspace.messages(OPEN)
    await client.chat_update(channel=OPEN, ts=ts, text="y", metadata=second)
    assert message.metadata == second
    await client.chat_update(channel=OPEN, ts=ts, text="z", metadata={})
    assert message.metadata == {}


async def test_text_is_kept_as_it_was_written(client: AsyncWebClient, workspace: Workspace) -> None:
    """Entities and markup are the reader's to resolve."""
    text = "a &lt;b&gt; &amp; <@U0RAVI> *bold* <https://example.com|there> \u202e"
    answer = await client.chat_postMessage(channel=OPEN, text=text)
    assert answer["message"]["text"] == text
    assert workspace.messages(OPEN)[0].text == text


@pytest.mark.parametrize("text", [5, ["x"], {"text": "x"}, True])
async def test_a_text_is_a_text(client: AsyncWebClient, text: Any) -> None:
    """And not something that could be written as one."""
    call = client.api_call("chat.postMessage", json={"channel": OPEN, "text": text})
    assert await refusal(call) == "invalid_arguments"


async def test_an_answer_to_a_reply_stands_in_the_same_thread(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Threads are one level deep; the first message counts its replies."""
    top = (await client.chat_postMessage(channel=OPEN, text="top"))["ts"]
    under = (await client.chat_postMessage(channel=OPEN, text="under", thread_ts=top))["ts"]
    await client.chat_postMessage(channel=OPEN, text="too", thread_ts=under)
    assert [one.thread_ts for one in workspace.messages(OPEN)] == [None, top, top]
    assert workspace.messages(OPEN)[0].reply_count == 2


async def test_no_two_messages_have_the_same_timestamp(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Though the clock stands still; they are in order."""
    stamps = [(await client.chat_postMessage(channel=OPEN, text="x"))["ts"] for _ in range(3)]
    assert stamps == ["1800000000.000000", "1800000000.000001", "1800000000.000002"]


async def test_the_apps_own_message_is_deleted(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Once; an unknown one is told as such."""
    ts = (await client.chat_postMessage(channel=OPEN, text="x"))["ts"]
    await client.chat_delete(channel=OPEN, ts=ts)
    assert workspace.messages(OPEN) == []
    assert await refusal(client.chat_delete(channel=OPEN, ts=ts)) == "message_not_found"


async def test_a_direct_message_is_redrawn_by_its_own_id(client: AsyncWebClient) -> None:
    """Posting takes an account's id, updating does not."""
    posted = await client.chat_postMessage(channel=RAVI, text="x")
    by_person = client.chat_update(channel=RAVI, ts=posted["ts"], text="y")
    assert await refusal(by_person) == "channel_not_found"
    assert (await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y"))["ok"]


@pytest.mark.parametrize(
    ("method", "args", "code"),
    [
        ("chat.postEphemeral", {"channel": RAVI, "user": RAVI, "text": "x"}, "channel_not_found"),
        ("chat.postEphemeral", {"channel": OPEN, "text": "x"}, "invalid_arguments"),
        ("chat.postEphemeral", {"channel": OPEN, "user": RAVI}, "no_text"),
        ("chat.getPermalink", {"channel": OPEN, "message_ts": "1.000000"}, "message_not_found"),
        ("chat.update", {"channel": OPEN, "text": "x"}, "invalid_arguments"),
        ("chat.delete", {"channel": "C0NOWHERE", "ts": "1.0"}, "channel_not_found"),
    ],
)
async def test_what_is_not_there_is_refused(
    client: AsyncWebClient, method: str, args: dict[str, Any], code: str
) -> None:
    """With Slack's word for it."""
    assert await refusal(client.api_call(method, json=args)) == code


async def test_a_message_says_whose_it_is(client: AsyncWebClient, workspace: Workspace) -> None:
    """The app's carry its ids, people's do not."""
    workspace.say(INES, OPEN, "hello")
    await client.chat_postMessage(channel=OPEN, text="x", blocks=CARD)
    by_app, by_person = (await client.conversations_history(channel=OPEN))["messages"]
    assert (by_app["user"], by_app["app_id"], by_app["bot_id"]) == (
        workspace.app.bot_user,
        workspace.app.id,
        workspace.app.bot_id,
    )
    assert by_person["user"] == INES
    assert not {"app_id", "bot_id"} & by_person.keys()
