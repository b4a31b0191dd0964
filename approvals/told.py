"""Who is told of what happened, and why: each by one message, with the reason why they get it."""

from collections.abc import Iterator, Mapping

from approvals.escalation import Escalation, Json
from approvals.work import Direct, Work

#: To whom, and why they are told.
Told = dict[str, str]

#: Why people are told who did nothing themselves.
ASKED_FOR_IT, MAY_DECIDE = "asked for it", "may decide"


def tell(
    told: Told, case: str, values: Mapping[str, Json], *, but: str | tuple[str, ...] = ()
) -> Iterator[Work]:
    """A message to each, with why they get it; not to whose doing it was."""
    left_out = (but,) if isinstance(but, str) else but
    for to, why in told.items():
        if to not in left_out:
            yield Direct(to=to, case=case, values=values, reason=why)


def looking(escalation: Escalation) -> Told:
    """Whoever said they were looking: they need not look any further."""
    holds = escalation.acknowledged
    return {f"person:{holds.person}": "is looking"} if holds else {}


def deciders(escalation: Escalation) -> Told:
    """Who made the decision; for an expiry, who was called or could have decided."""
    decision = escalation.decision
    if decision is not None and decision.people:
        return dict.fromkeys((f"person:{p}" for p in decision.people), "decided it")
    if escalation.plan.steps:
        ways = (way for way in escalation.chain.ways if way.startswith("person:"))
        return dict.fromkeys(ways, "was called")
    return dict.fromkeys((f"person:{p}" for p in escalation.plan.could_decide), MAY_DECIDE)


def requester(escalation: Escalation) -> Told:
    """On whose behalf it was asked: the policy's person, else their account; nobody unnamed."""
    asked = escalation.requester
    if asked is None:
        return {}
    if asked.person:
        return {f"person:{asked.person}": ASKED_FOR_IT}
    return {f"account:{asked.slack}": ASKED_FOR_IT} if asked.slack else {}


def everyone(escalation: Escalation) -> Told:
    """Who decided it, and who asked for it."""
    return deciders(escalation) | requester(escalation)


def concerned(escalation: Escalation) -> Told:
    """Everyone an override concerns; quiet people too."""
    plan = escalation.plan
    may_decide = dict.fromkeys((f"person:{p}" for p in plan.could_decide), MAY_DECIDE)
    owners = dict.fromkeys((f"person:{p}" for p in plan.owners), "owner of the service")
    return may_decide | owners | requester(escalation)
