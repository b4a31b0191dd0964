"""Who is who in Slack: asked of the local workspace, as of Slack."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from approvals.policy.load import parse_policy
from bot.demo.workspace.people import Kind, Person, UserGroup
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.messaging import SlackError
from bot.slack.directory import SlackDirectory, Strangers
from bot.slack.web import WatchedClient
from tests.building import START, Clock, FileFacts

POLICY = parse_policy("""
[people]
sam = { name = "Sam", accounts = ["USAM", "USAM2"] }
lee = { name = "Lee", accounts = ["ULEE"] }
gone = { name = "Gone", accounts = ["UGONE"] }

[groups]
oncall = { members = ["lee"], slack_usergroup = "S0ONCALL" }

[[rules]]
name = "all"
requirements = [{ group = "oncall" }]
""")


@pytest.fixture
async def world() -> AsyncIterator[tuple[Workspace, WatchedClient]]:
    """Sam with two accounts, in New York; a guest and a bot; nobody called Gone."""
    people = [
        Person(id="USAM", name="sam", tz="America/New_York"),
        Person(id="USAM2", name="sam2", tz="Europe/Berlin"),
        Person(id="UGUEST", name="guest", kind=Kind.GUEST),
        Person(id="UNOBODY", name="nobody"),
        Person(id="ULEE", name="lee", tz="Asia/Tokyo"),
    ]
    manifest: dict[str, Any] = {
        "display_information": {"name": "Andon"},
        "oauth_config": {"scopes": {"bot": ["users:read", "usergroups:read"]}},
    }
    made = Workspace(
        manifest,
        people=people,
        channels=[],
        groups=[UserGroup(id="S0ONCALL", handle="oncall", members=["USAM2", "UNOBODY"])],
        signing_secret="secret-of-tests",
        bot_token="xoxb-of-tests",
        app_token="xapp-of-tests",
    )
    async with serve(made) as running:
        yield made, WatchedClient("xoxb-of-tests", running.api_url)


World = tuple[Workspace, WatchedClient]


async def test_a_person_has_the_zone_of_their_first_account_and_every_group(world: World) -> None:
    people = await SlackDirectory(world[1], POLICY).people(START)
    assert people.persons["sam"].zone == "America/New_York"
    assert people.groups["oncall"] == {"lee", "sam"}
    assert people.as_of == START


async def test_whoever_has_no_account_is_active_and_has_no_zone(world: World) -> None:
    people = await SlackDirectory(world[1], POLICY).people(START)
    assert (people.persons["lee"].active, people.persons["lee"].zone) == (True, "Asia/Tokyo")


@pytest.mark.parametrize(
    "changes", [{"deleted": True}, {"kind": Kind.GUEST}, {"kind": Kind.BOT}, {"kind": Kind.FOREIGN}]
)
async def test_one_account_that_is_no_ordinary_member_makes_a_person_inactive(
    world: World, changes: dict[str, Any]
) -> None:
    workspace, client = world
    workspace.change_person("USAM2", **changes)
    assert not (await SlackDirectory(client, POLICY).people(START)).persons["sam"].active


async def test_an_account_slack_does_not_know_makes_a_person_inactive(world: World) -> None:
    people = await SlackDirectory(world[1], POLICY).people(START)
    assert not people.persons["gone"].active


async def test_half_an_answer_is_no_answer(world: World) -> None:
    workspace, client = world
    workspace.faults.add("users.info", "http_503")
    with pytest.raises(SlackError):
        await SlackDirectory(client, POLICY).people(START)


async def test_strangers_are_looked_up_once_for_a_while(world: World) -> None:
    workspace, client = world
    clock = Clock()
    strangers = Strangers(client, FileFacts(POLICY), clock)
    assert [await strangers.has(a) for a in ("UGUEST", "UNOBODY", "UGUEST")] == [True, False, True]
    assert len(workspace.calls) == 2
    workspace.change_person("UGUEST", kind=Kind.MEMBER)
    clock.pass_(301)
    assert not await strangers.has("UGUEST")


async def test_whom_the_policy_names_is_not_looked_up(world: World) -> None:
    workspace, client = world
    assert not await Strangers(client, FileFacts(POLICY), Clock()).has("USAM")
    assert workspace.calls == []


async def test_one_who_cannot_be_looked_up_is_taken_for_a_member(world: World) -> None:
    workspace, client = world
    workspace.faults.add("users.info", "http_503")
    assert not await Strangers(client, FileFacts(POLICY), Clock()).has("UGUEST")


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_the_client_notices_when_its_token_is_no_good_and_when_it_is_again(
    world: World, code: str
) -> None:
    workspace, client = world
    directory = SlackDirectory(client, POLICY)
    workspace.tokens.revoked = code
    with pytest.raises(SlackError):
        await directory.people(START)
    assert client.refused == code
    workspace.tokens.revoked = None
    await directory.people(START)
    assert client.refused is None


async def test_another_refusal_says_nothing_of_the_token(world: World) -> None:
    workspace, client = world
    workspace.faults.add("users.info", "user_not_found")
    await SlackDirectory(client, POLICY).people(START)
    assert client.refused is None
