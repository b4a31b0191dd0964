"""Walks: anything that can end an escalation, and everything people write afterwards, at random."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from approvals import commands
from approvals.commands import Actor
from approvals.memory.values import IssueState
from approvals.words import Result
from tests.approvals.invariants import InvariantError
from tests.approvals.invariants_memory import check_learned
from tests.approvals.world import ACCOUNTS, CATEGORIES, World

#: Steps after the end, and walks that are tried to find a bug.
STEPS, MANY = 8, 120


class Walk:
    """One escalation, driven to some end and beyond."""

    def __init__(self, seed: int) -> None:
        self.random, self.world, self.id = Random(seed), World(), ""

    def go(self) -> None:
        """All of it. Raises InvariantError where something does not hold."""
        kind = self.random.choice(("approval", "approval", "approval", "incident"))
        severity = self.random.choice((None, "high", "critical"))
        if kind == "incident":
            self.id = self.world.help("3 down", key="k", severity=severity)
        else:
            self.id = self.world.open(
                self.random.choice(CATEGORIES), key="k", body="b", severity=severity
            )
        ends = _INCIDENT if kind == "incident" else _APPROVAL
        self.random.choice(ends)(self)
        for _ in range(STEPS):
            self.random.choice(_AFTER)(self)

    def send(self, verb: type[commands.Command], **given: Any) -> None:
        """One command, and what must hold afterwards."""
        world, before = self.world, self.world.escalations[self.id]
        command = verb(id=world.new_id("cmd"), escalation_id=self.id, **given)
        at = world._moment(command, before)
        done = world.send(command)
        check_learned(done, before, world.books[self.id], at)

    def pass_(self, **given: float) -> None:
        """Time passes, and people are looked up."""
        self.world.now += timedelta(**given)
        self.world.look_up()

    def anybody(self) -> Actor:
        """Whoever clicks."""
        foreign = self.random.random() < 0.1
        return Actor(account=self.random.choice(ACCOUNTS), foreign=foreign)

    # -- ends -------------------------------------------------------------------------------------

    def vote(self, account: str, option: str, why: str = "it is fine") -> None:
        """One click, with everything a modal would ask for."""
        e = self.world.escalations[self.id]
        self.send(
            commands.Vote,
            actor=Actor(account=account),
            option=option,
            shown=e.shown,
            digest=e.digest,
            rationale=why,
            typed="thing",
            read_whole=True,
        )

    def agreed(self) -> None:
        """Everybody who may agrees, a minute apart."""
        for account in ("UANA", "UBEN", "UCEM"):
            self.vote(account, "go")
            self.pass_(minutes=1)

    def taken(self) -> None:
        """And the service takes it."""
        self.agreed()
        self.claim()

    def claim(self) -> None:
        """The service takes the release."""
        digest = self.world.escalations[self.id].digest
        given = {"service": "svc", "key": "c", "digest": digest, "nonce": "n", "grant_id": "gnt_1"}
        self.send(commands.Claim, **given)

    def reported(self) -> None:
        """Something came of it."""
        self.taken()
        self.report()

    def report(self) -> None:
        """The service says what."""
        result = self.random.choice(tuple(Result))
        self.send(commands.Report, service="svc", result=result)

    def stopped(self) -> None:
        """Before it started."""
        self.agreed()
        self.send(commands.Stop, actor=Actor(account="UANA"))

    def aborted(self) -> None:
        """Perhaps to do it by hand."""
        self.vote("UANA", "no", self.random.choice(("not now", "I do it by hand")))

    def expired(self) -> None:
        """Nobody decided."""
        self.world.now = self.world.escalations[self.id].deadline_at
        self.tick()

    def withdrawn(self) -> None:
        """The service takes it back."""
        self.send(commands.Withdraw, service="svc", actor=None)

    def overridden(self) -> None:
        """By two; and perhaps it is taken."""
        digest = self.world.escalations[self.id].digest
        for account in ("UCEM", "UDEE"):
            actor = Actor(account=account)
            self.send(
                commands.BreakGlass, actor=actor, option="go", digest=digest, reason="shop is down"
            )
        if self.random.random() < 0.5:
            self.claim()

    def resolved(self) -> None:
        """By a person or by the service."""
        person = Actor(account="UANA") if self.random.random() < 0.5 else None
        service = None if person else "svc"
        self.send(commands.Resolve, root_cause="a full disk", actor=person, service=service)

    # -- afterwards -------------------------------------------------------------------------------

    def tick(self) -> None:
        """The clock comes by."""
        self.send(commands.Tick)

    def time_passes(self) -> None:
        """Minutes or days, with a clock that is sometimes dead for long."""
        self.pass_(days=self.random.choice((0.02, 0.5, 1, 1.5, 4, 30)))
        self.tick()

    def daily(self) -> None:
        """A fortnight with a clock that is never late."""
        for _ in range(14):
            self.pass_(days=1)
            self.tick()

    def somebody_leaves(self) -> None:
        """And votes are rechecked."""
        self.world.left ^= {self.random.choice((("dba", "ana"), ("dba", "ben"), ("sec", "cem")))}
        self.world.look_up()
        self.send(commands.RecheckPeople)

    def write_issue(self) -> None:
        """By anybody, for anybody."""
        state = self.random.choice(tuple(IssueState))
        owner = self.random.choice((None, *ACCOUNTS))
        self.send(commands.WriteIssue, actor=self.anybody(), state=state, owner=owner)

    def write_review(self) -> None:
        """By anybody, sometimes with nothing in it."""
        cause = self.random.choice(("", "a lock", "a lock"))
        self.send(
            commands.WriteReview, actor=self.anybody(), root_cause=cause, resolved_by="waited"
        )

    def hand_review(self) -> None:
        """By anybody, to anybody."""
        owner = self.random.choice(ACCOUNTS)
        self.send(commands.HandReview, actor=self.anybody(), owner=owner)


_APPROVAL: tuple[Callable[[Walk], None], ...] = (
    Walk.reported,
    Walk.reported,
    Walk.taken,
    Walk.agreed,
    Walk.stopped,
    Walk.aborted,
    Walk.expired,
    Walk.withdrawn,
    Walk.overridden,
)
_INCIDENT: tuple[Callable[[Walk], None], ...] = (Walk.resolved, Walk.withdrawn, Walk.tick)
_AFTER: tuple[Callable[[Walk], None], ...] = (
    *(Walk.time_passes, Walk.daily, Walk.report, Walk.somebody_leaves),
    *(Walk.write_issue, Walk.write_review, Walk.hand_review),
)


def found(seeds: range = range(MANY)) -> str | None:
    """What breaks first on walks with these seeds; None where all holds."""
    for seed in seeds:
        try:
            Walk(seed).go()
        except InvariantError as error:
            return str(error)
    return None
