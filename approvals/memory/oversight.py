"""Is the oversight real? What many escalations say together, by rule, group, severity and time.

One pass: what is kept grows with rules, people and days, and by one number for each time measured;
of escalations only the newest of each count are kept by name. Verdicts name rules, never people:
what is always approved at once is the rule's fault, and people are counted for their load alone.
"""

from array import array
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from approvals.memory.observing import LOAD, Fact, Observed, Wait
from approvals.words import Severity

#: Escalations that a count keeps by name: the newest.
NAMED = 50

#: A rule is named with so many decisions by people, none of them a rejection …
FEWEST = 10

#: … and half of them made within less than this, in seconds.
AT_ONCE_S = 10.0


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """What a list says of an escalation."""

    at: datetime
    id: str
    title: str | None = field(compare=False)  #: None once it is erased


@dataclass(slots=True)
class Count:
    """How many, and which were the newest."""

    n: int = 0
    newest: list[Named] = field(default_factory=list)  #: oldest of them first

    def add(self, one: Named) -> None:
        """One more."""
        self.n += 1
        if len(self.newest) < NAMED or self.newest[0] < one:
            insort(self.newest, one)
            del self.newest[:-NAMED]

    @classmethod
    def together(cls, counts: Iterable["Count"]) -> "Count":
        """Several that count different escalations as one."""
        found = cls()
        for count in counts:
            found.n += count.n
            found.newest += count.newest
        found.newest = sorted(found.newest)[-NAMED:]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Half took at most `median` seconds, nine in ten at most `p90`; both are times that were."""

    n: int  #: how many are known
    median: float | None
    p90: float | None
    longest: float | None
    untold: int = 0  #: how many more there must be, of which nothing says when


def spread(seconds: Iterable[float], untold: int = 0) -> Spread:
    """Of these times. Of none there is no median."""
    known = sorted(seconds)
    return Spread(
        n=len(known),
        median=_at_most(known, 0.5),
        p90=_at_most(known, 0.9),
        longest=_at_most(known, 1),
        untold=untold,
    )


def _at_most(known: Sequence[float], share: float) -> float | None:
    """The least time within which that share of them was done."""
    return known[ceil(share * len(known)) - 1] if known else None


@dataclass(slots=True)
class Figures:
    """What is counted and measured for one rule, one group, one severity, or all."""

    counts: dict[Fact, Count] = field(default_factory=dict)
    times: dict[Wait, "array[float]"] = field(default_factory=dict)
    slowest: dict[Wait, tuple[float, Named]] = field(default_factory=dict)
    untold: dict[Wait, Count] = field(default_factory=dict)

    def add(self, one: Observed, name: Named) -> None:
        """Count one."""
        for fact in one.facts:
            self.counts.setdefault(fact, Count()).add(name)
        for wait, seconds in one.waits.items():
            self.times.setdefault(wait, array("d")).append(seconds)
            slowest = self.slowest.get(wait)
            if slowest is None or slowest < (seconds, name):
                self.slowest[wait] = (seconds, name)
        for wait in one.untold:
            self.untold.setdefault(wait, Count()).add(name)

    def of(self, fact: Fact) -> Count:
        """That count."""
        return self.counts.get(fact) or Count()

    def n(self, fact: Fact) -> int:
        """How many."""
        return self.of(fact).n

    def spread(self, wait: Wait) -> Spread:
        """How long that took."""
        return spread(self.times.get(wait, ()), self.without(wait).n)

    def without(self, wait: Wait) -> Count:
        """Those of which it should be known, and is not."""
        return self.untold.get(wait) or Count()

    def longest(self, wait: Wait) -> Count:
        """The one that took longest, where any is known."""
        found = self.slowest.get(wait)
        return Count(n=1, newest=[found[1]]) if found else Count()

    @property
    def rejected_share(self) -> float | None:
        """Of what people decided, how much they rejected; None where they decided nothing."""
        decided = self.n(Fact.DECIDED)
        return self.n(Fact.REJECTED) / decided if decided else None

    @property
    def is_always_approved_at_once(self) -> bool:
        """Whether people only wave it through: automate it, or fix what makes them."""
        took = self.spread(Wait.CONSIDERED)
        return (
            took.median is not None
            and took.n >= FEWEST
            and self.n(Fact.REJECTED) == 0
            and took.median < AT_ONCE_S
        )


@dataclass(slots=True)
class Load:
    """What one person had to do with it: for load alone, no verdict rests on it."""

    decided: Count = field(default_factory=Count)  #: took part in the decision
    called: Count = field(default_factory=Count)
    pages: int = 0  #: outside Slack


@dataclass(slots=True)
class Worked:
    """What reviews say of a runbook."""

    yes: int = 0
    no: Count = field(default_factory=Count)


@dataclass(slots=True)
class Oversight:
    """Everything that was asked from one moment to another, added up."""

    since: datetime
    now: datetime
    zone: str = "UTC"  #: of days and hours
    all: Figures = field(default_factory=Figures)
    rules: dict[str, Figures] = field(default_factory=dict)
    groups: dict[str, Figures] = field(default_factory=dict)
    severities: dict[Severity, Figures] = field(default_factory=dict)
    days: dict[date, Figures] = field(default_factory=dict)  #: of counts, by when it was asked
    hours: dict[tuple[int, int], Count] = field(default_factory=dict)  #: weekday from 0, hour
    people: dict[str, Load] = field(default_factory=dict)
    runbooks: dict[str, Worked] = field(default_factory=dict)

    def add(self, one: Observed) -> None:
        """Count one."""
        name = Named(at=one.at, id=one.id, title=one.title)
        local = one.at.astimezone(ZoneInfo(self.zone))
        self.all.add(one, name)
        if Fact.BY_ITSELF not in one.facts:  # no rule asked for it
            self.rules.setdefault(one.rule, Figures()).add(one, name)
            self.severities.setdefault(one.severity, Figures()).add(one, name)
        for group in dict.fromkeys(one.groups):
            self.groups.setdefault(group, Figures()).add(one, name)
        day = self.days.setdefault(local.date(), Figures())
        for fact in one.facts.intersection((Fact.ASKED, *LOAD)):
            day.counts.setdefault(fact, Count()).add(name)
        self.hours.setdefault((local.weekday(), local.hour), Count()).add(name)
        self._load(one, name)
        for runbook, worked in one.runbooks.items():
            found = self.runbooks.setdefault(runbook, Worked())
            if worked:
                found.yes += 1
            else:
                found.no.add(name)

    def _load(self, one: Observed, name: Named) -> None:
        for person in dict.fromkeys(one.deciders):
            self._person(person).decided.add(name)
        for person in dict.fromkeys(one.called):
            self._person(person).called.add(name)
        for person, n in one.pages.items():
            self._person(person).pages += n

    def _person(self, person: str) -> Load:
        return self.people.setdefault(person, Load())

    @property
    def asked_people(self) -> int:
        """How much of it was not only on record."""
        return self.all.n(Fact.ASKED) - self.all.n(Fact.BY_ITSELF)

    @property
    def automate_or_fix(self) -> tuple[tuple[str, Figures], ...]:
        """The rules whose questions are always approved at once, the most decided first."""
        found = [(r, f) for r, f in self.rules.items() if f.is_always_approved_at_once]
        return tuple(sorted(found, key=lambda one: (-one[1].n(Fact.DECIDED), one[0])))

    @property
    def failed_runbooks(self) -> Mapping[str, Worked]:
        """Those that a review says did not work, the most often first."""
        found = [(name, w) for name, w in self.runbooks.items() if w.no.n]
        return dict(sorted(found, key=lambda one: (-one[1].no.n, one[0])))
