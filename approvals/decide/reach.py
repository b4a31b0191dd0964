"""Whom a stage of the chain reaches, by which way and why; and whom it misses.

::

    target -> people, each with the reason -> away? the substitute -> may Slack ring? else a route

A notice is `{"to", "why", "via"}`: via `slack`, a `route:NAME`, or `channel` for a mention in the
thread there; with `card` where the first card is posted. Nobody is reached twice in one stage.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from approvals.codec import instant
from approvals.escalation import Escalation, Json, Requester
from approvals.facts import Facts
from approvals.hours import current_people
from approvals.people import People, Person
from approvals.snapshot import Plan
from approvals.standing_in import substitute_of
from approvals.words import Effect

#: Why somebody is missed whom Slack may not ring just now, or who is away and stood in by nobody.
PAUSED, AWAY = "notifications paused", "away"

#: Why a way failed that will work again by itself.
SLACK_AWAY = "slack_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What became of a stage's targets."""

    notices: tuple[Mapping[str, Json], ...] = ()
    missed: tuple[Mapping[str, Json], ...] = ()
    found_nobody: bool = False  #: it names people or pages, and reaches none of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question people are called for: who may not be, and what was tried."""

    plan: Plan
    requester: Requester | None = None
    ways: frozenset[str] = frozenset()  #: used before
    failed: Mapping[str, str] = field(default_factory=dict)  #: way -> why
    done: frozenset[str] = frozenset()  #: people who have decided for their part

    @classmethod
    def in_(cls, escalation: Escalation) -> "Asked":
        """As the escalation stands."""
        passing = {PAUSED, AWAY} | ({SLACK_AWAY} if escalation.delivered_at else set())
        releases = {o.key for o in escalation.options if o.effect is Effect.RELEASE}
        return cls(
            plan=escalation.plan,
            requester=escalation.requester,
            ways=frozenset(escalation.chain.ways),
            failed={m.to: m.why for m in escalation.missed if m.why not in passing},
            done=frozenset(
                v.person for v in escalation.votes if v.void is None and v.option in releases
            ),
        )


def reach(asked: Asked, targets: Iterable[str], facts: Facts, now: datetime) -> Reach:
    """Resolve targets, each person once, in the order they are named.

    The facts hold the absences of this moment alone.
    """
    stage = _Stage(asked, facts, now)
    for target in dict.fromkeys(targets):
        stage.add(target)
    return stage.reached()


def own_route(asked: Asked, person: Person) -> str | None:
    """The person's next way outside Slack that was neither used nor refused."""
    used = asked.ways | set(asked.failed)
    return next((way for r in person.routes if (way := f"route:{r}") not in used), None)


