"""The state machine with the chain: people away, paused and unreachable, clocks dead for hours."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, rule

from approvals import commands
from approvals.commands import Actor
from approvals.decide import State
from approvals.events import OPENED
from approvals.facts import Facts
from approvals.people import Absence, People
from approvals.step import Step
from tests.approvals.calls import PLAN, Calls, Scenery
from tests.approvals.invariants import must
from tests.approvals.machine import Machine, accounts, askers, categories
from tests.approvals.scene import Planning
from tests.approvals.world import World

people = st.sampled_from(("ana", "ben", "cem"))
WAYS = ("channel:C0DBA", "person:ana", "person:ben", "person:cem", "person:dee", "person:req")
ROUTES = ("route:pager", "route:ana-sms", "route:ben-sms")
ways = st.sampled_from((*WAYS, *ROUTES))


class CallingWorld(World):
    """A world whose plans have a chain; it keeps books of who was called."""

    def __init__(self) -> None:
        super().__init__()
        self.away: dict[str, Absence] = {}
        self.paused: set[str] = set()
        self.calls: dict[str, Calls] = {}
        self.askers: dict[str, str | None] = {}

    def people(self) -> People:
        """As last looked up; some away, some with their notifications paused."""
        found = super().people()
        persons = {
            p.id: replace(
                p,
                paused_until=self.now + timedelta(hours=9) if p.id in self.paused else None,
                routes=(f"{p.id}-sms",) if p.id in ("ana", "ben") else (),
            )
            for p in found.persons.values()
        }
        return replace(found, persons=persons, absences=self.away)

    def facts(self) -> Facts:
        """What commands may rely on; every plan has the chain."""
        return Planning(people=self.people(), policy=self.policy, more=PLAN)

    def _step(self, state: State, command: commands.Command) -> Step:
        done = super()._step(state, command)
        after = done.escalation
        if after is None:
            return done
        if done.records and done.records[0].kind == OPENED:
            self.calls[after.id] = Calls(created=after.created_at)
            asked = after.requester
            self.askers[after.id] = asked.person if asked else None
        books = self.calls[after.id]
        for record in done.records:
            books.feed(record, self._scenery(done, record.at))
        if self.looked_up_at is not None:
            books.check(max(self.now, after.updated_at or self.now))
            if not books.over:
                must(after.due_at == (books.next_due or (None,))[0], "C8: due at another moment")
        return done

    def _scenery(self, done: Step, at: Any) -> Scenery:
        e = done.escalation
        assert e is not None
        groups = {r.group for r in e.plan.requirements}
        there = {p for g in ("dba", "sec") for p in self.policy.groups[g].members}
        can = {p for p in there if p not in e.plan.excluded}
        inside = tuple(p for p in can if any(self.may(p, g) for g in groups))
        meant = {
            "approvers": tuple(p for p in inside if p != "dee"),
            "group:sec": tuple(p for p in can if self.may(p, "sec") and p != "dee"),
            "owners": ("cem", "req"),
        }
        return Scenery(
            asker=self.askers[e.id],
            may=inside,
            meant=meant,
            away={p: a.substitute for p, a in self.away.items() if a.covers(at)},
            paused=frozenset(self.paused),
        )


class CallingMachine(Machine):
    """Everything the other machine does, and the chain."""

    ids = Bundle("ids")
    world: CallingWorld

    def a_world(self) -> World:
        """Where it all happens."""
        return CallingWorld()

    def fresh(self, category: str, **given: Any) -> str:
        """With everybody there and to be reached."""
        self.world.away = {}
        self.world.paused = set()
        return super().fresh(category, **given)

    def wait(self, e: str, *seconds: int) -> None:
        """The clock comes by after so long, each time."""
        for each in seconds:
            self.world.now += timedelta(seconds=each)
            self.tick(e)

    # -- roaming ----------------------------------------------------------------------------------

    @rule(e=ids, account=accounts, foreign=st.sampled_from((False, False, True)))
    def acknowledge(self, e: str, account: str, foreign: bool) -> None:
        """Somebody says that they are looking."""
        self.send(commands.Acknowledge, e, actor=Actor(account=account, foreign=foreign))

    @rule(e=ids, account=accounts)
    def extend(self, e: str, account: str) -> None:
        """Somebody gives it more time."""
        self.send(commands.Extend, e, actor=Actor(account=account))

    @rule(e=ids, way=ways)
    def miss(self, e: str, way: str) -> None:
        """A way failed."""
        self.send(commands.Miss, e, to=way, why="channel_not_found")

    @rule(e=ids)
    def arrive(self, e: str) -> None:
        """A message was taken, late."""
        self.send(commands.Arrived, e)

    @rule(person=people, substitute=people, hours=st.sampled_from((0, 1, 9)))
    def go_away(self, person: str, substitute: str, hours: int) -> None:
        """Somebody is away for so long, or back."""
        now = self.world.now
        until = now + timedelta(hours=hours)
        self.world.away = {k: v for k, v in self.world.away.items() if k != person}
        if hours:
            self.world.away[person] = Absence(
                person=person, substitute=substitute, since=now, until=until
            )

    @rule(person=people)
    def pause(self, person: str) -> None:
        """Somebody pauses their notifications, or no longer does."""
        self.world.paused ^= {person}

    # -- stories ----------------------------------------------------------------------------------

    @rule(category=categories, requester=askers)
    def nobody_looks(self, category: str, requester: str | None) -> None:
        """The whole chain with a clock that is late now and then."""
        e = self.fresh(category, requester=requester)
        self.wait(e, 599, 1, 1, 299, 300, 300, 300, 1, 499, 1, 1400, 2200, 1400)

    @rule(category=categories, seconds=st.sampled_from((900, 1800, 1801, 5000, 6500)))
    def the_clock_is_dead(self, category: str, seconds: int) -> None:
        """For longer than a stage takes."""
        e = self.fresh(category)
        self.wait(e, seconds, 1, 599)

    @rule(category=categories, person=people, substitute=people)
    def somebody_is_away(self, category: str, person: str, substitute: str) -> None:
        """When the second stage is due."""
        e = self.fresh(category)
        self.go_away(person, substitute, 9)
        self.wait(e, 600)

    @rule(category=categories, first=people, second=people)
    def two_are_paused(self, category: str, first: str, second: str) -> None:
        """When it is asked."""
        self.fresh(category)
        for person in {first, second}:
            self.pause(person)
        e = self.world.open(category, key=self.world.new_id("key"), body="at night")
        self.wait(e, 600)

    @rule(category=categories, seconds=st.sampled_from((399, 400, 1500)))
    def somebody_looks_and_leaves(self, category: str, seconds: int) -> None:
        """Perhaps just before the second stage."""
        e = self.fresh(category)
        self.wait(e, 500)
        self.acknowledge(e, "UBEN", foreign=False)
        self.wait(e, 200, seconds - 200, 1)

    @rule(category=categories)
    def outsiders_look(self, category: str) -> None:
        """Who asked, and who may not decide."""
        e = self.fresh(category)
        for account in ("UREQ", "UDEE", "USTRANGER"):
            self.acknowledge(e, account, foreign=False)

    @rule(category=categories, account=accounts)
    def somebody_looks_on(self, category: str, account: str) -> None:
        """And others do too."""
        e = self.fresh(category)
        self.acknowledge(e, "UBEN", foreign=False)
        self.wait(e, 300)
        self.look(e, "UBEN")
        self.acknowledge(e, account, foreign=False)
        self.wait(e, 399, 1)

    @rule(category=categories, arrives=st.booleans())
    def nothing_arrives(self, category: str, arrives: bool) -> None:
        """No way works, until the deadline or for good."""
        e = self.fresh(category)
        for _ in range(3):
            for way in (*WAYS, *ROUTES):
                self.miss(e, way)
        self.wait(e, 7199, 1)
        if arrives:
            self.arrive(e)
        self.wait(e, 3599, 1, 3600)

    @rule(category=categories, seconds=st.sampled_from((30, 61, 5000)))
    def something_arrives_late(self, category: str, seconds: int) -> None:
        """And once more."""
        e = self.fresh(category)
        for way in WAYS:
            self.miss(e, way)
        self.wait(e, seconds)
        self.arrive(e)
        self.arrive(e)
        self.wait(e, 3600, 3600)

    @rule(category=categories, seconds=st.sampled_from((1, 5000, 7199)))
    def more_time_is_given(self, category: str, seconds: int) -> None:
        """Twice, if it could be."""
        e = self.fresh(category)
        self.wait(e, seconds)
        self.extend(e, "UBEN")
        self.extend(e, "UANA")
        self.wait(e, 901, 7000, 1100)

    @rule(account=st.sampled_from(("UANA", "UBEN")))
    def one_of_two_agrees(self, account: str) -> None:
        """And the chain goes on for the other."""
        e = self.fresh("other")
        self.vote(e, account, "go")
        self.wait(e, 600, 3000, 2200)
