"""The invariants of the chain, reckoned from the records and from who was where, with arithmetic of
its own: the core is never asked when something is due or whom it concerns.

C1 nobody is called after the end · C2 each stage in its time, none left out · C3 nothing twice ·
C4 the right people, once each · C5 whoever looks holds the chain, and not for ever · C6 deadlines
move only as they may · C7 reminders in their time, once · C8 the core waits for that very moment
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from approvals import events
from approvals.events import Record
from approvals.snapshot import Step
from tests.approvals.invariants import must

STEPS = (
    Step(to=("channel", "approvers")),
    Step(to=("approvers", "route:pager"), after_s=600, repeat=2, every_s=300),
    Step(to=("owners", "group:sec"), after_s=1200),
)

PLAN: dict[str, Any] = {
    "steps": STEPS,
    "channel": "C0DBA",
    "quiet": ("dee",),
    "owners": ("cem", "req"),
    "decide_within_s": 7200,
    "respond_within_s": 500,
    "acknowledge_for_s": 400,
    "extend_by_s": 1800,
    "undelivered_max_s": 3600,
}

HALF, FOUR_FIFTHS = "half", "four-fifths"

#: What holds the chain for longer, by whoever said "I am looking".
_WORK = {events.LOOKED, events.VOTE_CAST, events.VOTE_REASONED, events.EXTENDED}


def plainly(start: datetime, seconds: float) -> datetime:
    """All time counts."""
    return start + timedelta(seconds=seconds)


def between(start: datetime, end: datetime) -> float:
    """All seconds between the two."""
    return (end - start).total_seconds()


@dataclass(frozen=True)
class Terms:
    """What was asked for: stages and clocks."""

    steps: tuple[Step, ...] = STEPS
    decide_s: int = 7200
    respond_s: int = 500
    acknowledge_s: int = 400
    extend_s: int = 1800
    undelivered_s: int = 3600
    quiet: frozenset[str] = frozenset({"dee"})
    incident: bool = False
    later: Callable[[datetime, float], datetime] = plainly
    span: Callable[[datetime, datetime], float] = between


@dataclass(frozen=True)
class Scenery:
    """Who is where when a record is made."""

    asker: str | None  #: the person known to have asked
    may: tuple[str, ...]  #: who may decide
    meant: Mapping[str, tuple[str, ...]]  #: by target, without quiet people
    away: Mapping[str, str]  #: person -> substitute
    paused: frozenset[str]


def _instead(person: str, away: Mapping[str, str]) -> str:
    """Who stands in at last, three times removed at most."""
    for _ in range(3):
        person = away.get(person, person)
    return person


@dataclass
class Calls:
    """What was said of one escalation, and what must be said next."""

    created: datetime
    terms: Terms = field(default_factory=Terms)
    stage: int = 1
    said: int = 1
    pushed: datetime | None = None  #: the next stage is due since then, whatever its moment
    over: bool = False
    in_vain: bool = False  #: the chain is at its end
    holder: str | None = None
    held_until: datetime | None = None
    extended: bool = False
    held_once: bool = False
    delivered: bool = False
    looked: bool = False
    ways: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    reminded: list[str] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)  #: who has voted for a release

    def __post_init__(self) -> None:
        self.reached = self.counted = self.last = self.created
        self.steps, self.later = self.terms.steps, self.terms.later
        self.deadline = self.later(self.created, self.terms.decide_s)
        self.latest = self.deadline + timedelta(seconds=self.terms.undelivered_s)

    # -- each record ------------------------------------------------------------------------------

    def feed(self, record: Record, now: Scenery) -> None:
        """One more record, in order."""
        told: dict[str, Callable[[Record, Scenery], None]] = {
            events.OPENED: self._opened,
            events.CHAIN_STEPPED: self._stepped,
            events.CHAIN_ENDED: self._ended,
            events.LET_GO: self._let_go,
            events.ACKNOWLEDGED: self._acknowledged,
            events.EXTENDED: self._extended,
            events.DEADLINE_HELD: self._held,
            events.ARRIVED: self._arrived,
            events.MISSED: self._missed,
            events.REMINDED: self._reminded,
            events.DECIDED: self._decided,
        }
        if record.kind in told:
            told[record.kind](record, now)
        if record.kind in (events.LOOKED, events.VOTE_CAST, events.ACKNOWLEDGED):
            self.looked = True
        self._count(record)
        if record.kind in _WORK and self.holder and record.by == f"person:{self.holder}":
            self.held_until = self._held_from(record.at)

    def _held_from(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self.terms.acknowledge_s)

    def _count(self, record: Record) -> None:
        if record.kind == events.VOTE_CAST:
            self.agreed.discard(record.body["person"])
            self.agreed |= {record.body["person"]} if record.body["option"] != "no" else set()
        if record.kind == events.VOTE_VOIDED:
            self.agreed.discard(record.body["person"])

    def _opened(self, record: Record, now: Scenery) -> None:
        self._called(record, now, (1,))

    def _stepped(self, record: Record, now: Scenery) -> None:
        at, stage, said = record.at, record.body["step"], record.body["said"]
        must(not self.over, "C1: called after the end")
        must(self.holder is None, "C5: called while somebody was looking")
        must((stage, said) > (self.stage, self.said), "C3: said twice")
        must(stage <= len(self.steps), "C2: a stage that there is not")
        if stage == self.stage:
            step = self.steps[stage - 1]
            moment = self.over_again if self.in_vain else self._again(step)
            must(at >= moment or self.pushed is not None, "C2: said again early")
            must(said <= step.repeat + 1 or self.in_vain, "C3: said once too often")
            self._called(record, now, (stage,))
        else:
            due = self._due(at)
            must(bool(due) and due[-1] == stage, f"C2: stage {stage} of {due}")
            self.reached = at
            self._called(record, now, due)
        self.stage, self.said, self.last = stage, said, at

    def _due(self, at: datetime) -> tuple[int, ...]:
        """The stages whose moment has come by then."""
        moment, found = self.reached, []
        for n in range(self.stage + 1, len(self.steps) + 1):
            moment = self.later(moment, self.steps[n - 1].after_s)
            if n == self.stage + 1 and self.pushed is not None:
                moment = self.pushed
            if moment > at:
                break
            found.append(n)
        return tuple(found)

    def _called(self, record: Record, now: Scenery, stages: Sequence[int]) -> None:
        body = record.body
        self._check_names(body, now)
        called = {n["to"] for n in (*body["notices"], *body["missed"])}
        stood_in = {p for p in now.away if f"person:{_instead(p, now.away)}" in called}
        for target in {target for n in stages for target in self.steps[n - 1].to}:
            for person in self._meant(target, now):
                there = f"person:{person}" in called or person in stood_in
                must(there, f"C4: somebody was left out: {person} of {target}")
            must(target != "route:pager" or "route:pager" in called, "C4: nobody was paged")
        self._note(body)
        rang = any(n["to"].startswith("person:") or n["via"] != "slack" for n in body["notices"])
        more = max(stages) < len(self.steps) and not self.in_vain
        self.pushed = record.at if not rang and more else None

    def _meant(self, target: str, now: Scenery) -> tuple[str, ...]:
        to_decide = target != "owners" and not target.startswith("person:")
        left_out = {now.asker, *(self.agreed if to_decide else ())}
        return tuple(p for p in now.meant.get(target, ()) if p not in left_out)

    def _check_names(self, body: Mapping[str, Any], now: Scenery) -> None:
        people = [n for n in body["notices"] if n["to"].startswith("person:")]
        must(len({n["to"] for n in people}) == len(people), "C4: somebody was called twice")
        for notice in people:
            person = notice["to"].removeprefix("person:")
            must(person != now.asker, "C4: the one who asks was called")
            must(person not in now.away, "C4: somebody away was called")
            owner = "owner" in notice["why"] or "named" in notice["why"]
            quiet = person in self.terms.quiet and "stands in" not in notice["why"]
            must(owner or not quiet, "C4: somebody quiet was called")
            rang = notice["via"] == "slack"
            must(not rang or person not in now.paused, "C4: a paused phone was to ring")
            must(owner or person not in self.agreed, "C4: somebody who agreed was called")
            must(bool(notice["why"]), "C4: no reason given")

    def _note(self, body: Mapping[str, Any]) -> None:
        for notice in body.get("notices") or ():
            self.ways |= {notice["to"], *({notice["via"]} - {"slack"})}
        for entry in body.get("missed") or ():
            self.missed.add(entry["to"])
            if entry.get("card"):
                self.ways.add(entry["to"])

    def _ended(self, record: Record, now: Scenery) -> None:
        must(not self.in_vain, "C3: in vain twice")
        must(self.stage == len(self.steps), "C2: at its end before its last stage")
        must(record.at >= self._end or self.pushed is not None, "C2: at its end early")
        must(self.holder is None, "C5: in vain while somebody was looking")
        self._check_names(record.body, now)
        self._note(record.body)
        self.in_vain, self.pushed, self.last = True, None, record.at

    def _acknowledged(self, record: Record, now: Scenery) -> None:
        person = record.body["person"]
        must(not self.over, "C1: looking after the end")
        must(self.holder in (None, person), "C5: two are looking")
        must(person in now.may, "C5: somebody who may not decide looks")
        incident = self.terms.incident
        must(incident or person != now.asker, "C5: the one who asks looks")
        self.holder, self.held_until = person, self._held_from(record.at)

    def _let_go(self, record: Record, now: Scenery) -> None:
        must(self.held_until is not None and record.at >= self.held_until, "C5: let go early")
        goes_on = not self.in_vain or self.terms.incident
        self.pushed = self.later(self.held_until, 0) if goes_on and self.held_until else None
        self.holder, self.held_until = None, None

    def _extended(self, record: Record, now: Scenery) -> None:
        must(not self.over, "C1: extended after the end")
        must(not self.extended, "C6: extended twice")
        self.extended = True
        self._move(self.later(self.deadline, self.terms.extend_s), record)

    def _held(self, record: Record, now: Scenery) -> None:
        must(not self.held_once, "C6: held twice")
        must(self._is_unheard(), "C6: held though somebody was reached")
        self.held_once = True
        self._move(self.latest, record)
        self.reminded = [HALF, FOUR_FIFTHS]  # nobody could be reminded

    def _arrived(self, record: Record, now: Scenery) -> None:
        must(not self.delivered, "C3: arrived twice")
        self.delivered = True
        late = between(self.reached if self.stage == 1 else self.created, record.at) > 60
        to = min(self.later(record.at, self.terms.decide_s), self.latest)
        to = max(to, self.deadline) if self.extended else to
        moves = late and to != self.deadline and not self.terms.incident
        must(bool(record.body.get("to")) == moves, "C6: moved by an arrival that was not late")
        if moves:
            self._move(to, record)

    def _move(self, to: datetime, record: Record) -> None:
        said = datetime.fromisoformat(record.body["to"])
        must(said == to, f"C6: moved to {said}, not {to}")
        self.deadline, self.reminded, self.counted = to, [], record.at

    def _missed(self, record: Record, now: Scenery) -> None:
        must(record.body["to"] not in self.missed, "C3: missed twice")
        self.missed.add(record.body["to"])
        self._note({"notices": record.body.get("notices")})
        if self._is_unheard() and self.holder is None and not self.in_vain:
            self.pushed = record.at

    def _is_unheard(self) -> bool:
        return not self.delivered and not self.looked and self.missed >= self.ways

    def _reminded(self, record: Record, now: Scenery) -> None:
        which = record.body["which"]
        must(not self.over, "C1: reminded after the end")
        must(not set(which) & set(self.reminded), "C7: reminded twice of one")
        for one in which:
            must(record.at >= self._moment(one), "C7: reminded early")
        self._check_names(record.body, now)
        self._note(record.body)
        self.reminded += which

    def _moment(self, which: str) -> datetime:
        whole = self.terms.span(self.counted, self.deadline)
        return self.later(self.counted, whole * (5 if which == HALF else 8) // 10)

    def _decided(self, record: Record, now: Scenery) -> None:
        if record.by == "clock":
            must(not self.terms.incident, "C6: an incident expired")
            must(record.at >= self.deadline, "C6: expired early")
            held = self._is_unheard() and self.deadline < self.latest and record.at < self.latest
            must(not held, "C6: expired though nobody could be reached")
        self.over = True

    # -- after each command -----------------------------------------------------------------------

    def check(self, now: datetime) -> None:
        """What must have been said by now has been; people were looked up once."""
        due = self.next_due
        if due is not None and now >= due[0]:
            must(False, due[1])

    @property
    def next_due(self) -> tuple[datetime, str] | None:
        """The next thing that time brings about, and what is wrong where it did not."""
        return None if self.over else min(self._dues, default=None)

    @property
    def _dues(self) -> list[tuple[datetime, str]]:
        found = []
        if not self.terms.incident:
            found.append((self.deadline, "C6: nothing happened at the deadline"))
            left = [w for w in (HALF, FOUR_FIFTHS) if w not in self.reminded]
            found += [(self._moment(left[0]), "C7: a reminder was left out")] if left else []
        if self.held_until is not None:
            return [*found, (self.held_until, "C5: never let go")]
        return [*found, *self._of_the_chain]

    @property
    def _of_the_chain(self) -> list[tuple[datetime, str]]:
        if self.pushed is not None:
            return [(self.pushed, "C2: a stage was left out")]
        if self.in_vain:
            again = self.terms.incident
            return [(self.over_again, "C2: an incident was forgotten")] if again else []
        step, last = self.steps[self.stage - 1], self.stage == len(self.steps)
        found = []
        if not last:
            next_stage = self.later(self.reached, self.steps[self.stage].after_s)
            found.append((next_stage, "C2: a stage was left out"))
        if self.said <= step.repeat:
            found.append((self._again(step), "C2: a repeat was left out"))
        elif last:
            found.append((self._end, "C2: in vain, and nobody knows"))
        return found

    @property
    def over_again(self) -> datetime:
        """When an incident is told again after a chain in vain."""
        return self.later(self.last, self.terms.respond_s)

    @property
    def _end(self) -> datetime:
        step = self.steps[-1]
        whole = step.repeat * step.every_s + (step.every_s or self.terms.respond_s)
        return self.later(self.reached, whole)

    def _again(self, step: Step) -> datetime:
        return self.later(self.reached, step.every_s * self.said)
