"""What the manifest grants, and where the app is a member: the Web API refuses all else."""

from typing import Any

import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import ImpossibleError, Workspace, serve
from bot.demo.workspace.methods import METHODS
from bot.demo.workspace.people import App
from tests.building import ROOT
from tests.demo.world import (
    BOT_TOKEN,
    CARD,
    CLOSED,
    ELSEWHERE,
    GUEST,
    INES,
    MANIFEST,
    OPEN,
    RAVI,
    STRANGER,
    a_workspace,
    without,
)


async def refusal(call: Any) -> str:
    """The error code this call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.mark.parametrize("name", [name for name, one in METHODS.items() if one.scopes])
async def test_no_method_works_without_its_scope(name: str) -> None:
    """An app that was granted nothing is told what it lacks, before anything else is looked at."""
    nothing = {**MANIFEST, "oauth_config": {"scopes": {"bot": []}}}
    if METHODS[name].app_token:
        return
    async with serve(a_workspace(manifest=nothing)) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
        with pytest.raises(SlackApiError) as caught:
            await client.api_call(name, json={})
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == ",".join(METHODS[name].scopes)
    assert caught.value.response["provided"] == ""


HISTORIES = [
    (OPEN, "channels:history"),
    (CLOSED, "groups:history"),
    (RAVI, "im:history"),
]


@pytest.mark.parametrize(("where", "scope"), HISTORIES)
async def test_each_kind_of_conversation_takes_its_own_scope(where: str, scope: str) -> None:
    """`channels:history` does not read private channels, nor direct messages."""
    async with serve(a_workspace(manifest=without(MANIFEST, scope))) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
        posted = await client.chat_postMessage(channel=where, text="x")
        reading = client.conversations_history(channel=posted["channel"])
        with pytest.raises(SlackApiError) as caught:
            await reading
    assert (caught.value.response["error"], caught.value.response["needed"]) == (
        "missing_scope",
        scope,
    )


async def test_the_granted_scopes_stand_in_every_answer(client: AsyncWebClient) -> None:
    """As `x-oauth-scopes`, in refusals too."""
    granted = ",".join(sorted(MANIFEST["oauth_config"]["scopes"]["bot"]))
    assert (await client.auth_test()).headers["x-oauth-scopes"] == granted
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0NOWHERE", text="x")
    assert caught.value.response.headers["x-oauth-scopes"] == granted


def test_the_real_manifest_is_what_the_app_is_granted() -> None:
    """Commands, events and scopes are those of manifest.yml, and no others."""
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    app = App.of(manifest)
    assert sorted(app.scopes) == sorted(manifest["oauth_config"]["scopes"]["bot"])
    assert list(app.commands) == ["/escalations"]
    assert app.events == {"app_home_opened", "app_uninstalled", "tokens_revoked"}
    assert (app.interactive, app.home_tab, app.messages_tab) == (True, True, True)


def test_a_manifest_that_says_nothing_grants_nothing() -> None:
    """Not even what most apps have."""
    app = App.of({"display_information": {"name": "Bare"}, "oauth_config": {"scopes": {}}})
    assert (app.scopes, app.commands, app.events) == (frozenset(), {}, frozenset())
    assert (app.interactive, app.home_tab, app.messages_tab) == (False, False, False)


async def test_commands_take_the_scope_of_that_name() -> None:
    """Without `commands` in the manifest none is known."""
    space = a_workspace(manifest=without(MANIFEST, "commands"))
    done = await space.command(RAVI, OPEN, "/escalations")
    assert done.error == "/escalations is not a valid command."


@pytest.mark.parametrize(
    ("switch", "method", "args", "code"),
    [
        ("home_tab_enabled", "views.publish", {"user_id": RAVI}, "not_enabled"),
        ("messages_tab_enabled", "chat.postMessage", {"channel": RAVI}, "messages_tab_disabled"),
    ],
)
async def test_a_tab_the_manifest_switches_off_is_not_there(
    switch: str, method: str, args: dict[str, Any], code: str
) -> None:
    """App Home, and direct messages with the app."""
    home = {**MANIFEST["features"]["app_home"], switch: False}
    features = {**MANIFEST["features"], "app_home": home}
    view = {"type": "home", "blocks": []}
    async with serve(a_workspace(manifest={**MANIFEST, "features": features})) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
        call = client.api_call(method, json={"text": "x", "view": view, **args})
        assert await refusal(call) == code


async def test_an_invitation_lets_the_app_post(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Until then it is not in the channel, though it sees that there is one."""
    posting = client.chat_postMessage(channel=ELSEWHERE, text="x")
    assert await refusal(posting) == "not_in_channel"
    reading = client.conversations_history(channel=ELSEWHERE)
    assert await refusal(reading) == "not_in_channel"
    workspace.invite(workspace.app.bot_user, ELSEWHERE)
    assert (await client.chat_postMessage(channel=ELSEWHERE, text="x"))["ok"]


