"""Who is who in Slack: asked of the local workspace, as of Slack."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from approvals.policy.load import parse_policy
from bot.demo.workspace.people import Kind, Person, UserGroup
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.messaging import SlackError
from bot.slack.directory import SlackDirectory, Strangers, _paused
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
        "oauth_config": {"scopes": {"bot": ["users:read", "usergroups:read", "dnd:read"]}},
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
    made.clock = START.timestamp
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


@pytest.mark.parametrize("method", ["users.list", "users.info"])
async def test_half_an_answer_is_no_answer(world: World, method: str) -> None:
    workspace, client = world
    workspace.faults.add(method, "http_503")
    with pytest.raises(SlackError):
        await SlackDirectory(client, POLICY).people(START)


# -- in few calls -------------------------------------------------------------------------------


def calls(workspace: Workspace) -> list[str]:
    """The methods called, in order."""
    return [call.method for call in workspace.calls]


async def test_everybody_is_looked_up_with_one_call_and_whoever_is_not_listed_alone(
    world: World,
) -> None:
    workspace, client = world
    await SlackDirectory(client, POLICY).people(START)
    assert calls(workspace) == ["users.list", "users.info", "usergroups.list", "dnd.teamInfo"]
    assert workspace.calls[1].args["user"] == "UGONE"


async def test_pages_are_read_until_everybody_was_met(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.directory.PAGE", 2)
    workspace, client = world
    workspace.people["UGONE"] = Person(id="UGONE", name="gone")
    workspace.people |= {f"U{n}": Person(id=f"U{n}", name=str(n)) for n in range(9)}
    people = await SlackDirectory(client, POLICY).people(START)
    assert all(person.active for person in people.persons.values())
    assert calls(workspace).count("users.list") == 4
    assert "users.info" not in calls(workspace)


async def test_of_a_huge_workspace_only_some_pages_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was on none of them is asked for alone."""
    monkeypatch.setattr("bot.slack.directory.PAGE", 1)
    monkeypatch.setattr("bot.slack.directory.MOST_PAGES", 2)
    workspace, client = world
    people = await SlackDirectory(client, POLICY).people(START)
    assert (people.persons["sam"].active, people.persons["lee"].active) == (True, True)
    assert calls(workspace).count("users.list") == 2
    assert {c.args["user"] for c in workspace.calls if c.method == "users.info"} == {
        "ULEE",
        "UGONE",
    }


# -- user groups --------------------------------------------------------------------------------

TWO_GROUPS = parse_policy(
    POLICY.text.replace("[[rules]]", '[groups.other]\nslack_usergroup = "S0GONE"\n[[rules]]')
)


async def test_a_group_slack_does_not_know_stops_no_other(world: World) -> None:
    """Nobody is in it, and it is marked: what is not known counts against release."""
    people = await SlackDirectory(world[1], TWO_GROUPS).people(START)
    assert people.groups == {"oncall": {"lee", "sam"}, "other": frozenset()}
    assert people.unread == {"other"}


async def test_where_no_group_can_be_read_those_the_file_lists_remain(world: World) -> None:
    workspace, client = world
    workspace.faults.add("usergroups.list", "plan_upgrade_required")
    people = await SlackDirectory(client, TWO_GROUPS).people(START)
    assert people.groups == {"oncall": {"lee"}, "other": frozenset()}
    assert people.unread == {"oncall", "other"}
    assert people.persons["sam"].active


async def test_groups_are_asked_again_where_slack_was_only_away(world: World) -> None:
    workspace, client = world
    workspace.faults.add("usergroups.list", "http_503")
    with pytest.raises(SlackError):
        await SlackDirectory(client, POLICY).people(START)


# -- paused notifications -----------------------------------------------------------------------


async def test_whose_notifications_are_paused_is_known_until_when(world: World) -> None:
    """By the account that is written to."""
    workspace, client = world
    until = START + timedelta(hours=9)
    workspace.change_person("USAM", paused_until=until.timestamp())
    workspace.change_person("USAM2", paused_until=None)
    people = await SlackDirectory(client, POLICY).people(START)
    assert (people.persons["sam"].paused_until, people.persons["lee"].paused_until) == (until, None)


async def test_a_pause_to_come_is_none(world: World) -> None:
    """Slack tells of tonight's, too."""
    begins = START.timestamp() + 60
    said = {"dnd_enabled": True, "next_dnd_start_ts": begins, "next_dnd_end_ts": begins + 3600}
    assert dict(_paused({"USAM": said}, START)) == {}
    assert dict(_paused({"USAM": said}, START + timedelta(seconds=60))) == {
        "USAM": START + timedelta(seconds=3660)
    }


async def test_fifty_accounts_are_asked_for_at_once(world: World) -> None:
    workspace, client = world
    workspace.people |= {f"UX{n:03}": Person(id=f"UX{n:03}", name=str(n)) for n in range(101)}
    lines = "\n".join(f'x{n} = {{ name = "X", accounts = ["UX{n:03}"] }}' for n in range(101))
    policy = parse_policy(POLICY.text.replace("[people]", f"[people]\n{lines}"))
    await SlackDirectory(client, policy).people(START)
    asked = [c.args["users"].count(",") + 1 for c in workspace.calls if c.method == "dnd.teamInfo"]
    assert asked == [50, 50, 4]


async def test_people_are_known_although_slack_does_not_say_who_is_paused(world: World) -> None:
    """As last heard: it decides nothing."""
    workspace, client = world
    until = START + timedelta(hours=9)
    workspace.change_person("USAM", paused_until=until.timestamp())
    directory = SlackDirectory(client, POLICY)
    await directory.people(START)
    workspace.faults.add("dnd.teamInfo", "missing_scope")
    assert (await directory.people(START)).persons["sam"].paused_until == until


# -- strangers ----------------------------------------------------------------------------------


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
    workspace.faults.add("usergroups.list", "plan_upgrade_required")
    await SlackDirectory(client, POLICY).people(START)
    assert client.refused is None
