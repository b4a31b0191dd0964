"""Escalations on their way, made by hand: who looks, what was asked, how the time stands.

What the core does to come here is the core's tests' business; these are what a card has to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from approvals.codec import instant
from approvals.escalation import (
    Acknowledgement,
    Alike,
    Chain,
    Decision,
    Escalation,
    Extension,
    Look,
    Missed,
    Override,
    Question,
    Resolution,
)
from approvals.snapshot import Requirement, Step
from approvals.words import DecidedBy, Effect, Kind, OperationState, Severity, Status
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import MIGRATION, TRANSFER, Story, later, people

_KNOWN = people()
PEOPLE = replace(
    _KNOWN,
    persons={
        **_KNOWN.persons,
        "ines": replace(_KNOWN.persons["ines"], paused_until=later(570)),
    },
    groups={**_KNOWN.groups, "directors": frozenset({"mia", "tom"})},
)

STEPS = (
    Step(to=("channel", "approvers")),
    Step(to=("approvers", "route:pager"), after_s=900, repeat=1, every_s=900),
    Step(to=("owners", "fallback"), after_s=900),
)

ASKED = Question(id="qst_1", by="ravi", text="Is the downgrade tested?", at=later(11))
ANSWERED = replace(
    ASKED,
    answer="Twice, on a copy of last night.",
    answered_by="service:search-api",
    answered_at=later(14),
)


def chained(body: dict[str, Any] = MIGRATION, **changes: Any) -> Escalation:
    """Waiting, with a chain, owners, more time to be had and a glass to break."""
    e = Story(body).escalation
    plan = replace(
        e.plan,
        steps=STEPS,
        owners=("dana",),
        extend_by_s=1800,
        break_glass=Requirement(group="directors", needed=2),
    )
    return replace(e, plan=plan, chain=Chain(taken=1, said=1, reached_at=later(0)), **changes)


def awaited() -> Escalation:
    """Nobody has answered yet."""
    return chained()


def looking() -> Escalation:
    """Ravi is looking."""
    holds = Acknowledgement(person="ravi", at=later(11), until=later(26))
    return chained(acknowledged=holds, looks=(Look(person="ravi", at=later(11)),))


def asked() -> Escalation:
    """Ravi wants to know something."""
    return chained(questions=(ASKED,))


def answered() -> Escalation:
    """And was told."""
    return chained(questions=(ANSWERED,), shown=1)


def asked_often() -> Escalation:
    """Five questions, the last one open."""
    every = [replace(ANSWERED, id=f"qst_{n}", text=f"And number {n}?") for n in range(4)]
    return chained(questions=(*every, ASKED), shown=4)


def extended() -> Escalation:
    """Ravi gave it more time."""
    more = Extension(by="ravi", at=later(50), was=later(60))
    return chained(extended=more, deadline_at=later(90))


def came_late() -> Escalation:
    """Slack was away for twenty minutes."""
    return chained(delivered_at=later(20), deadline_at=later(80))


def unattended() -> Escalation:
    """Nobody has answered and nobody is left to call."""
    ended = Chain(taken=3, said=1, reached_at=later(30), ended_at=later(45))
    missed = Missed(to="route:pager", why="connection refused", at=later(16))
    return replace(chained(missed=(missed,)), chain=ended)


def override_asked() -> Escalation:
    """Mia broke the first half of the glass."""
    return chained(overrides=(_override("mia", 12, "Orders stand still; Ravi is on a plane."),))


def _override(who: str, minutes: float, reason: str) -> Override:
    return Override(person=who, option="migrate", reason=reason, at=later(minutes))


def overrides_differ() -> Escalation:
    """Tom wants the other option: that does not add up."""
    other = replace(_override("tom", 14, "Quicker."), option="recreate")
    return chained(overrides=(*override_asked().overrides, other))


def again() -> Escalation:
    """The third of its sort."""
    return chained(alike=Alike(nth=3, since=later(-20)))


def overridden() -> Escalation:
    """Tom broke the second."""
    decision = Decision(
        option="migrate",
        effect=Effect.RELEASE,
        by=DecidedBy.BREAK_GLASS,
        at=later(15),
        people=("mia", "tom"),
        head="sha256:91be07c2",
    )
    overrides = (*override_asked().overrides, _override("tom", 15, "Seen and agreed."))
    return replace(
        chained(overrides=overrides),
        status=Status.APPROVED,
        decision=decision,
        claim_until=later(30),
    )


def overridden_and_done() -> Escalation:
    """It was taken and worked."""
    done = ends.succeeded().escalation
    return replace(
        overridden(), claim=done.claim, outcome=done.outcome, state=OperationState.SUCCEEDED
    )


def expired_unheard() -> Escalation:
    """Ines's notifications were paused; nobody opened it."""
    missed = Missed(to="person:ines", why="notifications paused", at=later(0))
    return replace(ends.expired().escalation, missed=(missed,), looks=())


