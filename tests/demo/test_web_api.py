"""The Web API: tokens, scopes, arguments, and each method with its refusals."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Running, Workspace, serve
from tests.demo.world import (
    APP_TOKEN,
    BOT_TOKEN,
    CARD,
    CLOSED,
    ELSEWHERE,
    GONE,
    INES,
    MANIFEST,
    OLD,
    OPEN,
    RAVI,
    STRANGER,
    Clock,
    a_workspace,
    plain,
    without,
)


def refusal(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


async def test_the_token_tells_whose_it_is(client: AsyncWebClient, workspace: Workspace) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == workspace.app.bot_user
    assert answer["team_id"] == workspace.team.id
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(running: Running, token: str, code: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{running.api_url}auth.test", headers=headers) as response,
    ):
        assert (await response.json()) == {"ok": False, "error": code}


async def test_a_revoked_token_is_refused(client: AsyncWebClient, workspace: Workspace) -> None:
    await workspace.revoke_tokens()
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert refusal(caught) == "token_revoked"


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.shout")
    assert refusal(caught) == "unknown_method"


@pytest.mark.parametrize(
    ("scope", "method", "args"),
    [
        ("chat:write", "chat.postMessage", {"channel": OPEN, "text": "x"}),
        ("im:write", "conversations.open", {"users": RAVI}),
        ("users:read", "users.info", {"user": RAVI}),
        ("usergroups:read", "usergroups.users.list", {"usergroup": "S0DBA"}),
        ("channels:history", "conversations.history", {"channel": OPEN}),
    ],
)
async def test_what_the_manifest_does_not_grant_is_refused(
    scope: str, method: str, args: dict[str, Any]
) -> None:
    poor = a_workspace(manifest=without(MANIFEST, scope))
    async with serve(poor) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url)
        with pytest.raises(SlackApiError) as caught:
            await client.api_call(method, json=args)
    assert refusal(caught) == "missing_scope"
    assert scope in caught.value.response["needed"]


async def test_query_and_body_are_read_together(running: Running) -> None:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    address = f"{running.api_url}chat.postMessage?channel={OPEN}"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(address, data={"text": "by form"}) as response:
            assert (await response.json())["message"]["text"] == "by form"
        async with session.post(address, json={"text": "by json"}) as response:
            assert (await response.json())["message"]["text"] == "by json"
        async with session.post(
            address, data=b"{", headers={"content-type": "application/json"}
        ) as r:
            assert (await r.json())["error"] == "invalid_json"


async def test_a_post_is_kept_as_it_was_sent(client: AsyncWebClient, workspace: Workspace) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": "esc_1"}}
    answer = await client.chat_postMessage(
        channel=OPEN, text="Hello", blocks=CARD, metadata=metadata
    )
    (message,) = workspace.messages(OPEN)
    assert (message.ts, message.text) == (answer["ts"], "Hello")
    assert message.labels == ["Migrate", "Recreate"]
    assert message.metadata == metadata


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "U0NOBODY", "text": "x"}, "channel_not_found"),
        ({"channel": ELSEWHERE, "text": "x"}, "not_in_channel"),
        ({"channel": OLD, "text": "x"}, "is_archived"),
        ({"channel": GONE, "text": "x"}, "user_disabled"),
        ({"channel": OPEN}, "no_text"),
        ({"channel": OPEN, "text": "  "}, "no_text"),
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": OPEN, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"channel": OPEN, "text": "x", "blocks": "not json"}, "invalid_blocks_format"),
        ({"channel": OPEN, "text": "x", "blocks": {"a": 1}}, "invalid_blocks_format"),
        ({"channel": OPEN, "text": "x", "metadata": {"id": 1}}, "invalid_metadata_format"),
    ],
)
async def test_a_post_slack_would_refuse_is_refused(
    client: AsyncWebClient, workspace: Workspace, args: dict[str, Any], code: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json=args)
    assert refusal(caught) == code
    assert [call.outcome for call in workspace.calls] == [code]


async def test_bad_blocks_are_refused_with_the_place(client: AsyncWebClient) -> None:
    blocks = [{"type": "header", "text": plain("x" * 151)}]
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=OPEN, text="x", blocks=blocks)
    assert refusal(caught) == "invalid_blocks"
    expected = "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert caught.value.response["response_metadata"]["messages"] == [expected]


async def test_blocks_too_long_together_are_refused(client: AsyncWebClient) -> None:
    blocks = [{"type": "section", "text": plain("x" * 2700)} for _ in range(5)]
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=OPEN, text="x", blocks=blocks)
    assert refusal(caught) == "msg_blocks_too_long"


async def test_a_very_long_text_is_cut_in_a_post_and_refused_in_an_update(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    posted = await client.chat_postMessage(channel=OPEN, text="x" * 50_000)
    assert len(workspace.messages(OPEN)[0].text) == 40_000
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=OPEN, ts=posted["ts"], text="x" * 4_001)
    assert refusal(caught) == "msg_too_long"


async def test_an_update_redraws_and_keeps_what_it_does_not_name(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": "1"}}
    posted = await client.chat_postMessage(channel=OPEN, text="a", blocks=CARD, metadata=metadata)
    await client.chat_update(channel=OPEN, ts=posted["ts"], text="b")
    (message,) = workspace.messages(OPEN)
    assert (message.text, message.labels) == ("b", ["Migrate", "Recreate"])
    assert message.metadata == metadata
    assert message.edited is not None
    await client.chat_update(channel=OPEN, ts=posted["ts"], text="c", blocks=[])
    assert message.labels == []


async def test_only_ones_own_messages_can_be_changed(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    said = workspace.say(RAVI, OPEN, "mine")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=OPEN, ts=said.ts, text="not yours")
    assert refusal(caught) == "cant_update_message"
    with pytest.raises(SlackApiError) as caught:
        await client.chat_delete(channel=OPEN, ts=said.ts)
    assert refusal(caught) == "cant_delete_message"
    workspace.delete_message(OPEN, said.ts)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=OPEN, ts=said.ts, text="too late")
    assert refusal(caught) == "message_not_found"


async def test_an_ephemeral_is_seen_by_one_person_and_never_updated(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    answer = await client.chat_postEphemeral(channel=OPEN, user=RAVI, text="psst")
    assert [one.text for one in workspace.ephemerals(RAVI)] == ["psst"]
    assert workspace.ephemerals(INES) == []
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=OPEN, ts=answer["message_ts"], text="again")
    assert refusal(caught) == "message_not_found"
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postEphemeral(channel=CLOSED, user=INES, text="psst")
    assert refusal(caught) == "user_not_in_channel"


async def test_posting_to_an_account_opens_its_direct_message(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    posted = await client.chat_postMessage(channel=RAVI, text="you")
    opened = await client.conversations_open(users=RAVI)
    assert posted["channel"] == opened["channel"]["id"]
    assert [one.text for one in workspace.messages(RAVI)] == ["you"]


@pytest.mark.parametrize(
    ("user", "code"),
    [(GONE, "user_disabled"), (STRANGER, "user_not_visible"), ("U0NOBODY", "user_not_found")],
)
async def test_not_everybody_can_be_written_to(
    client: AsyncWebClient, user: str, code: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_open(users=user)
    assert refusal(caught) == code


async def test_history_gives_metadata_only_when_asked(client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": "1"}}
    await client.chat_postMessage(channel=OPEN, text="first", metadata=metadata)
    await client.chat_postMessage(channel=OPEN, text="second")
    bare = await client.conversations_history(channel=OPEN)
    assert [one["text"] for one in bare["messages"]] == ["second", "first"]
    assert "metadata" not in bare["messages"][1]
    full = await client.conversations_history(channel=OPEN, include_all_metadata=True)
    assert full["messages"][1]["metadata"] == metadata


async def test_history_comes_in_pages(client: AsyncWebClient, clock: Clock) -> None:
    for number in range(5):
        clock.pass_by(1)
        await client.chat_postMessage(channel=OPEN, text=str(number))
    first = await client.conversations_history(channel=OPEN, limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=OPEN, limit=3, cursor=cursor)
    texts = [one["text"] for page in (first, second) for one in page["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_replies_stand_in_the_thread_and_not_in_the_channel(client: AsyncWebClient) -> None:
    top = (await client.chat_postMessage(channel=OPEN, text="top"))["ts"]
    await client.chat_postMessage(channel=OPEN, text="under", thread_ts=top)
    history = await client.conversations_history(channel=OPEN)
    assert [one["text"] for one in history["messages"]] == ["top"]
    assert history["messages"][0]["reply_count"] == 1
    thread = await client.conversations_replies(channel=OPEN, ts=top)
    assert [one["text"] for one in thread["messages"]] == ["top", "under"]


async def test_people_are_told_apart(client: AsyncWebClient, workspace: Workspace) -> None:
    async def user(id: str) -> dict[str, Any]:
        return dict((await client.users_info(user=id))["user"])

    assert (await user(GONE))["deleted"] is True
    assert (await user("U0GUEST"))["is_restricted"] is True
    assert (await user(STRANGER))["is_stranger"] is True
    assert (await user(workspace.app.bot_user))["is_bot"] is True
    assert "email" not in (await user(RAVI))["profile"]
    workspace.change_person(RAVI, deleted=True)
    assert (await user(RAVI))["deleted"] is True


async def test_a_user_group_names_its_living_members(client: AsyncWebClient) -> None:
    assert (await client.usergroups_users_list(usergroup="S0DBA"))["users"] == [RAVI]
    listed = await client.usergroups_list(include_users=True)
    assert listed["usergroups"][0]["users"] == [RAVI, GONE]
    with pytest.raises(SlackApiError) as caught:
        await client.usergroups_users_list(usergroup="S0NONE")
    assert refusal(caught) == "no_such_subteam"


async def test_a_permalink_names_channel_and_message(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=OPEN, text="x"))["ts"]
    link = (await client.chat_getPermalink(channel=OPEN, message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/{OPEN}/p{ts.replace('.', '')}")


async def test_blocks_can_be_checked_without_posting(client: AsyncWebClient) -> None:
    assert (await client.blocks_validate(blocks=CARD))["ok"] is True
    with pytest.raises(SlackApiError) as caught:
        await client.blocks_validate(blocks=[{"type": "nothing"}])
    assert refusal(caught) == "invalid_blocks"


async def test_rate_limits_are_slacks_own_when_switched_on() -> None:
    clock = Clock()
    async with serve(a_workspace(clock, rate_limits=True)) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
        sent = [await client.chat_postMessage(channel=OPEN, text=str(n)) for n in range(3)]
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=OPEN, text="one too many")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "3"
        await client.chat_postMessage(channel=CLOSED, text="another channel")
        clock.pass_by(3)
        for number in range(50):
            await client.chat_update(channel=OPEN, ts=sent[0]["ts"], text=str(number))
        with pytest.raises(SlackApiError) as caught:
            await client.chat_update(channel=OPEN, ts=sent[0]["ts"], text="51")
        assert refusal(caught) == "ratelimited"
        clock.pass_by(60)
        await client.chat_update(channel=OPEN, ts=sent[0]["ts"], text="51")
