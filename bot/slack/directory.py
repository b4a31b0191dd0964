"""Looks people up in Slack: who is an active member, in which zone, whose notifications are paused,
who is in a user group.

::

    users.list          pages, until everybody the policy names was met; who was not, by users.info
    usergroups.list     all user groups with their members, in one call
    dnd.teamInfo        fifty accounts a call; only tells which way reaches somebody sooner
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from approvals.people import People, Person
from approvals.policy.model import Policy
from approvals.ports import Clock, FactSource
from bot.messaging import SlackError, SlackRefusedError
from bot.slack.web import translated

log = structlog.get_logger(__name__)

#: Accounts a page, and pages a look: Slack takes about twenty such calls a minute. Whoever is not
#: on them is asked for alone.
PAGE, MOST_PAGES = 1000, 10

#: Accounts that one question about paused notifications may name.
ASKED_AT_ONCE = 50

#: Look-ups of single accounts under way at once; users.info allows about a hundred a minute.
AT_ONCE = 8

#: A click waits this long for a look at a stranger, who is then known for a while.
LOOK_WITHIN_S, KEPT, MOST_KEPT = 1.0, timedelta(minutes=5), 1000

Users = Mapping[str, Any]
Groups = dict[str, frozenset[str]]


class SlackDirectory:
    """Implements `bot.messaging.Directory`. Of persons all or nothing: half an answer is none."""

    def __init__(self, client: AsyncWebClient, policy: Policy) -> None:
        self._client, self._policy = client, policy
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._paused: Mapping[str, datetime] = {}  # account -> until, as last heard

    async def people(self, now: datetime) -> People:
        """The policy's people with what Slack says of them. Raises SlackError."""
        listed = self._policy.file_people(now)
        users = await self._users({a for p in listed.persons.values() for a in p.accounts})
        groups, unread = await self._user_groups(listed)
        ordinary = [account for account, user in users.items() if is_ordinary(user)]
        await self._hear_who_is_paused(ordinary, now)
        persons = {p.id: self._seen(p, users) for p in listed.persons.values()}
        return replace(listed, persons=persons, groups=groups, unread=unread)

    def under(self, policy: Policy) -> "SlackDirectory":
        """The same workspace, asked for the people of another policy."""
        return SlackDirectory(self._client, policy)

    def _seen(self, person: Person, users: Users) -> Person:
        """Active only if every account is an ordinary, living member of this workspace."""
        found = [users[account] for account in person.accounts if account in users]
        whole = len(found) == len(person.accounts) and all(map(is_ordinary, found))
        zones = (str(user["tz"]) for user in found if user.get("tz"))
        paused = self._paused.get(person.accounts[0]) if person.accounts else None
        return replace(
            person,
            active=person.active and whole,
            zone=next(zones, None),
            paused_until=paused,
        )

    # -- accounts -------------------------------------------------------------------------------

    async def _users(self, accounts: set[str]) -> Users:
        """What Slack says of each account; those it does not know are left out."""
        found: dict[str, Any] = {}
        cursor = ""
        for _ in range(MOST_PAGES):
            async with translated():
                page = await self._client.users_list(limit=PAGE, cursor=cursor)
            found |= {u["id"]: u for u in page["members"] if u["id"] in accounts}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or len(found) == len(accounts):
                break
        alone = await asyncio.gather(*map(self._user, accounts - found.keys()))
        return found | {user["id"]: user for user in alone if user is not None}

    async def _user(self, account: str) -> Any:
        async with self._gate:
            return await user_of(self._client, account)

    # -- user groups ----------------------------------------------------------------------------

    async def _user_groups(self, listed: People) -> tuple[Groups, frozenset[str]]:
        """Who is in each group, and which groups could not be read.

        Such a group has the members the file lists and nobody else: what is not known counts
        against release, and stops no other group.
        """
        groups, unread = dict(listed.groups), set()
        asked = {n: g.slack_usergroup for n, g in self._policy.groups.items() if g.slack_usergroup}
        known = await self._known_groups() if asked else {}
        for name, usergroup in asked.items():
            if usergroup not in known:
                log.error("user-group-not-read", group=name, usergroup=usergroup)
                unread.add(name)
                continue
            people = (listed.of_account(account) for account in known[usergroup])
            members = frozenset(p.id for p in people if p is not None)
            groups[name] = members | listed.groups.get(name, frozenset())
        return groups, frozenset(unread)

    async def _known_groups(self) -> Mapping[str, Iterable[str]]:
        """Every user group that is in use, with its accounts; none where Slack refuses them all."""
        try:
            async with translated():
                answer = await self._client.usergroups_list(include_users=True)
        except SlackRefusedError as error:
            log.error("user-groups-not-read", code=error.code)
            return {}
        return {g["id"]: g.get("users") or () for g in answer["usergroups"]}

    # -- paused notifications -------------------------------------------------------------------

    async def _hear_who_is_paused(self, accounts: list[str], now: datetime) -> None:
        """Until when. It decides nothing, so what Slack does not say stays as last heard."""
        try:
            paused: dict[str, datetime] = {}
            for n in range(0, len(accounts), ASKED_AT_ONCE):
                asked = accounts[n : n + ASKED_AT_ONCE]
                async with translated():
                    answer = await self._client.dnd_teamInfo(users=asked)
                paused |= _paused(answer["users"], now)
            self._paused = paused
        except SlackError as error:
            log.warning("pauses-not-read", code=error.code)


def _paused(users: Users, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Slack tells of the next pause or of the one under way; only in that one no phone rings."""
    for account, said in users.items():
        begins, ends = said.get("next_dnd_start_ts") or 0, said.get("next_dnd_end_ts") or 0
        if said.get("dnd_enabled") and begins <= now.timestamp() < ends:
            yield account, datetime.fromtimestamp(ends, UTC)


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
