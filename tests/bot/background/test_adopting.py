"""A new policy with Slack on: its people are looked up before they count; who left is out now."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from approvals.escalation import Escalation
from approvals.people import People
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from bot.background import refresher as refreshing
from bot.background.refresher import Refresher
from bot.ids import new_id
from bot.messaging import SlackAwayError, SlackError
from bot.people import KnownPeople
from tests.bot.background.building import Office
from tests.building import SAMPLE

#: Sam's group in Slack as well as in the file.
IN_SLACK = 'platform-oncall = { members = ["sam"], slack_usergroup = "S0ONCALL" }'
NOW = SAMPLE.replace('platform-oncall = { members = ["sam", "priya"] }', IN_SLACK)
POLICY = parse_policy(NOW)


def changed(*pairs: tuple[str, str]) -> Policy:
    """The policy in force with some text replaced."""
    text = NOW
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return parse_policy(text)


ZOE = (
    "[people]\n",
    '[people]\nzoe = { name = "Zoe", accounts = ["UZOE"] }\n',
)
WITH_ZOE = changed(ZOE, ('members = ["sam"]', 'members = ["sam", "zoe"]'))
NEW_ACCOUNT = changed(('accounts = ["USAM"]', 'accounts = ["USAM", "USAM2"]'))
WITHOUT_SAM = changed(('members = ["sam"]', 'members = ["priya"]'))
RENAMED = changed(("platform-oncall", "platform"))


class Phonebook:
    """Implements `bot.messaging.Directory`: everyone is active, and Priya is in the user group."""

    def __init__(self, policy: Policy, away: list[SlackError] | None = None) -> None:
        self.policy = policy
        self.away: list[SlackError] = [] if away is None else away
        self.hold: asyncio.Event | None = None

    def under(self, policy: Policy) -> "Phonebook":
        """The same, for another policy."""
        return Phonebook(policy, self.away)

    async def people(self, now: Any) -> People:
        """Raises what is planned, for as long as it is."""
        if self.hold is not None:
            await self.hold.wait()
        if self.away:
            raise self.away[0]
        listed = self.policy.file_people(now)
        groups = {
            name: listed.groups[name] | ({"priya"} if group.slack_usergroup else set())
            for name, group in self.policy.groups.items()
        }
        return replace(listed, groups=groups)


class Bureau:
    """A refresher that knows the people of the policy in force."""

    def __init__(self, office: Office) -> None:
        self.office, self.known = office, KnownPeople(POLICY, from_file=False)
        self.phonebook = Phonebook(POLICY)
        self.refresher = Refresher(
            self.known,
            self.phonebook,
            office.store.absences,
            office.store.reads,
            office.store.writer,
            office.clock,
            new_id,
            lambda: None,
        )
        office.facts.facts = self.known.facts  # type: ignore[method-assign]

    @property
    def people(self) -> People:
        """As known now."""
        return self.known.facts(self.office.clock.now).people

    def may(self, person: str, group: str = "platform-oncall") -> bool:
        """Whether they count for the group."""
        return self.people.may_decide(person, [group])


@pytest.fixture
async def bureau(office: Office) -> Bureau:
    """After the first look."""
    made = Bureau(office)
    await made.refresher.once()
    assert made.may("sam")
    assert made.may("priya")
    return made


async def read(bureau: Bureau, id_: str) -> Escalation:
    """The escalation, which must be there."""
    found = await bureau.office.store.reads.escalation(id_)
    assert found is not None
    return found


async def test_people_named_newly_count_once_they_are_looked_up(bureau: Bureau) -> None:
    await bureau.refresher.adopt(WITH_ZOE)
    assert bureau.known.facts(bureau.office.clock.now).policy is WITH_ZOE
    assert [bureau.may(p) for p in ("zoe", "sam", "priya")] == [True, True, True]


async def test_while_slack_is_away_a_new_policy_counts_but_not_its_new_people(
    bureau: Bureau,
) -> None:
    bureau.phonebook.away.append(SlackAwayError("gone"))
    as_of = bureau.people.as_of
    await bureau.refresher.adopt(WITH_ZOE)
    assert bureau.known.policy is WITH_ZOE
    assert [bureau.may(p) for p in ("zoe", "sam", "priya")] == [False, True, True]
    assert bureau.people.as_of == as_of
    bureau.phonebook.away.clear()
    await bureau.refresher.once()
    assert bureau.may("zoe")


async def test_an_account_that_was_not_looked_up_is_nobodys_yet(bureau: Bureau) -> None:
    bureau.phonebook.away.append(SlackAwayError("gone"))
    await bureau.refresher.adopt(NEW_ACCOUNT)
    assert not bureau.may("sam")


async def test_who_is_taken_out_stops_counting_at_once_although_slack_is_away(
    bureau: Bureau,
) -> None:
    """Also where the group lives in Slack besides, which may say otherwise later."""
    bureau.phonebook.away.append(SlackAwayError("gone"))
    await bureau.refresher.adopt(WITHOUT_SAM)
    assert [bureau.may(p) for p in ("sam", "priya")] == [False, True]


async def test_a_renamed_group_keeps_its_members_from_slack(bureau: Bureau) -> None:
    bureau.phonebook.away.append(SlackAwayError("gone"))
    await bureau.refresher.adopt(RENAMED)
    assert bureau.people.groups["platform"] == {"sam", "priya"}


async def test_a_slack_that_does_not_answer_does_not_hold_a_policy_up(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "ADOPT_WITHIN_S", 0.01)
    hanging = Phonebook(WITH_ZOE)
    hanging.hold = asyncio.Event()
    monkeypatch.setattr(bureau.phonebook, "under", lambda policy: hanging)
    await bureau.refresher.adopt(WITH_ZOE)
    assert bureau.known.policy is WITH_ZOE
    assert not bureau.may("zoe")


async def test_people_of_the_old_policy_that_come_late_do_not_count(bureau: Bureau) -> None:
    """A look was under way when the policy changed."""
    bureau.phonebook.hold = asyncio.Event()
    bureau.office.clock.pass_(61)
    looking = asyncio.create_task(bureau.refresher.once())
    await asyncio.sleep(0)
    await bureau.refresher.adopt(WITHOUT_SAM)
    bureau.phonebook.hold.set()
    await looking
    assert [bureau.may(p) for p in ("sam", "priya")] == [False, True]


async def test_votes_of_who_was_taken_out_are_voided_at_the_next_look(bureau: Bureau) -> None:
    id_ = await bureau.office.opened("k1")
    await bureau.office.voted(id_)
    await bureau.refresher.adopt(WITHOUT_SAM)
    await bureau.refresher.once()
    found = await read(bureau, id_)
    assert [vote.void for vote in found.votes] == ["left platform-oncall"]


async def test_what_waits_keeps_its_plan_and_what_comes_gets_the_new_one(bureau: Bureau) -> None:
    """The policy that applied is part of the escalation; both versions are on record."""
    before = await read(bureau, await bureau.office.opened("k1"))
    await bureau.refresher.adopt(RENAMED)
    after = await read(bureau, await bureau.office.opened("k2"))
    assert await read(bureau, before.id) == before
    assert [e.plan.requirements[0].group for e in (before, after)] == [
        "platform-oncall",
        "platform",
    ]
    assert [e.plan.policy_version for e in (before, after)] == [POLICY.version, RENAMED.version]
