"""users.*, usergroups.*, dnd.*: who there is."""

from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.methods import places
from bot.demo.workspace.methods.registry import Arguments, Desk, method
from bot.demo.workspace.state import State


def _with_email(state: State) -> bool:
    return "users:read.email" in state.app.scopes


@method("users.info", "users:read", tier=4)
def info(desk: Desk, given: Arguments) -> dict[str, Any]:
    """One account."""
    found = places.person(desk.state, given.text("user"))
    return {"user": found.as_slack(desk.state.team, with_email=_with_email(desk.state))}


@method("bots.info", "users:read", tier=3)
def bot(desk: Desk, given: Arguments) -> dict[str, Any]:
    """The app's own bot: which app it belongs to."""
    app = desk.state.app
    if given.text("bot") != app.bot_id:
        raise Refused("bot_not_found")
    known = {"id": app.bot_id, "app_id": app.id, "user_id": app.bot_user, "name": app.name}
    return {"bot": {**known, "deleted": False}}


@method("users.list", "users:read", tier=2)
def list_(desk: Desk, given: Arguments) -> dict[str, Any]:
    """All accounts, deleted ones included."""
    state = desk.state
    members = [
        one.as_slack(state.team, with_email=_with_email(state)) for one in state.people.values()
    ]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


@method("users.lookupByEmail", "users:read.email", tier=3)
def lookup_by_email(desk: Desk, given: Arguments) -> dict[str, Any]:
    """The living account with this address."""
    email = given.text("email").lower()
    for person in desk.state.people.values():
        if person.email.lower() == email and not person.deleted:
            return {"user": person.as_slack(desk.state.team, with_email=True)}
    raise Refused("users_not_found")


@method("usergroups.list", "usergroups:read", tier=2)
def usergroups(desk: Desk, given: Arguments) -> dict[str, Any]:
    """All user groups."""
    with_users = given.flag("include_users")
    groups = desk.state.groups.values()
    return {"usergroups": [one.as_slack(desk.state.team, with_users=with_users) for one in groups]}


@method("usergroups.users.list", "usergroups:read", tier=2)
def usergroup_users(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Who is in a user group; deactivated accounts are not."""
    group = desk.state.groups.get(given.text("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    people = desk.state.people
    return {"users": [one for one in group.members if one in people and not people[one].deleted]}


@method("dnd.teamInfo", "dnd:read", tier=2)
def dnd_team_info(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Who has notifications paused: here, nobody."""
    users = [one for one in given.text("users").split(",") if one in desk.state.people]
    awake = {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    return {"users": {user: dict(awake) for user in users}}
