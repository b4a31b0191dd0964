"""A year of escalations at a company in Berlin: injected time, everything random, but seeded.

Turns on call, holidays with substitutes, phones paused at night, ways that fail, servers that are
down for minutes or for a week-end. Days off and clocks that change are reckoned hour by hour from
the time of Berlin, and who was called, when, by `calls`: the core is asked for neither.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from approvals import commands
from approvals.canonical import operation_digest
from approvals.codec import dump_text, load_text
from approvals.commands import Actor
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.people import Absence, People
from approvals.policy.load import parse_policy
from approvals.step import step
from approvals.words import Kind, Severity
from tests.approvals.calls import Calls, Scenery, Terms
from tests.approvals.invariants import must

POLICY = """
zone = "Europe/Berlin"
fallback = "ravi"

[people]
ana = { name = "Ana", accounts = ["UANA"], routes = ["ana-sms", "ana-call"] }
ben = { name = "Ben", accounts = ["UBEN"], routes = ["ben-sms"] }
cem = { name = "Cem", accounts = ["UCEM"] }
dee = { name = "Dee", accounts = ["UDEE"] }
eva = { name = "Eva", accounts = ["UEVA"], routes = ["eva-sms"] }
fay = { name = "Fay", accounts = ["UFAY"] }
ravi = { name = "Ravi", accounts = ["URAVI"] }

[owners]
svc = ["eva"]

[groups]
ops = { members = ["ana", "ben", "cem", "dee", "fay"], quiet = ["dee"], substitutes = true, \
  rotation = { start = "2026-01-05T09:00", days = 7 } }
sec = { members = ["cem", "eva", "ravi"] }

[channels]
ops = { id = "C0OPS" }

[routes]
pager = { address = "json://localhost" }
ana-sms = { address = "json://localhost/a" }
ana-call = { address = "json://localhost/b" }
ben-sms = { address = "json://localhost/c" }
eva-sms = { address = "json://localhost/d" }

[hours]

[severities.medium]
hours = true

[severities.high]
steps = [
  { to = ["channel", "current"], repeat = 1, every_s = 400 },
  { to = ["approvers", "route:pager"], after_s = 900, repeat = 2, every_s = 450 },
  { to = ["group:sec"], after_s = 1200 },
  { to = ["owners", "fallback"], after_s = 1200, repeat = 1, every_s = 600 },
]

[[rules]]
name = "one"
match = { category = ["deployment", "other"] }
channel = "ops"
requirements = [{ group = "ops", needed = 1 }]

[[rules]]
name = "two"
match = { category = "architecture" }
channel = "ops"
requirements = [{ group = "ops", needed = 1 }, { group = "sec", needed = 1 }]
"""

WRITTEN = parse_policy(POLICY)
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24 * 380
END = BEGIN + timedelta(hours=HOURS)
PEOPLE = ("ana", "ben", "cem", "dee", "eva", "fay", "ravi")
OPS, SEC = ("ana", "ben", "cem", "dee", "fay"), ("cem", "eva", "ravi")
ROUTES = {"ana": 2, "ben": 1, "eva": 1}

#: The week-ends on which clocks change; and how many questions come at each sort of bad moment.
CHANGES = (datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC))
NEAR = 0.15


def _is_open(hour: int) -> bool:
    there = (BEGIN + timedelta(hours=hour)).astimezone(BERLIN)
    return there.weekday() < 5 and 9 <= there.hour < 18


#: Open hours before each hour of the year: Berlin is whole hours from UTC all the year round.
OPEN_BEFORE = (0, *accumulate(map(_is_open, range(HOURS))))


def open_until(at: datetime) -> float:
    """Open seconds from the year's beginning until then."""
    hour, rest = divmod((at - BEGIN).total_seconds(), 3600)
    return OPEN_BEFORE[int(hour)] * 3600 + (rest if _is_open(int(hour)) else 0)


