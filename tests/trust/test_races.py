"""Races: thirty-two people and services at once, through button, modal, command and API.

One end, one claim, no vote counted twice, each click exactly one answer, losers told who won, no
server error, no word of a locked database; on a real file, in rounds.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from bot.app import SlackSide
from bot.demo.workspace.server import serve
from storage.batch import Batch, Pending
from tests.approvals.examples import BUGS as PLANTED
from tests.journeys.conftest import Story, plain_logs, telling
from tests.journeys.world import MovedClock
from tests.patience import be_patient
from tests.trust import racing
from tests.trust.lane import rounds
from tests.trust.racing import MEMBERS, OUTSIDERS, Round, asked, begun, race

__all__ = ["plain_logs"]

Figure = Callable[[str, str], None]


def u(*people: str) -> list[str]:
    """Their accounts."""
    return [f"U{person}" for person in people]


async def everything(r: Round, *, expires: bool = False) -> None:
    """Votes by card and copy, aborts by modal, claims, withdrawals; perhaps the deadline comes."""
    aborting, by_copy, by_card = u(*MEMBERS[:2]), u(*MEMBERS[2:7]), u(*MEMBERS[7:17])
    windows = [(p, await r.modal_for(p, racing.NO)) for p in aborting]
    copies = [(p, await r.copy_for(p)) for p in by_copy]
    racers = [r.later(r.taps(p, r.card)) for p in by_card]
    racers += [r.later(r.taps(p, copy)) for p, copy in copies]
    racers += [r.later(r.sends(p, window), 0.3) for p, window in windows]
    racers += [r.later(r.taps(p, r.card)) for p in u(*OUTSIDERS)]
    racers += [r.later(r.claims_it(f"k{n}")) for n in range(9)]
    racers += [r.later(r.withdraws(), r.dice.choice((0.02, 0.5))) for _ in range(2)]
    racers += [r.later(r.time_passes() if expires else r.withdraws(), 0.2)]
    await race(racers)


async def one_alone(r: Round) -> None:
    """One person at every door many times, and outsiders: that is no two."""
    copy = await r.copy_for("UP01")
    racers = [r.later(r.presses("UP01", card)) for card in (r.card, copy) for _ in range(9)]
    racers += [r.later(r.taps(p, r.card)) for p in u(*OUTSIDERS)]
    racers += [r.later(r.claims_it(f"k{n}")) for n in range(11)]
    before = len(r.story.workspace.ephemerals("UP01"))
    await race(racers)
    await r.story.workspace.wait_for(  # else the next round would hear them
        lambda: len(r.story.workspace.ephemerals("UP01")) == before + 18, timeout=20
    )
    assert (await r.story.status(r.id))["status"] == "pending", "one person is not two"


async def start_or_stop(r: Round, *, one_first: bool = False) -> None:
    """Approved already: workers take it while others stop it, and late votes come in.

    With `one_first` one has stopped it before the race begins.
    """
    for person in u(*MEMBERS[:5]):  # two decide, three learn that they can still stop it
        await r.taps(person, r.card)
    stops = [(p, await r.stop_modal_for(p)) for p in u(*MEMBERS[2:5])]
    if one_first:
        await r.sends(*stops.pop())
    racers = [r.later(r.taps(p, r.card)) for p in u(*MEMBERS[5:18])]
    racers += [r.later(r.sends(p, window), 0.1) for p, window in stops]
    racers += [r.later(r.claims_it(f"k{n}"), 0.1) for n in range(11)]
    racers += [r.later(r.claims_it("k0"), 0.1) for _ in range(2 + one_first)]
    racers += [r.later(r.withdraws()) for _ in range(3)]
    await race(racers)


#: The rounds take turns; in every second of five the deadline comes (`racing.expires`).
KINDS = (everything, partial(everything, expires=True), everything, one_alone, start_or_stop)


async def run(story: Story, slack_clock: MovedClock, numbers: range) -> tuple[Counter[str], int]:
    """The rounds of these numbers; how they ended, and how many clicks were answered."""
    ends: Counter[str] = Counter()
    clicks, ahead = 0, len(racing.CHANNELS)
    first = numbers[:ahead]
    questions = {n: await asked(story, n) for n in first if not racing.expires(n)}
    for n in numbers:
        made = questions.pop(n, None) or await asked(story, n)
        r = await begun(story, n, made)
        if not racing.expires(n + ahead):
            questions[n + ahead] = await asked(story, n + ahead)  # its card is there by then
        await KINDS[n % len(KINDS)](r)
        slack_clock.move(seconds=r.passed_s)
        ends[await r.check()] += 1
        clicks += len(r.heard)
    return ends, clicks


@pytest.fixture
def slack_clock() -> MovedClock:
    """Slack's time of day: it does not jump while a click is under way."""
    return MovedClock()


