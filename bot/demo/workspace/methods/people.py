"""users.*, usergroups.*, dnd.*: who there is."""

from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.methods import places
from bot.demo.workspace.methods.registry import Arguments, Desk, method
from bot.demo.workspace.people import Person
from bot.demo.workspace.state import State

#: Accounts a page of users.list has at most; accounts one dnd.teamInfo may ask about.
MOST_LISTED, MOST_ASKED = 1000, 50


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
    """All accounts, deleted ones included, so many at a time; all at once without a `limit`."""
    state, cursor = desk.state, given.optional("cursor") or "0"
    if not cursor.isdecimal() or int(cursor) > len(state.people):
        raise Refused("invalid_cursor")
    start, limit = int(cursor), given.number("limit", len(state.people), MOST_LISTED)
    page = list(state.people.values())[start : start + limit]
    members = [one.as_slack(state.team, with_email=_with_email(state)) for one in page]
    following = str(start + limit) if len(state.people) > start + limit else ""
    return {"members": members, "response_metadata": {"next_cursor": following}}


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
    """Who has notifications paused, for at most fifty accounts; unknown ones are left out."""
    asked = [one for one in given.text("users").split(",") if one]
    if len(asked) > MOST_ASKED:
        raise Refused("too_many_users")
    people = desk.state.people
    return {"users": {one: _rest(people[one], desk.state) for one in asked if one in people}}


def _rest(person: Person, state: State) -> dict[str, Any]:
    """Without a pause, the times that Slack gives are one second after the beginning of time."""
    if not state.is_paused(person.id):
        return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    ends = int(person.paused_until or 0)
    return {"dnd_enabled": True, "next_dnd_start_ts": int(state.clock()), "next_dnd_end_ts": ends}
