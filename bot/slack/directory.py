"""Looks people up in Slack: are the policy's accounts active members, who is in a user group."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from approvals.facts import People, Person
from approvals.policy.model import Policy
from bot.messaging import SlackRefusedError
from bot.slack.web import translated

#: Look-ups under way at once; users.info allows about a hundred a minute.
AT_ONCE = 8


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

    async def _person(self, person: Person) -> Person:
        """Active only if every account is an ordinary, living member of this workspace."""
        known = [await self._is_member(account) for account in person.accounts]
        return replace(person, active=person.active and all(known))

    async def _is_member(self, account: str) -> bool:
        async with self._gate:
            try:
                async with translated():
                    found = await self._client.users_info(user=account)
            except SlackRefusedError as error:
                if error.code in ("user_not_found", "user_not_visible", "users_not_found"):
                    return False
                raise
        return _is_ordinary(found["user"])

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


def _is_ordinary(user: Any) -> bool:
    """A member of this workspace: no bot, no guest, not deactivated, not from elsewhere."""
    strange = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    return not any(user.get(flag) for flag in strange)
