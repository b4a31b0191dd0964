"""Looks people up in Slack: who is an active member, in which zone, who is in a user group."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from approvals.people import People, Person
from approvals.policy.model import Policy
from approvals.ports import Clock, FactSource
from bot.messaging import SlackError, SlackRefusedError
from bot.slack.web import translated

#: Look-ups under way at once; users.info allows about a hundred a minute.
AT_ONCE = 8

#: A click waits this long for a look at a stranger, who is then known for a while.
LOOK_WITHIN_S, KEPT, MOST_KEPT = 1.0, timedelta(minutes=5), 1000


class SlackDirectory:
    """Implements `bot.messaging.Directory`. All or nothing: half an answer is no answer."""

    def __init__(self, client: AsyncWebClient, policy: Policy) -> None:
        self._client, self._policy = client, policy
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def people(self, now: datetime) -> People:
        """The policy's people with what Slack says of them. Raises SlackError."""
        listed = self._policy.file_people(now)
        persons = await asyncio.gather(*(self._person(p) for p in listed.persons.values()))
        groups = dict(listed.groups) | await self._user_groups(listed)
        return People(persons={p.id: p for p in persons}, groups=groups, as_of=now)

    def under(self, policy: Policy) -> "SlackDirectory":
        """The same workspace, asked for the people of another policy."""
        return SlackDirectory(self._client, policy)

    async def _person(self, person: Person) -> Person:
        """Active only if every account is an ordinary, living member of this workspace."""
        users = [await self._user(account) for account in person.accounts]
        zones = (str(user["tz"]) for user in users if user and user.get("tz"))
        active = person.active and all(user is not None and is_ordinary(user) for user in users)
        return replace(person, active=active, zone=next(zones, None))

    async def _user(self, account: str) -> Any:
        async with self._gate:
            return await user_of(self._client, account)

    async def _user_groups(self, listed: People) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for name, group in self._policy.groups.items():
            if group.slack_usergroup:
                async with translated():
                    answer = await self._client.usergroups_users_list(
                        usergroup=group.slack_usergroup
                    )
                people = (listed.of_account(a) for a in answer["users"])
                members = frozenset(p.id for p in people if p is not None)
                found[name] = members | listed.groups.get(name, frozenset())
        return found


async def user_of(client: AsyncWebClient, account: str) -> Any:
    """What Slack says of an account; None where it knows none. Raises SlackError."""
    try:
        async with translated():
            found = await client.users_info(user=account)
    except SlackRefusedError as error:
        if error.code in ("user_not_found", "user_not_visible", "users_not_found"):
            return None
        raise
    return found["user"]


def is_ordinary(user: Any) -> bool:
    """A member of this workspace: no bot, no guest, not deactivated, not from elsewhere."""
    strange = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    return not any(user.get(flag) for flag in strange)


class Strangers:
    """Accounts that no policy names, looked up when they click: members of the workspace or not.

    A guest's click looks like a member's. One who cannot be looked up is taken for a member: no
    account that the policy does not name decides anything, only the answer differs.
    """

    def __init__(self, client: AsyncWebClient, facts: FactSource, clock: Clock) -> None:
        self._client, self._facts, self._clock = client, facts, clock
        self._seen: dict[str, tuple[bool, datetime]] = {}

    async def has(self, account: str) -> bool:
        """Whether the account is a guest's, a bot's or of elsewhere."""
        now = self._clock()
        if self._facts.facts(now).people.of_account(account) is not None:
            return False
        known = self._seen.get(account)
        if known is None or now > known[1]:
            known = (await self._look(account), now + KEPT)
            if len(self._seen) >= MOST_KEPT:
                self._seen.clear()
            self._seen[account] = known
        return known[0]

    async def _look(self, account: str) -> bool:
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                user = await user_of(self._client, account)
        except (SlackError, TimeoutError):
            return False
        return user is None or not is_ordinary(user)
