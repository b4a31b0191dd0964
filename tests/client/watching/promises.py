"""What an error-rate monitor promises, whatever the traffic: found by chance, checked by name."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from andon.watching.alarms import Alarm, Cleared
from andon.watching.rates import ErrorRateMonitor
from andon.watching.rising import Rule

from tests.building import START, Clock
from tests.client.watching.plain import Plain
from tests.client.watching.traffic import STEP_S, poisson, telling

#: A day of half an hour, so that days pass quickly, and little weight on what is expected.
SHORT = Rule(day_s=1800, weight=200, doubt_s=900)


@dataclass(frozen=True)
class Phase:
    """So many steps of ten seconds with so many requests each; or none at all, in a gap."""

    steps: int
    each: float
    fail: float = 0.0
    gap: bool = False


@dataclass(frozen=True)
class Story:
    """Healthy traffic, perhaps a gap, an incident, perhaps a lull, and healthy traffic again."""

    usual: float
    before: Phase
    gap: Phase
    incident: Phase
    lull: Phase
    after: Phase
    set_back_at: int | None  #: the clock is set back by an hour at that step
    seed: int

    def steps(self) -> Iterator[tuple[int, int, int]]:
        """Number, requests and errors of each step with traffic."""
        chance = random.Random(self.seed)
        step = 0
        for phase in (self.before, self.gap, self.incident, self.lull, self.after):
            for _ in range(0 if phase.gap else phase.steps):
                bad = poisson(chance, phase.each * phase.fail)
                yield step, bad + poisson(chance, phase.each * (1 - phase.fail)), bad
                step += 1
            step += phase.steps if phase.gap else 0

    @property
    def begins(self) -> int:
        """The step in which the incident begins."""
        return self.before.steps + self.gap.steps

    @property
    def is_plain_to_see(self) -> bool:
        """Whether the incident is one that has to be told within five minutes."""
        much = self.incident.fail >= min(14 * self.usual, 0.7)
        return much and self.incident.each * self.incident.fail >= 5 and self.incident.steps >= 60


def story(seed: int) -> Story:
    """Any story."""
    chance = random.Random(seed)
    usual = chance.choice((0.001, 0.01, 0.01, 0.08, 0.3))
    each = chance.choice((0.5, 5, 20, 100, 400))
    gap = chance.choice((0, 0, 0, 5, 31, 250))
    fail = chance.choice((3 * usual, 8 * usual, 15 * usual, 40 * usual, 1.0, 1.0))
    return Story(
        usual=usual,
        before=Phase(chance.choice((0, 20, 60, 200)), each, usual),
        gap=Phase(gap, 0, gap=True),
        incident=Phase(chance.choice((3, 60, 90, 250)), each, min(fail, 1.0)),
        lull=Phase(chance.choice((0, 0, 0, 90)), 0, gap=True),
        after=Phase(110, each, usual),
        set_back_at=chance.choice((None, None, None, 10, 40)),
        seed=seed,
    )


#: What the rule written down plainly says is said, and nothing else.
PLAINLY = "as written down plainly"


def broken(story: Story, *, plainly: bool = True) -> set[str]:
    """The promises that are not kept in a story: none. To compare plainly takes longest."""
    heard, plain, came = _run(story, plainly=plainly)
    alarms = [t for t in heard if isinstance(t, Alarm)]
    found = set()
    if any(a.seen is None or a.seen.errors < 10 for a in alarms):
        found.add("ten errors at least")
    if any(isinstance(a, type(b)) for a, b in pairwise(heard)):
        found.add("one alarm, then its end")
    if any(not _is_counted(t, came) for t in heard):
        found.add("only what came in the window")
    found |= _in_time(story, heard)
    turns = [(isinstance(t, Alarm), _at(t)) for t in heard]
    if plainly and turns != plain.told:
        found.add(PLAINLY)
    return found


def _in_time(story: Story, heard: list[Alarm | Cleared]) -> set[str]:
    begins, ends = story.begins * STEP_S, (story.begins + story.incident.steps) * STEP_S
    found = set()
    if any(isinstance(t, Alarm) and _at(t) <= begins for t in heard):
        found.add("no false alarm")
    if story.is_plain_to_see:
        told = [_at(t) for t in heard if isinstance(t, Alarm)]
        if not told or told[0] > begins + 310:
            found.add("told in time")
        if any(isinstance(t, Cleared) and _at(t) < ends + 600 for t in heard):
            found.add("not over too early")
        if len(told) > 1:
            found.add("one page an incident")
        if told and not any(isinstance(t, Cleared) for t in heard) and story.after.each >= 100:
            found.add("over in the end")
    return found


def _at(told: Alarm | Cleared) -> int:
    """In seconds since the beginning, by a clock that may have been set back."""
    return round((told.at - START).total_seconds())


def _is_counted(told: Alarm | Cleared, came: dict[int, tuple[int, int]]) -> bool:
    seen = told.seen
    assert seen is not None
    step = _at(told) // STEP_S
    within = [came.get(s, (0, 0)) for s in range(step - int(seen.window_s) // STEP_S, step)]
    return (seen.count, seen.errors) == (sum(c for c, _ in within), sum(e for _, e in within))


def _run(
    story: Story, *, plainly: bool
) -> tuple[list[Alarm | Cleared], Plain, dict[int, tuple[int, int]]]:
    rule = replace(SHORT, expected=story.usual)
    clock, plain, came = Clock(START), Plain(rule), dict[int, tuple[int, int]]()
    monitor = ErrorRateMonitor("checkout", clock=clock, rule=rule, telling=telling())
    heard: list[Alarm | Cleared] = []
    back, at = timedelta(0), 0
    for step, count, errors in story.steps():
        if story.set_back_at is not None and step >= story.set_back_at and not back:
            back = timedelta(hours=1)
            clock.now -= back
            monitor.tick()
        clock.now = START + timedelta(seconds=step * STEP_S) - back
        heard += [_set_right(t, back) for t in monitor.record(count=count, errors=errors)]
        for judged in range(at + 1, step + 1) if plainly else ():
            plain.judge(judged)
        at = step
        plain.add(step, count, errors)
        came[step] = (count, errors)
    return heard, plain, came


def _set_right(told: Alarm | Cleared, back: timedelta) -> Alarm | Cleared:
    return replace(told, at=told.at + back)