def incident(**changes: Any) -> Escalation:
    """Something is broken; nothing is held."""
    e = Story(TRANSFER).escalation
    plan = replace(
        e.plan,
        rule="outages",
        requirements=(Requirement(group="platform-oncall", needed=1),),
        members={"platform-oncall": ("priya", "sam")},
        excluded=(),
        channel="C0OPERATIONS",
        steps=STEPS,
        respond_within_s=300,
    )
    base = replace(
        e,
        kind=Kind.INCIDENT,
        service="shop",
        category="service_outage",
        title="Checkout fails for one in ten",
        severity=Severity.CRITICAL,
        operation=None,
        options=(),
        requester=None,
        plan=plan,
        chain=Chain(taken=1, said=1, reached_at=later(0)),
        context={
            "user_impact": "One in ten carts cannot be paid since 22:24.",
            "error": {"type": "CardError", "message": "issuer timeout"},
            "affected_services": ["checkout", "payments"],
            "attempts": [
                {"at": instant(later(-3)), "action": "restart checkout-2", "error": "no change"}
            ],
            "runbook": "https://runbooks.example/checkout",
        },
    )
    return replace(base, **changes)


def incident_looked_at() -> Escalation:
    """Sam is looking, and asked something."""
    holds = Acknowledgement(person="sam", at=later(3), until=later(18))
    question = replace(ASKED, by="sam", text="Since which deploy?", at=later(5))
    return incident(
        acknowledged=holds,
        questions=(question,),
        looks=(Look(person="sam", at=later(3)),),
        occurrences=14,
    )


def resolved() -> Escalation:
    """Sam found it."""
    told = Resolution(
        by="person:sam",
        at=later(28),
        root_cause="The issuer's certificate had ended; the pool kept the old one.",
        by_hand="Restarted all four checkout pods.",
        automatable=True,
    )
    return replace(incident_looked_at(), status=Status.RESOLVED, resolution=told)


def resolved_by_service() -> Escalation:
    """The service closed it itself, and says why."""
    told = Resolution(by="service:shop", at=later(8), root_cause="Pool was exhausted")
    return incident(status=Status.RESOLVED, resolution=told)


def recovered() -> Escalation:
    """It went away."""
    decision = Decision(
        option=None,
        effect=Effect.ABORT,
        by=DecidedBy.REQUESTER,
        at=later(6),
        reason="error rate is back to 0.1 %",
    )
    return incident(status=Status.WITHDRAWN, decision=decision, state=OperationState.ABORTED)


PENDING: Mapping[str, Callable[[], Escalation]] = {
    "awaited": awaited,
    "looking": looking,
    "asked": asked,
    "answered": answered,
    "asked_often": asked_often,
    "extended": extended,
    "came_late": came_late,
    "unattended": unattended,
    "override_asked": override_asked,
    "overrides_differ": overrides_differ,
    "again": again,
    "incident": incident,
    "incident_looked_at": incident_looked_at,
}

OVER: Mapping[str, tuple[Callable[[], Escalation], str]] = {
    "overridden": (overridden, "OVERRIDDEN"),
    "overridden_and_done": (overridden_and_done, "OVERRIDDEN"),
    "expired_unheard": (expired_unheard, "EXPIRED"),
    "resolved": (resolved, "RESOLVED"),
    "resolved_by_service": (resolved_by_service, "RESOLVED"),
    "recovered": (recovered, "RECOVERED"),
}