@pytest.fixture
async def story(
    slack_clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    """A served Andon on a real file beside a workspace with the crowd."""
    monkeypatch.setattr("tests.journeys.conftest.policy_of_tests", racing.policy)
    monkeypatch.setattr(f"{SlackSide.__module__}.PEOPLE_S", 0.5)
    be_patient(monkeypatch)
    made = racing.workspace(slack_clock)
    async with serve(made) as running:
        made.api_url = running.api_url  # type: ignore[attr-defined]
        async with telling(made, tmp_path, "http", MovedClock()) as told:
            yield told


#: Rounds in one workspace, which reads all that it showed anew at each click.
IN_ONE = rounds(short=25, full=100)


@pytest.mark.parametrize("part", range(rounds(short=4, full=10)))
async def test_thirty_two_at_once_leave_one_end_and_one_claim(
    part: int,
    story: Story,
    slack_clock: MovedClock,
    figure: Figure,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every click has one answer, whatever else happens at that moment."""
    ends, clicks = await run(story, slack_clock, range(IN_ONE * part, IN_ONE * (part + 1)))
    said = capfd.readouterr()
    assert "database is locked" not in said.out + said.err
    how = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    figure("races", f"{IN_ONE} rounds of {racing.RACERS}: {how}; {clicks:,} clicks answered once")


# -- the races can tell ----------------------------------------------------------------------------


#: What says where in its chain an escalation is.
PLACE = ("seq", "head", "version", "updated_at")


def commands_of_a_batch_do_not_see_one_another(m: pytest.MonkeyPatch) -> None:
    """Each is decided on what was stored before the batch, as by two writers. Its records follow on
    all the same, so that no key of the file says what the races have to.
    """
    real = Batch.fold

    def blind(self: Batch, pending: Pending, now: datetime) -> None:
        stored = self.__dict__.setdefault("stored", dict(self.escalations))
        id_ = pending.command.escalation_id
        latest, before = self.escalations.get(id_), stored.get(id_)
        if latest is not None and before is not None:
            place = {name: getattr(latest, name) for name in PLACE}
            self.escalations[id_] = replace(before, **place)
        seen = self.escalations.get(id_)
        real(self, pending, now)
        if latest is not None and self.escalations[id_] is seen:  # nothing came of it
            self.escalations[id_] = latest

    m.setattr(Batch, "fold", blind)


def losers_are_told_of_somebody(m: pytest.MonkeyPatch) -> None:
    """Nobody learns who decided."""
    m.setattr("bot.slack.drawing.late._who", lambda values: "Somebody")


@dataclass(frozen=True)
class Bug:
    """How it is planted, the kind of race that meets it, and the words it is found by."""

    plant: Callable[[pytest.MonkeyPatch], None]
    kind: Callable[[Round], Awaitable[None]]
    found: str


BUGS = {
    "double_claim": Bug(
        PLANTED["double_claim"].plant, start_or_stop, "more than one claim|a server error"
    ),
    "clicks_count_not_persons": Bug(
        PLANTED["clicks_count_not_persons"].plant, one_alone, "counts twice|one person is not two"
    ),
    "stopped_and_released": Bug(
        PLANTED["stopped_and_released"].plant,
        partial(start_or_stop, one_first=True),
        "stopped and taken",
    ),
    "one_writer_left_out": Bug(
        commands_of_a_batch_do_not_see_one_another, one_alone, "somebody's vote counts twice"
    ),
    "losers_are_told_of_somebody": Bug(
        losers_are_told_of_somebody, start_or_stop, "decided, but: Not recorded"
    ),
}

#: Seconds that pass between two rounds: what Slack allows in a minute is there again.
APART_S = 60.0


async def some(
    story: Story, slack_clock: MovedClock, kind: Callable[[Round], Awaitable[None]]
) -> None:
    """Ten rounds of one kind."""
    for n in range(0, 50, 5):
        r = await begun(story, n, await asked(story, n))
        await kind(r)
        await r.check()
        for clock in (story.clock, slack_clock):
            clock.move(seconds=APART_S)


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_in_a_race_is_found(
    bug: str,
    story: Story,
    slack_clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    """With one rule taken out, ten rounds of its kind find what it breaks."""
    planted = BUGS[bug]
    planted.plant(monkeypatch)
    with pytest.raises(AssertionError, match=planted.found) as caught:
        await some(story, slack_clock, planted.kind)
    figure("planted: races", f"{bug} found: {str(caught.value).splitlines()[0]:.80}")