async def test_chat_write_public_posts_without_an_invitation() -> None:
    """To public channels."""
    more = [*MANIFEST["oauth_config"]["scopes"]["bot"], "chat:write.public"]
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": more}}}
    async with serve(a_workspace(manifest=manifest)) as running:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
        assert (await client.chat_postMessage(channel=ELSEWHERE, text="x"))["ok"]


async def test_a_private_channel_is_unknown_to_an_app_outside(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Taken out, it can neither post nor redraw there, and cannot tell that the channel exists."""
    posted = await client.chat_postMessage(channel=CLOSED, text="x")
    workspace.kick(workspace.app.bot_user, CLOSED)
    for call in (
        client.chat_postMessage(channel=CLOSED, text="x"),
        client.chat_update(channel=CLOSED, ts=posted["ts"], text="y"),
        client.conversations_history(channel=CLOSED),
    ):
        assert await refusal(call) == "channel_not_found"


async def test_nothing_is_added_to_an_archived_channel(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Posts and ephemerals say `is_archived`, updates `is_inactive`; history can be read."""
    posted = await client.chat_postMessage(channel=OPEN, text="x")
    workspace.archive(OPEN)
    posting = client.chat_postMessage(channel=OPEN, text="y")
    assert await refusal(posting) == "is_archived"
    whispering = client.chat_postEphemeral(channel=OPEN, user=RAVI, text="y")
    assert await refusal(whispering) == "is_archived"
    redrawing = client.chat_update(channel=OPEN, ts=posted["ts"], text="y")
    assert await refusal(redrawing) == "is_inactive"
    assert len((await client.conversations_history(channel=OPEN))["messages"]) == 1


async def test_only_who_is_in_the_channel_can_be_whispered_to(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Seeing a public channel is not being in it; nor is an account that is gone."""
    workspace.kick(INES, OPEN)
    workspace.change_person(GUEST, deleted=True)
    for user in (INES, GUEST, "U0NOBODY"):
        whispering = client.chat_postEphemeral(channel=OPEN, user=user, text="psst")
        assert await refusal(whispering) == "user_not_in_channel"
    assert (await client.chat_postEphemeral(channel=OPEN, user=STRANGER, text="psst"))["ok"]


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ({"username": "Somebody"}, "missing_scope"),
        ({"icon_emoji": ":bell:"}, "missing_scope"),
        ({"attachments": [{"text": "x"}]}, "invalid_arguments"),
        ({"link_names": True}, "invalid_arguments"),
        ({"parse": "full"}, "invalid_arguments"),
        ({"reply_broadcast": True}, "invalid_arguments"),
        ({"markdown_text": "**x**"}, "invalid_arguments"),
    ],
)
async def test_what_would_be_drawn_otherwise_is_refused(
    client: AsyncWebClient, argument: dict[str, Any], code: str
) -> None:
    """The stand-in never shows something else than Slack would."""
    call = client.api_call("chat.postMessage", json={"channel": OPEN, "text": "x", **argument})
    assert await refusal(call) == code


async def test_the_careful_defaults_are_known(client: AsyncWebClient) -> None:
    """Switched off, these arguments say that nothing is to be made of the text."""
    answer = await client.chat_postMessage(
        channel=OPEN,
        text="x",
        parse="none",
        link_names=False,
        unfurl_links=False,
        unfurl_media=False,
        attachments=[],
        reply_broadcast=False,
    )
    assert answer["ok"]


async def test_people_see_what_they_may(client: AsyncWebClient, workspace: Workspace) -> None:
    """Guests only channels they are in, members all public ones, nobody an unseen message."""
    await client.chat_postMessage(channel=CLOSED, text="A card", blocks=CARD)
    (card,) = workspace.messages(CLOSED)
    assert {one.id for one in workspace.seen_by(GUEST)} == {OPEN, "D0GUEST"}
    assert ELSEWHERE in {one.id for one in workspace.seen_by(INES)}
    with pytest.raises(ImpossibleError):
        await workspace.tap(INES, card, "Migrate")
    with pytest.raises(ImpossibleError):
        workspace.say(GUEST, ELSEWHERE, "hello")
    with pytest.raises(ImpossibleError):
        workspace.kick(INES, CLOSED)
