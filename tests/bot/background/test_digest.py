"""The digest: once at the policy's times, over restarts and faults; nothing to say, no post."""

from contextlib import suppress
from datetime import datetime

import pytest

from approvals.commands import Tick
from approvals.policy.load import parse_policy
from bot.background.digest import Digester
from bot.ids import new_id
from bot.messaging import SlackAwayError, SlackRefusedError, SlackUnsureError
from tests.bot.background.building import CHANNEL, Crash, OfAnother, Office, Taken
from tests.building import SAMPLE, FileFacts

#: The sample policy, with a digest twice a day; and without any.
WITH_DIGEST = SAMPLE.replace('at = ["09:00"]', 'at = ["09:00", "17:00"]')
WITHOUT = SAMPLE.replace('[digest]\nchannel = "operations"\nat = ["09:00"]\n', "")


def digester(office: Office) -> Digester:
    """What a new process knows: the store alone."""
    return Digester(
        digests=office.store.digests,
        leases=office.leases,
        facts=office.facts,
        slack=office.slack,
        line=office.line,
        artist=office.artist,
        clock=office.clock,
    )


async def expired(office: Office, n: int = 1) -> None:
    """So many that nobody decides, by now."""
    ids = await office.spread(n)
    for id_ in ids:
        found = await office.store.reads.escalation(id_)
        assert found is not None
        office.clock.now = max(office.clock.now, found.deadline_at)
    for id_ in ids:
        await office.store.writer.submit(Tick(id=new_id("cmd"), escalation_id=id_))


def to(office: Office, text: str) -> None:
    """It becomes that time of that day, in UTC."""
    office.clock.now = datetime.fromisoformat(f"{text}+00:00")


async def begun(office: Office) -> Digester:
    """The first look: what was before is nobody's news."""
    office.facts = FileFacts(parse_policy(WITH_DIGEST))
    made = digester(office)
    await made.once()
    return made


async def test_what_nobody_decided_is_posted_at_the_next_time(office: Office) -> None:
    made = await begun(office)
    await expired(office, 2)
    await made.once()
    assert office.slack.texts(CHANNEL) == []
    to(office, "2026-11-13T08:00")
    for _ in range(3):
        await made.once()
    assert office.slack.texts(CHANNEL) == ["digest: 0 low, 2 undecided"]


async def test_what_another_replica_posts_is_left_to_it(office: Office) -> None:
    await begun(office)
    await expired(office, 2)
    to(office, "2026-11-13T08:00")
    office.leases = OfAnother()
    await digester(office).once()
    assert office.slack.texts(CHANNEL) == []


async def test_nothing_to_say_is_no_post(office: Office) -> None:
    made = await begun(office)
    to(office, "2026-11-13T08:00")
    await made.once()
    assert office.slack.texts(CHANNEL) == []


async def test_mondays_first_digest_says_how_the_week_was(office: Office) -> None:
    """Once, whether anything else is to be told or not; what was asked counts, however it ended."""
    made = await begun(office)
    await expired(office, 2)
    for day in ("2026-11-15T08:00", "2026-11-16T07:59", "2026-11-16T08:00", "2026-11-16T16:00"):
        to(office, day)
        await made.once()
    assert office.slack.texts(CHANNEL) == [
        "digest: 0 low, 2 undecided",
        "digest: 0 low, 0 undecided, 2 in the week",
    ]


async def test_a_week_in_which_nothing_was_asked_is_no_post(office: Office) -> None:
    """And what a Monday missed is told with the next digest."""
    made = await begun(office)
    to(office, "2026-11-16T08:00")
    await made.once()
    assert office.slack.texts(CHANNEL) == []
    to(office, "2026-11-21T20:00")
    await made.once()
    await office.spread(1)
    to(office, "2026-11-24T08:00")
    await digester(office).once()
    assert office.slack.texts(CHANNEL) == ["digest: 0 low, 0 undecided, 1 in the week"]


async def test_without_a_digest_in_the_policy_there_is_none(office: Office) -> None:
    await begun(office)
    await expired(office)
    office.facts = FileFacts(parse_policy(WITHOUT))
    assert office.facts.policy.digest is None
    to(office, "2026-11-13T08:00")
    await digester(office).once()
    assert office.slack.calls == []


async def test_three_missed_times_are_one_post(office: Office) -> None:
    await begun(office)
    await expired(office)
    to(office, "2026-11-14T18:00")
    for _ in range(2):
        await digester(office).once()
    assert office.slack.texts(CHANNEL) == ["digest: 0 low, 1 undecided"]


async def test_what_was_told_is_not_told_again_at_the_next_time(office: Office) -> None:
    made = await begun(office)
    await expired(office)
    for day in ("2026-11-13T08:00", "2026-11-13T16:00", "2026-11-14T08:00"):
        to(office, day)
        await made.once()
    assert len(office.slack.texts(CHANNEL)) == 1


@pytest.mark.parametrize(
    "fault", [Crash(), SlackUnsureError("timeout"), SlackAwayError("unreachable")]
)
@pytest.mark.parametrize("taken", [True, False])
async def test_a_post_without_an_answer_is_looked_for_before_it_is_posted_again(
    office: Office, fault: BaseException, taken: bool
) -> None:
    """Also when the next one is due by then."""
    made = await begun(office)
    await expired(office)
    to(office, "2026-11-13T08:00")
    office.slack.script("post", Taken(fault) if taken else fault)
    with suppress(Crash):
        await made.once()
    to(office, "2026-11-13T16:00")
    for _ in range(3):
        await digester(office).once()
        office.clock.pass_(60)
    assert office.slack.texts(CHANNEL) == ["digest: 0 low, 1 undecided"]


async def test_a_digest_that_slack_refuses_is_tried_until_it_is_taken(office: Office) -> None:
    made = await begun(office)
    await expired(office)
    to(office, "2026-11-13T08:00")
    office.slack.always("post", CHANNEL, SlackRefusedError("not_in_channel"))
    await made.once()
    office.slack.always("post", CHANNEL, None)
    office.clock.pass_(60)
    await made.once()
    assert len(office.slack.texts(CHANNEL)) == 1