def later(start: datetime, seconds: float) -> datetime:
    """When so many open seconds have passed; the next opening for none."""
    if not seconds:
        hour = int((start - BEGIN).total_seconds() // 3600)
        while not _is_open(hour):
            hour += 1
        return max(start, BEGIN + timedelta(hours=hour))
    wanted = open_until(start) + seconds
    hour = bisect_left(OPEN_BEFORE, wanted / 3600) - 1  # the last hour before it is reached
    return BEGIN + timedelta(hours=hour, seconds=wanted - OPEN_BEFORE[hour] * 3600)


def open_between(start: datetime, end: datetime) -> float:
    """Open seconds between the two."""
    return open_until(end) - open_until(start)


def on_call(at: datetime, out: set[str]) -> str:
    """Whose week it is, by the clock on the wall; the next one's where that is the asker's."""
    there = at.astimezone(BERLIN).replace(tzinfo=None)
    turn = (there - datetime(2026, 1, 5, 9)) // timedelta(days=7)  # noqa: DTZ001
    turns = [OPS[(max(0, turn) + n) % len(OPS)] for n in range(len(OPS))]
    return next(person for person in turns if person not in out)


@dataclass
class Asked:
    """One escalation and what is reckoned of it."""

    seen: Escalation  #: what the server holds of it in memory
    books: Calls
    records: list[Any]


@dataclass(order=True)
class Moment:
    """Something that happens then."""

    at: datetime
    n: int
    do: Callable[[datetime], None] = field(compare=False)


class Year:
    """Everything of one year; `run` raises InvariantError for the first thing that is wrong."""

    def __init__(self, seed: int, escalations: int) -> None:
        self.dice = Random(seed)
        self.count = escalations
        self.asked: dict[str, Asked] = {}
        self._coming: list[Moment] = []
        self._n = 0
        self._listed = WRITTEN.file_people(BEGIN)
        self.absences = list(self._holidays())
        self.outages = sorted(self._downtimes())
        self.stats: dict[str, int] = {}

    # -- what is random ----------------------------------------------------------------------------

    def _holidays(self) -> Iterator[Absence]:
        """About six each; substitutes are drawn, rings included."""
        for person in PEOPLE:
            at = BEGIN
            while at < BEGIN + timedelta(days=370):
                at += timedelta(hours=self.dice.randrange(24 * 10, 24 * 90))
                until = at + timedelta(hours=self.dice.randrange(4, 24 * 14))
                substitute = self.dice.choice([p for p in PEOPLE if p != person])
                yield Absence(person=person, substitute=substitute, since=at, until=until)
                at = until

    def _downtimes(self) -> Iterator[tuple[datetime, datetime]]:
        """Two hundred, apart; most short, some a week-end long."""
        at = BEGIN
        while at < BEGIN + timedelta(days=360):
            at += timedelta(seconds=self.dice.randrange(4 * 86_400))
            longest = self.dice.choice((60, 600, 3600, 3600, 7200, 7200, 40_000, 180_000))
            until = at + timedelta(seconds=self.dice.randrange(1, longest))
            yield at, until
            at = until

    def _when_asked(self) -> datetime:
        """Any time; often around changed clocks, before an outage, or when a week on call ends."""
        dice, sort = self.dice, self.dice.random()
        if sort < NEAR:
            return dice.choice(CHANGES) + timedelta(seconds=dice.randrange(3 * 86_400))
        if sort < 2 * NEAR:
            return dice.choice(self.outages)[0] - timedelta(seconds=dice.randrange(3600))
        if sort < 3 * NEAR:
            monday = datetime(2026, 1, 5, 8, tzinfo=UTC) + dice.randrange(51) * timedelta(days=7)
            return monday + timedelta(seconds=dice.randrange(-7200, 3600))
        return BEGIN + timedelta(seconds=dice.randrange(365 * 86_400))

    def people(self, now: datetime) -> People:
        """Who is where: on holiday, or asleep with the phone paused from ten until seven."""
        local = now.astimezone(BERLIN).hour
        paused = now + timedelta(hours=1) if local >= 22 or local < 7 else None
        persons = {p.id: replace(p, paused_until=paused) for p in self._listed.persons.values()}
        away = {a.person: a for a in self.absences if a.since <= now < a.until}
        return replace(self._listed, persons=persons, absences=away, as_of=now)

    # -- the run -----------------------------------------------------------------------------------

    def run(self) -> None:
        """The whole year, moment by moment."""
        for _ in range(self.count):
            self._at(self._when_asked(), self._open)
        for _, until in self.outages:
            self._at(until, self._restart)
        while self._coming:
            moment = heapq.heappop(self._coming)
            moment.do(moment.at)
        for asked in self.asked.values():
            must(not asked.books.next_due or asked.books.terms.incident, "C2: left over")

    def _at(self, when: datetime, do: Callable[[datetime], None]) -> None:
        """Then, or when the server is up again."""
        last = bisect_right(self.outages, (when, END)) - 1
        if last >= 0 and when < self.outages[last][1]:
            when = self.outages[last][1]
        self._n += 1
        heapq.heappush(self._coming, Moment(when, self._n, do))

    def _restart(self, now: datetime) -> None:
        """Nothing in memory survives: the rows are read again."""
        for asked in self.asked.values():
            if asked.seen.due_at is not None:
                asked.seen = load_text(dump_text(asked.seen))

    def _open(self, now: datetime) -> None:
        kind = "incident" if self.dice.random() < 0.12 else "approval"
        category = self.dice.choice(("deployment", "other", "architecture"))
        request: dict[str, Any] = {
            "kind": kind,
            "category": category,
            "title": "a question",
            "environment": "production",
            "severity": self.dice.choice(("medium", "high", "critical")),
            "requested_by": {"id": self.dice.choice(("ana", "fay", "ravi"))},
            "operation": {"name": "run", "target": "t", "arguments": {"argv": ["run"]}},
            "options": [
                {"key": "go", "label": "Go", "effect": "release"},
                {"key": "no", "label": "Stop", "effect": "abort"},
            ],
        }
        if kind == "incident":
            request |= {"options": [], "operation": None}
        e = f"esc_{len(self.asked):05}"
        command = commands.Open(
            id=f"cmd_{e}",
            escalation_id=e,
            group_id=f"grp_{e}",
            service="svc",
            idempotency_key=e,
            body_hash=e,
            digest=operation_digest(request["operation"], request["options"]),
            request={k: v for k, v in request.items() if v is not None},
        )
        self._drive(e, command, now)
        self._plan_acts(e, now)

    def _plan_acts(self, e: str, now: datetime) -> None:
        """What people and ways will do about it."""
        made = self._of(e)
        whole = max(60.0, (made.deadline_at - now).total_seconds())
        for act in (
            self._look,
            self._acknowledge,
            self._vote,
            self._extend,
            self._fail,
            self._come,
        ):
            for _ in range(2):
                if self.dice.random() < 0.25:
                    seconds = int(self.dice.random() ** 2 * whole)
                    self._at(now + timedelta(seconds=seconds), partial_of(act, e))
        if made.kind is Kind.INCIDENT:
            self._at(
                now + timedelta(minutes=self.dice.randrange(20, 400)), partial_of(self._end, e)
            )
        elif self.dice.random() < 0.5:
            seconds = int(self.dice.random() * whole)
            self._at(now + timedelta(seconds=seconds), partial_of(self._end, e))

    # -- acts --------------------------------------------------------------------------------------

    def _send(self, verb: type[commands.Command], e: str, now: datetime, **given: Any) -> None:
        self._n += 1
        self._drive(e, verb(id=f"cmd_{self._n}", escalation_id=e, **given), now)

    def _anybody(self) -> Actor:
        return Actor(account=f"U{self.dice.choice(PEOPLE).upper()}")

    def _look(self, e: str, now: datetime) -> None:
        self._send(commands.Look, e, now, actor=self._anybody())

    def _acknowledge(self, e: str, now: datetime) -> None:
        self._send(commands.Acknowledge, e, now, actor=self._anybody())

    def _extend(self, e: str, now: datetime) -> None:
        self._send(commands.Extend, e, now, actor=self._anybody())

    def _vote(self, e: str, now: datetime) -> None:
        digest, given = self._of(e).digest, {"rationale": "fine", "typed": "t", "read_whole": True}
        actor = self._anybody()
        self._send(commands.Vote, e, now, actor=actor, option="go", shown=0, digest=digest, **given)

    def _fail(self, e: str, now: datetime) -> None:
        """One way failed, or all there are."""
        ways = self._of(e).chain.ways
        for way in ways if self.dice.random() < 0.6 else ways[:1]:
            why = self.dice.choice(("slack_away", "channel_not_found"))
            self._send(commands.Miss, e, now, to=way, why=why)

    def _come(self, e: str, now: datetime) -> None:
        self._send(commands.Arrived, e, now)

    def _end(self, e: str, now: datetime) -> None:
        self._send(commands.Withdraw, e, now, service="svc")

    def _tick(self, e: str, now: datetime) -> None:
        due = self.asked[e].books.next_due
        if due is not None and due[0] <= now:
            self._send(commands.Tick, e, now)

    # -- one command -------------------------------------------------------------------------------

    def _of(self, e: str) -> Escalation:
        return self.asked[e].seen

    def _drive(self, e: str, command: commands.Command, now: datetime) -> None:
        people = self.people(now)
        before = self._of(e) if e in self.asked else None
        done = step(State(escalation=before), command, Facts(people=people, policy=WRITTEN), now)
        after = done.escalation
        assert after is not None, done.refusal
        if before is None:
            terms = terms_of(after)
            self.asked[e] = Asked(after, Calls(created=after.created_at, terms=terms), [])
        asked = self.asked[e]
        scenery = self._scenery(after, people, now) if done.records else None
        for record in done.records:
            self.stats[record.kind] = self.stats.get(record.kind, 0) + 1
            asked.books.feed(record, scenery)
        asked.records += done.records
        asked.seen = after
        self._next(e, after, now)

    def _next(self, e: str, after: Escalation, now: datetime) -> None:
        """The clock comes by exactly when something is due, by the reckoning of the books."""
        books = self.asked[e].books
        due = books.next_due
        must(due is None or now < due[0], due[1] if due else "")
        if books.over:
            return
        must(after.due_at == (due[0] if due else None), f"C8: due at {after.due_at}, not {due}")
        if due is not None:
            self._at(due[0], partial_of(self._tick, e))

    def _scenery(self, e: Escalation, people: People, at: datetime) -> Scenery:
        asker = e.requester.person if e.requester else None
        groups = [r.group for r in e.plan.requirements]
        rung = tuple(p for p in OPS if p not in (asker, "dee"))
        sec = tuple(p for p in SEC if p != asker)
        deciders = (*rung, *(sec if "sec" in groups else ()))
        turn = on_call(at, {asker or "", "dee"})
        current = (turn, *(sec if "sec" in groups else ()))
        everybody = (*OPS, *SEC) if "sec" in groups else OPS
        return Scenery(
            asker=asker,
            may=PEOPLE
            if e.kind is Kind.INCIDENT
            else tuple({*everybody, *self._stands_in(people)}),
            meant={
                "approvers": deciders,
                "current": tuple(p for p in current if p != "dee"),
                "group:sec": sec,
                "owners": ("eva",),
                "person:ravi": ("ravi",),
            },
            away={p: a.substitute for p, a in people.absences.items()},
            paused=frozenset(p.id for p in people.persons.values() if p.paused_until),
        )

    def _stands_in(self, people: People) -> set[str]:
        return {a.substitute for p, a in people.absences.items() if p in OPS}


def partial_of(act: Callable[[str, datetime], None], e: str) -> Callable[[datetime], None]:
    """The act on this escalation, whenever it is."""
    return lambda now: act(e, now)


def terms_of(e: Escalation) -> Terms:
    """What the books go by: stages and seconds as planned; hours and days of their own."""
    plan = e.plan
    must((plan.hours is not None) == (e.severity is Severity.MEDIUM), "C2: other hours")
    clocks: dict[str, Any] = {"later": later, "span": open_between} if plan.hours else {}
    return Terms(
        steps=plan.steps,
        decide_s=plan.decide_within_s,
        respond_s=plan.respond_within_s,
        acknowledge_s=plan.acknowledge_for_s,
        extend_s=plan.extend_by_s,
        undelivered_s=plan.undelivered_max_s,
        quiet=frozenset({"dee"}),
        incident=e.kind is Kind.INCIDENT,
        **clocks,
    )