class _Stage:
    """One stage while it is resolved."""

    def __init__(self, asked: Asked, facts: Facts, now: datetime) -> None:
        self._asked, self._plan = asked, asked.plan
        self._facts, self._people, self._now = facts, facts.people, now
        self._asker = _askers(asked.requester, self._people)
        self._groups = [need.group for need in asked.plan.requirements]
        self._places: list[Mapping[str, Json]] = []
        self._whys: dict[str, list[str]] = {}  #: person -> reasons, in order
        self._away: list[str] = []  #: nobody stands in for them
        self._names_people = False
        self._names_channel = False
        self._told: list[Mapping[str, Json]] = []

    def add(self, target: str) -> None:
        """One target of the stage."""
        kind, _, name = target.partition(":")
        if kind == "channel":
            self._channel(name)
        elif kind == "route":
            self._names_people = True
            self._places.append({"to": target, "why": "a page of this step", "via": target})
        elif kind == "requester":
            self._told += _requester(self._asked.requester)
        else:
            self._names_people = True
            for person, why, group in self._meant(kind, name):
                self._call(person, why, group)

    def reached(self) -> Reach:
        """The notices, in order, and those who are missed."""
        called = [self._way(person, "; ".join(whys)) for person, whys in self._whys.items()]
        missed = [m for m in called if "via" not in m]
        missed += [{"to": f"person:{p}", "why": AWAY} for p in dict.fromkeys(self._away)]
        rung = [n for n in called if "via" in n]
        rang = rung or [n for n in self._places if n["via"] != "slack"]
        mentions = () if self._names_people else tuple(self._mentions())
        return Reach(
            notices=(*self._places, *rung, *self._told, *mentions),
            missed=tuple(missed),
            found_nobody=self._names_people and not rang,
        )

    def _channel(self, name: str) -> None:
        """The card's own channel, or another one."""
        self._names_channel = self._names_channel or not name
        place = name or self._plan.channel
        if place:
            to = f"channel:{place}"
            notice = {"to": to, "why": "the channel of the policy", "via": "slack"}
            first = to not in self._asked.ways
            self._places.append({**notice, "card": True} if first else notice)

    def _mentions(self) -> Iterator[Mapping[str, Json]]:
        """A stage that names the card's channel alone calls people there, after the first."""
        again = f"channel:{self._plan.channel}" in self._asked.ways
        for person, why, _ in self._deciders() if again and self._names_channel else ():
            if person not in self._people.absences:
                yield {"to": f"person:{person}", "why": why, "via": "channel"}

    def _meant(self, kind: str, name: str) -> Iterator[tuple[str, str, str | None]]:
        """People a target means, each with the reason and the group they are to decide for."""
        match kind:
            case "approvers":
                yield from self._deciders()
            case "current":
                yield from self._on_call()
            case "group":
                yield from ((p, f"in {name}", None) for p in self._members(name))
            case "owners":
                yield from ((p, "owner of the service", None) for p in self._plan.owners)
            case _:
                yield name, "named by the policy", None

    def _deciders(self) -> Iterator[tuple[str, str, str]]:
        for group in self._groups:
            yield from ((p, f"may decide ({group})", group) for p in self._members(group))

    def _on_call(self) -> Iterator[tuple[str, str, str]]:
        # The next one's turn comes early where it is that of the one who asks.
        plan = self._plan
        if not self._asker.issubset(plan.excluded):
            plan = replace(plan, excluded=(*plan.excluded, *self._asker))
        for group in self._groups:
            turn = current_people(plan, group, self._people, self._now)
            why = f"on call ({group})" if group in self._plan.rotations else f"may decide ({group})"
            yield from ((p, why, group) for p in self._members(group) if p in turn)

    def _members(self, group: str) -> Iterator[str]:
        """Who is in the group and may be rung for a decision."""
        left_out = {*self._plan.quiet, *self._plan.excluded, *self._asked.done}
        for member in sorted(self._people.groups.get(group, ())):
            known = self._people.persons.get(member)
            if member not in left_out and known is not None and known.active:
                yield member

    def _call(self, person: str, why: str, group: str | None) -> None:
        """Call somebody, or whoever stands in; never the one who asks."""
        if person in self._asker:
            return
        found, said = person, why
        if person in self._people.absences:
            instead = self._instead(person, group)
            if instead is None:
                self._away.append(person)
                return
            found, said = instead, f"stands in for {self._people.persons[person].name}: {why}"
        whys = self._whys.setdefault(found, [])
        if said not in whys:
            whys.append(said)

    def _instead(self, person: str, group: str | None) -> str | None:
        """Who is there in the person's stead, and may act as they would; None where nobody is."""
        found = substitute_of(person, self._people)
        no_use = {*self._asker, *self._plan.excluded, *self._asked.done}
        if found is None or found in no_use:
            return None
        member = any(found in self._people.groups.get(g, ()) for g in self._groups)
        closed = group is not None and group not in self._plan.substitutes and not member
        return None if closed else found

    def _way(self, person: str, why: str) -> Mapping[str, Json]:
        """How the person is reached; without `via` where they are missed."""
        to, known = f"person:{person}", self._people.persons.get(person)
        if known is None or not known.active:
            return {"to": to, "why": "is not active"}
        refused = self._asked.failed.get(to) or ("" if known.accounts else "no account")
        paused = known.paused_until is not None and known.paused_until > self._now
        new = {} if refused or to in self._asked.ways else {"card": True}
        if not refused and not paused:
            return {"to": to, "why": why, "via": "slack", **new}
        held = refused or PAUSED
        routes = (f"route:{r}" for r in known.routes)
        route = next((r for r in routes if r not in self._asked.failed), None)
        if route is not None:
            return {"to": to, "why": f"{why}; {held}", "via": route, **new}
        return {"to": to, "why": held, **new}


def _askers(requester: Requester | None, people: People) -> frozenset[str]:
    if requester is None:
        return frozenset()
    meant = {p.id for p in people.meant_by(requester)}
    return frozenset(meant | ({requester.person} if requester.person else set()))


def _requester(asked: Requester | None) -> Iterator[Mapping[str, Json]]:
    if asked is not None and (asked.person or asked.slack):
        to = f"person:{asked.person}" if asked.person else f"account:{asked.slack}"
        yield {"to": to, "why": "asked for it", "via": "slack"}


def until(moment: datetime | None) -> str | None:
    """The moment as a body holds it."""
    return instant(moment) if moment else None
